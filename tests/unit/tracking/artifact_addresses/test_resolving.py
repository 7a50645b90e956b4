"""Where the artifacts of a server's runs and models are, and what of it is believed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import InputError, InputUnavailableError, TrackingRefusedError
from mlrun.inputs.base import RemoteData
from mlrun.tracking.remote_artifacts import resolve_artifacts
from tests.artifact_scripts import gathered
from tests.stub_server import Reply, StubServer
from tests.unit.tracking.artifact_addresses.fake_mlflow import RUN, FakeMlflow, file, folder

BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def mlflow() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def server(mlflow: FakeMlflow) -> Iterator[StubServer]:
    with StubServer(mlflow) as started:
        yield started


def resolve(server: StubServer, path: str, **environ: str) -> Any:
    uri = path if ":" in path else f"runs:/{RUN}/{path}"
    return resolve_artifacts(uri, server.url, {"HOME": "/nonexistent", **environ})


@pytest.mark.parametrize(
    ("root", "place"),
    [
        ("s3://bucket/0/run/artifacts", "s3://bucket/0/run/artifacts/data/a.csv"),
        ("gs://bucket/x/", "gs://bucket/x/data/a.csv"),
        ("abfss://c@account.dfs.core.windows.net/x?sas=1", None),
        ("https://files.example.org/run", "https://files.example.org/run/data/a.csv"),
        ("hdfs://node:8020/x", "hdfs://node:8020/x/data/a.csv"),
    ],
)
def test_what_lies_elsewhere_is_named(
    mlflow: FakeMlflow, server: StubServer, root: str, place: str | None
) -> None:
    mlflow.artifact_uri = root
    wanted = place or "abfss://c@account.dfs.core.windows.net/x/data/a.csv?sas=1"
    assert resolve(server, "data/a.csv") == wanted
    assert resolve(server, f"runs:/{RUN}") == root


def test_a_folder_that_the_server_shares_is_taken(
    mlflow: FakeMlflow, server: StubServer, tmp_path: Path
) -> None:
    (tmp_path / "artifacts" / "data").mkdir(parents=True)
    (tmp_path / "artifacts" / "data" / "a.csv").write_text("1")
    for root in (tmp_path / "artifacts").as_uri(), str(tmp_path / "artifacts"):
        mlflow.artifact_uri = root
        assert resolve(server, "data/a.csv") == tmp_path / "artifacts" / "data" / "a.csv"
    with pytest.raises(TrackingRefusedError, match="there is nothing at runs:/") as refusal:
        resolve(server, "data/b.csv")
    assert refusal.value.hint == "did you mean a.csv? there are: a.csv"


@pytest.mark.parametrize("root", ["/etc", "file:///etc", "file:///proc/self", "./mlruns/0", "/"])
def test_no_server_names_the_systems_folders(
    mlflow: FakeMlflow, server: StubServer, root: str
) -> None:
    mlflow.artifact_uri = root
    mlflow.folders = {"?": [file("passwd", 5)]}
    mlflow.contents = {"?passwd": Reply(body=b"its's", headers=BYTES)}
    found = resolve(server, "passwd")
    assert not isinstance(found, Path)
    with found.read(found.files()[0], 0) as blocks:
        assert b"".join(blocks) == b"its's"


def test_no_server_names_what_is_hidden_in_the_home(
    mlflow: FakeMlflow, server: StubServer, tmp_path: Path
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id").write_text("secret")
    (tmp_path / "open").symlink_to(tmp_path / ".ssh")
    for root in (tmp_path / ".ssh", tmp_path / "open", tmp_path):
        mlflow.artifact_uri = str(root)
        assert not isinstance(resolve(server, "id", HOME=str(tmp_path)), Path)


def test_what_a_server_has_in_a_folder_of_its_own_is_asked_of_it(
    mlflow: FakeMlflow, server: StubServer
) -> None:
    mlflow.artifact_uri = "/srv/no/such/folder/run/artifacts"
    mlflow.folders = {"?data": [file("data/a", 1), folder("data/in")]}
    mlflow.folders["?data/in"] = [file("data/in/b c", 2)]
    mlflow.contents = {"?data/a": Reply(body=b"1"), "?data/in/b c": Reply(body=b"22")}
    expected = gathered(resolve(server, "data"))
    assert sorted(expected) == ["a", "in/b c"]
    mlflow.versions = {"1": "/srv/no/such/folder/run/artifacts/data"}
    assert gathered(resolve(server, "models:/churn/1")) == expected
    mlflow.versions = {"1": "/srv/another/folder"}
    with pytest.raises(TrackingRefusedError, match="of the server's machine"):
        resolve(server, "models:/churn/1")


def test_the_source_of_a_version_may_be_an_address(mlflow: FakeMlflow, server: StubServer) -> None:
    mlflow.folders = {"0/run/data": [file("a", 1)]}
    mlflow.contents = {"0/run/data/a": Reply(body=b"1")}
    mlflow.versions = {"1": f"runs:/{RUN}/data", "2": "models:/churn/1", "3": "models:/churn/3"}
    assert list(gathered(resolve(server, "models:/churn/1"))) == ["a"]
    found = resolve(server, "models:/churn/2/")
    assert (found.shown, found.name) == ("models:/churn/2/", "churn")
    assert list(gathered(found)) == ["a"]
    with pytest.raises(TrackingRefusedError, match="leads from one address to another"):
        resolve(server, "models:/churn/3")


def test_artifacts_may_lead_out_of_no_root(mlflow: FakeMlflow, server: StubServer) -> None:
    mlflow.artifact_uri = "mlflow-artifacts:/0/../../other"
    with pytest.raises(TrackingRefusedError, match="leads out"):
        resolve(server, "a")


def test_credentials_go_to_the_tracking_server_alone(
    mlflow: FakeMlflow, server: StubServer
) -> None:
    variables = {"MLFLOW_TRACKING_TOKEN": "s3cret-token"}
    other = FakeMlflow(folders={"0/run": [file("a", 1)]}, contents={"0/run/a": Reply(body=b"1")})
    with StubServer(other) as elsewhere:
        for root in (
            f"mlflow-artifacts://127.0.0.1:{elsewhere.port}/0/run",
            f"{elsewhere.url}/api/2.0/mlflow-artifacts/artifacts/0/run",
        ):
            mlflow.artifact_uri = root
            assert list(gathered(resolve(server, "a", **variables))) == [""]
        asked = elsewhere.received
    assert asked
    assert all("authorization" not in request.headers for request in asked)
    assert all("authorization" in request.headers for request in server.received)


def test_the_servers_own_address_gets_the_credentials(
    mlflow: FakeMlflow, server: StubServer
) -> None:
    mlflow.folders = {"0/run": [file("a", 1)]}
    mlflow.contents = {"0/run/a": Reply(body=b"1")}
    for root in (f"mlflow-artifacts://127.0.0.1:{server.port}/0/run", "mlflow-artifacts:/0/run"):
        mlflow.artifact_uri = root
        resolve(server, "a", MLFLOW_TRACKING_TOKEN="s3cret-token").files()
    assert all("authorization" in request.headers for request in server.received)


def test_a_key_holds_no_secret_and_no_credentials(server: StubServer) -> None:
    asked = server.url.replace("://", "://me:s3cret@")
    environ = {"HOME": "/nonexistent"}
    found: Any = resolve_artifacts(f"runs:/{RUN}/a", server.url, environ, asked=asked)
    assert found.key == f"{server.url} runs:/{RUN}/a"
    with pytest.raises(InputError):
        found.files()
    assert server.received[-1].headers["authorization"].startswith("Basic ")


def test_a_server_that_does_not_answer_is_one_where_another_try_may_help(
    server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = resolve(server, "a", MLRUN_TRACKING_PATIENCE="0")
    server.answer = lambda received: Reply(drop=True)  # type: ignore[method-assign]
    with pytest.raises(InputUnavailableError, match="closed the connection"):
        found.files()


def test_a_server_without_artifacts_is_not_asked_for_long(server: StubServer) -> None:
    found = resolve(server, "a")
    said = b"Endpoint: x disabled due to the mlflow server running with `--no-serve-artifacts`."
    server.answer = lambda received: Reply(503, body=said)  # type: ignore[method-assign]
    with pytest.raises(InputError, match="was started without this") as refusal:
        found.files()
    assert not isinstance(refusal.value, InputUnavailableError)


class Both:
    """A server of MLflow 3 with a logged model beside the run's own files."""

    def __init__(self, mlflow: FakeMlflow) -> None:
        self._mlflow = mlflow
        self.model_uri = "mlflow-artifacts:/0/models/m-1/artifacts"

    def __call__(self, received: Any) -> Reply:
        if received.path.endswith("/logged-models/search"):
            info = {"model_id": "m-1", "source_run_id": RUN, "artifact_uri": self.model_uri}
            other = {**info, "source_run_id": "x", "artifact_uri": "s3://wrong"}
            if not received.json.get("page_token"):
                return Reply(body={"models": [{"info": other}], "next_page_token": "more"})
            return Reply(body={"models": [{"info": {**info, "status": "LOGGED_MODEL_READY"}}]})
        return self._mlflow(received)


def test_a_logged_model_is_part_of_its_runs_artifacts() -> None:
    mlflow = FakeMlflow()
    mlflow.folders = {
        "0/run/model": [file("both", 1), file("own", 1)],
        "0/models/m-1/artifacts": [file("both", 2), file("MLmodel", 3)],
    }
    mlflow.contents = {
        "0/run/model/both": Reply(body=b"1"),
        "0/run/model/own": Reply(body=b"1"),
        "0/models/m-1/artifacts/both": Reply(body=b"22"),
        "0/models/m-1/artifacts/MLmodel": Reply(body=b"333"),
    }
    both = Both(mlflow)
    with StubServer(both) as server:
        found: RemoteData = resolve(server, "model")
        sizes = {entry.path: entry.size for entry in found.files()}
        assert sizes == {"both": 2, "own": 1, "MLmodel": 3}
        assert sorted(gathered(resolve(server, "model"))) == ["MLmodel", "both", "own"]
        assert list(gathered(resolve(server, "model/MLmodel"))) == [""]
        assert [entry.size for entry in resolve(server, "model/both").files()] == [2]
        with pytest.raises(InputError, match="there is nothing at") as refusal:
            resolve(server, "model/MLmodle").files()
        assert "did you mean MLmodel?" in (refusal.value.hint or "")
        both.model_uri = "s3://bucket/m-1"
        assert resolve(server, "model/MLmodel") == "s3://bucket/m-1/MLmodel"


def test_a_logged_model_on_this_disk_is_part_of_its_runs_artifacts(tmp_path: Path) -> None:
    run, model = tmp_path / "run", tmp_path / "m-1"
    for place, names in ((run / "model", ("both", "own")), (model, ("both", "MLmodel"))):
        place.mkdir(parents=True)
        for name in names:
            (place / name).write_text(place.name)
    both = Both(FakeMlflow(artifact_uri=str(run)))
    both.model_uri = str(model)
    with StubServer(both) as server:
        found = resolve(server, "model")
        assert sorted(gathered(found)) == ["MLmodel", "both", "own"]
        with found.read(next(f for f in found.files() if f.path == "both"), 1) as blocks:
            assert b"".join(blocks) == b"-1"
        assert resolve(server, "model/MLmodel") == model / "MLmodel"
        shutil.rmtree(run / "model")
        both.model_uri = model.as_uri()
        assert resolve(server, "model/both") == model / "both"


def test_offline_nobody_is_asked(mlflow: FakeMlflow, server: StubServer) -> None:
    mlflow.versions = {"3": "mlflow-artifacts:/0/run"}
    environ = {"HOME": "/nonexistent"}
    for uri in (f"runs:/{RUN}/a", "models:/churn/3/x", "mlflow-artifacts:/0/b"):
        found: Any = resolve_artifacts(uri, server.url, environ)
        before = len(server.received)
        offline: Any = resolve_artifacts(uri, server.url, environ, offline=True)
        assert (offline.key, offline.name, offline.shown) == (found.key, found.name, uri)
        with pytest.raises(InputUnavailableError, match="no server is asked"):
            offline.files()
        assert len(server.received) == before
    with pytest.raises(TrackingRefusedError, match="only the server can say"):
        resolve_artifacts("models:/churn@best", server.url, environ, offline=True)


def test_offline_a_store_on_this_machine_is_read_all_the_same(tmp_path: Path) -> None:
    target = tmp_path.as_uri()
    with pytest.raises(TrackingRefusedError, match="there is no run"):
        resolve_artifacts(f"runs:/{RUN}/a", target, {}, offline=True)
