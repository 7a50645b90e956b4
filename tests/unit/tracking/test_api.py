"""Refusals in words, and answers that are none of MLflow's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.api import ApiRefusedError, TrackingApi
from mlrun.tracking.connection import TimeLimits
from mlrun.tracking.credentials import Credentials
from mlrun.tracking.http import HttpClient, Persistence
from tests.stub_server import Reply, StubServer

TOKEN = Credentials("MLFLOW_TRACKING_TOKEN", None, "hush-hush", True)
ONCE = Persistence(TimeLimits(5.0, 5.0), retries=0)


def refused(reply: Reply, credentials: Credentials | None = None) -> TrackingRefusedError:
    with StubServer([reply]) as server:
        authorization = credentials.header() if credentials else None
        client = HttpClient(server.url, {}, authorization, persistence=ONCE)
        api = TrackingApi(client, credentials)
        try:
            with pytest.raises(TrackingRefusedError) as caught:
                api.get("runs/get", {"run_id": "x"})
        finally:
            api.close()
        assert server.url in caught.value.message
    shown = f"{caught.value.message} {caught.value.hint}"
    assert "hush-hush" not in shown
    return caught.value


@pytest.fixture
def api() -> Iterator[tuple[StubServer, TrackingApi]]:
    with StubServer([Reply(body={"run": 1})]) as server:
        api = TrackingApi(HttpClient(server.url, {}, persistence=ONCE), None)
        yield server, api
        api.close()


def test_names_and_queries(api: tuple[StubServer, TrackingApi]) -> None:
    server, speaking = api
    assert speaking.get("experiments/get-by-name", {"experiment_name": "a b&ü"}) == {"run": 1}
    path = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=a+b%26%C3%BC"
    assert server.received[0].path == path
    assert speaking.post("runs/create", {"name": "ü\U0001f600"}) == {"run": 1}
    assert server.received[1].json == {"name": "ü\U0001f600"}


@pytest.mark.parametrize("body", [b"", b"200 OK", b"{}"])
def test_an_empty_answer_is_a_yes(body: bytes) -> None:
    with StubServer([Reply(body=body)]) as server:
        api = TrackingApi(HttpClient(server.url, {}, persistence=ONCE), None)
        assert api.post("runs/update", {}) == {}
        api.close()


def test_401_says_what_to_set() -> None:
    error = refused(Reply(401, b"You are not authenticated."))
    assert "401" in error.message
    assert "MLFLOW_TRACKING_TOKEN" in str(error.hint)
    assert "MLFLOW_TRACKING_PASSWORD" in str(error.hint)


def test_401_names_where_the_refused_credentials_are_from() -> None:
    error = refused(Reply(401, {"message": "bad token hush-hush"}), TOKEN)
    assert "from MLFLOW_TRACKING_TOKEN" in error.message


def test_403_is_about_permission() -> None:
    assert "permit" in refused(Reply(403, b"Permission denied"), TOKEN).message


def test_a_refusal_in_mlflows_form_keeps_its_words() -> None:
    body = {"error_code": "INVALID_STATE", "message": "The run\nhush-hush is\tdeleted" + "!" * 999}
    error = refused(Reply(400, body), TOKEN)
    assert isinstance(error, ApiRefusedError)
    assert error.error_code == "INVALID_STATE"
    assert "The run *** is deleted!" in error.message
    assert len(error.message) < 700


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Sign in</html>", headers={"Content-Type": "text/html; charset=x"}),
        Reply(200, b'{"run": '),
        Reply(200, b"[1, 2]"),
        Reply(200, b"\xff\xfe"),
        Reply(200, b"[" * 100_000),
        Reply(404, b"<h1>Not Found</h1>"),
        Reply(404, {"detail": "Not Found"}),
        Reply(405, b""),
        Reply(418, b"teapot"),
        Reply(204, b""),
    ],
)
def test_what_no_mlflow_server_says(reply: Reply) -> None:
    error = refused(reply)
    assert "not as an MLflow tracking server does" in error.message
    assert "/api/2.0/mlflow/runs/get" in error.message
    assert "?" not in error.message
    assert error.hint


def test_an_unknown_endpoint_hints_at_the_version() -> None:
    error = refused(Reply(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": "x"}))
    assert "older" in str(error.hint)
