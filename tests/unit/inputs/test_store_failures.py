"""What libraries raise, and what a person reads."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import InputError
from mlrun.inputs.failures import NoServerError, PassingError
from mlrun.inputs.store_failures import store_failures
from mlrun.inputs.stores import store_of

STORE = store_of("s3")
assert STORE is not None


def named(name: str, text: str = "words", **attributes: Any) -> Exception:
    """Return an error of a library's, by its name."""
    error: Exception = type(name, (Exception,), attributes)(text)
    return error


def met(error: Exception, cause: Exception | None = None) -> InputError:
    assert STORE is not None
    with pytest.raises(InputError) as caught, store_failures("s3://b/x", STORE):
        raise error from cause
    return caught.value


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (named("NoCredentialsError"), "no login for it was found: words"),
        (PermissionError("Forbidden"), "may not be read: Forbidden"),
        (named("HttpError", code=403), "may not be read"),
        (FileNotFoundError("x"), "there is no such file or folder"),
        (named("ResourceNotFoundError", status_code=404), "there is no such file or folder"),
        (named("SSLError"), "no trusted connection"),
        (named("Odd", "first\nsecond"), "cannot be read: first"),
        (named("Odd", "x" * 1000), "cannot be read: " + "x" * 300 + "..."),
    ],
)
def test_lasting_failures(error: Exception, words: str) -> None:
    found = met(error)
    assert type(found) is InputError
    assert found.message.startswith("s3://b/x")
    assert found.message.endswith(words) or words in found.message
    assert "second" not in found.message


@pytest.mark.parametrize(
    "error",
    [
        named("HttpResponseError", status_code=503),
        named("HttpError", code=429),
        named("ReadTimeoutError"),
        TimeoutError(),
        named("ClientPayloadError"),
        ConnectionResetError(),
    ],
)
def test_passing_failures(error: Exception) -> None:
    assert isinstance(met(error), PassingError)


def test_no_server() -> None:
    assert isinstance(met(named("EndpointConnectionError")), NoServerError)


def test_what_an_error_came_from_counts() -> None:
    headers = {"HTTPStatusCode": 503, "HTTPHeaders": {"retry-after": "7"}}
    cause = named("ClientError", response={"ResponseMetadata": headers})
    found = met(OSError(5, "SlowDown"), cause)
    assert isinstance(found, PassingError)
    assert found.after == 7


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-word")
    assert "hidden-word" not in met(named("Odd", "with hidden-word in it")).message
