"""Artifacts through the gateway: listed, sent, received, and never outside their root."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.gateway import local
from mlrun.tracking.gateway.artifact_places import Places
from tests.gateways import Reply, Served, gateway_over

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "database").mkdir()
    with gateway_over(tmp_path / "database", also="127.0.0.2") as started:
        yield started


@pytest.fixture
def root(served: Served, tmp_path: Path) -> Path:
    """The folder of a new experiment, which has the id 1."""
    assert served.api("POST", "/experiments/create", {"name": "x"}).json["experiment_id"] == "1"
    return tmp_path / "database" / "mlruns" / "1"


def afar(served: Served) -> str:
    (other,) = [x for x in served.gateway._listeners if not x.is_local]
    return "http://{}:{}".format(*other.socket.getsockname())


def put(served: Served, path: str, body: Any) -> Reply:
    return served.ask("PUT", f"{FILES}/experiments/1/{path}", body=body)


def get(served: Served, path: str) -> Reply:
    return served.ask("GET", f"{FILES}/experiments/1/{path}")


def test_a_file_goes_and_comes_back(served: Served, root: Path) -> None:
    for body in (b"", b"text", os.urandom(3 * 2**20 + 1)):
        reply = put(served, "r/artifacts/deep/file", body)
        assert (reply.status, reply.json) == (200, {})
        assert (root / "r" / "artifacts" / "deep" / "file").read_bytes() == body
        assert get(served, "r/artifacts/deep/file").body == body


def test_a_file_comes_without_a_length(served: Served, root: Path) -> None:
    assert put(served, "r/a", iter(())).status == 200
    assert (root / "r" / "a").read_bytes() == b""
    assert put(served, "r/a", iter([b"x" * 70_000] * 40)).status == 200
    assert (root / "r" / "a").read_bytes() == b"x" * 2_800_000


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("%C3%BC%20%E2%82%AC.txt", "\u00fc \u20ac.txt"),
        ("100%25.txt", "100%.txt"),
        ("%2541", "%41"),
        ("a%23b%3Fc", "a#b?c"),
        ("a+b", "a+b"),
        ("a%5Cb", "a\\b"),
        ("...", "..."),
        ("..a", "..a"),
        ("%ff", os.fsdecode(b"\xff")),
    ],
)
def test_a_name_is_what_it_is(served: Served, root: Path, sent: str, name: str) -> None:
    assert put(served, sent, b"x").status == 200
    assert os.listdir(root) == [name]
    assert get(served, sent).body == b"x"
    listed = served.ask("GET", FILES, query={"path": "experiments/1"}).json["files"]
    shown = os.fsencode(name).decode(errors="replace")
    assert listed == [{"path": shown, "is_dir": False, "file_size": 1}]


@pytest.mark.parametrize(
    "path",
    [
        "experiments/1/../../../secret",
        "experiments/1/..%2F..%2F..%2Fsecret",
        "experiments/1/%2e%2e/%2e%2e/%2e%2e/secret",
        "experiments/1/..",
        "../secret",
        "..%2fsecret",
        "%2Fetc/passwd",
        "/etc/passwd",
        "experiments/1//../../../secret",
        "experiments/1/out/secret",
        "experiments/1/link",
        "experiments/1/a%00b",
        "experiments/1/.mlrun-upload-0123456789abcdef",
        "experiments/..%2F..%2Fsecret",
    ],
)
def test_nothing_outside_is_reached(served: Served, root: Path, tmp_path: Path, path: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root.mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    (root / "link").symlink_to(secret)
    before = sorted(tmp_path.rglob("*"))
    for method in ("GET", "PUT", "DELETE"):
        reply = served.ask(method, f"{FILES}/{path}", body=b"changed")
        assert reply.status in (400, 404), (method, reply.body)
    assert secret.read_text() == "secret"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", ["../..", "/", "experiments/1/../..", "experiments/1/out"])
def test_nothing_outside_is_listed(served: Served, root: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("secret")
    root.mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    reply = served.ask("GET", FILES, query={"path": path})
    assert reply.status == 400
    assert b"secret" not in reply.body


def test_a_link_within_is_followed(served: Served, root: Path) -> None:
    root.mkdir(parents=True)
    (root / "real").write_text("x")
    (root / "link").symlink_to("real")
    assert get(served, "link").body == b"x"


def test_folders_are_listed(served: Served, root: Path) -> None:
    for path in ("b/2", "a", "b/c/3"):
        put(served, path, path.encode())
    listed = served.ask("GET", FILES, query={"path": "experiments/1"}).json
    assert listed == {
        "files": [{"path": "a", "is_dir": False, "file_size": 1}, {"path": "b", "is_dir": True}]
    }
    assert served.ask("GET", FILES, query={"path": "experiments/1/nothing"}).json == {}
    assert served.ask("GET", FILES, query={"path": "experiments/1/a"}).json == {}


def test_what_is_not_there_is_not_found(served: Served, root: Path) -> None:
    for method in ("GET", "DELETE"):
        reply = served.ask(method, f"{FILES}/experiments/1/nothing")
        assert (reply.status, reply.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    reply = served.ask("PUT", f"{FILES}/experiments/99/file", body=b"x")
    assert (reply.status, reply.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_folder_is_no_file(served: Served, root: Path) -> None:
    put(served, "folder/file", b"x")
    assert get(served, "folder").status == 400
    assert put(served, "folder", b"y").status == 400
    assert put(served, "folder/file/below", b"y").status == 400
    assert (root / "folder" / "file").read_bytes() == b"x"
    os.mkfifo(root / "pipe")
    assert get(served, "pipe").status == 400


def test_too_long_a_name_is_refused(served: Served, root: Path) -> None:
    assert put(served, "x" * 300, b"x").status == 400
    assert list(root.iterdir()) == []


def test_files_and_folders_are_removed(served: Served, root: Path) -> None:
    put(served, "a/b", b"x")
    put(served, "a/c/d", b"x")
    assert served.ask("DELETE", f"{FILES}/experiments/1/a/b").json == {}
    assert sorted(p.name for p in (root / "a").iterdir()) == ["c"]
    assert served.ask("DELETE", f"{FILES}/experiments/1/a").json == {}
    assert not (root / "a").exists()


def test_a_cut_upload_leaves_nothing(served: Served, root: Path) -> None:
    put(served, "file", b"before")
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(
            f"PUT {FILES}/experiments/1/file HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
            f"Authorization: Bearer {served.gateway.token}\r\n"
            "Content-Length: 5000000\r\n\r\n".encode()
        )
        line.sendall(b"y" * 3_000_000)
        while len(list(root.iterdir())) < 2:
            time.sleep(0.01)
    while len(list(root.iterdir())) > 1:
        time.sleep(0.01)
    assert (root / "file").read_bytes() == b"before"
    assert served.lines == []


def test_parts_and_signed_addresses_are_not_offered(served: Served) -> None:
    for path in ("mpu/create/x", "mpu/complete/x", "presigned/x"):
        reply = served.ask("POST", f"/api/2.0/mlflow-artifacts/{path}", {})
        assert (reply.status, reply.json["error_code"]) == (501, "NOT_IMPLEMENTED")


def make_run(served: Served) -> str:
    reply = served.api("POST", "/runs/create", {"experiment_id": "1", "start_time": 1})
    return str(reply.json["run"]["info"]["run_id"])


def test_the_files_of_a_run_are_listed_and_sent(served: Served, root: Path) -> None:
    run_id = make_run(served)
    put(served, f"{run_id}/artifacts/folder/file", b"text")
    listed = served.api("GET", "/artifacts/list", {"run_id": run_id, "path": "folder"}).json
    assert listed == {
        "root_uri": str(root / run_id / "artifacts"),
        "files": [{"path": "folder/file", "is_dir": False, "file_size": 4}],
    }
    query = {"run_uuid": run_id, "path": "folder/file"}
    assert served.ask("GET", "/get-artifact", query=query).body == b"text"
    query["path"] = "../../../../mlflow.db"
    assert served.ask("GET", "/get-artifact", query=query).status == 400
    assert served.ask("GET", "/get-artifact", query={"run_uuid": run_id}).status == 400
    assert served.api("GET", "/artifacts/list", {"run_id": "f" * 32}).status == 404


def test_a_local_client_is_told_the_plain_path(served: Served, root: Path) -> None:
    run = served.api("GET", "/runs/get", {"run_id": make_run(served)}).json["run"]
    assert run["info"]["artifact_uri"].startswith(f"{root}/")


def test_a_client_elsewhere_is_told_a_place_at_the_gateway(served: Served, root: Path) -> None:
    address = afar(served)
    run_id = make_run(served)
    shown = served.api("GET", "/runs/get", {"run_id": run_id}, address=address).json["run"]
    place = f"mlflow-artifacts:/experiments/1/{run_id}/artifacts"
    assert shown["info"]["artifact_uri"] == place
    experiment = served.api("GET", "/experiments/get", {"experiment_id": "1"}, address=address)
    location = experiment.json["experiment"]["artifact_location"]
    assert location == "mlflow-artifacts:/experiments/1"
    listed = served.api("GET", "/artifacts/list", {"run_id": run_id}, address=address).json
    assert listed["root_uri"] == place


def test_a_place_at_the_gateway_is_kept_as_the_path_that_it_means(
    served: Served, root: Path
) -> None:
    served.api("POST", "/registered-models/create", {"name": "m"})
    run_id = make_run(served)
    source = f"mlflow-artifacts:/experiments/1/{run_id}/artifacts/model"
    content = {"name": "m", "source": source, "run_id": run_id}
    made = served.api("POST", "/model-versions/create", content, address=afar(served))
    assert made.json["model_version"]["source"] == source
    kept = served.api("GET", "/model-versions/get", {"name": "m", "version": "1"}).json
    assert kept["model_version"]["source"] == str(root / run_id / "artifacts" / "model")


def test_a_database_of_a_server_with_artifacts_is_served(served: Served, tmp_path: Path) -> None:
    location = "mlflow-artifacts:/7"
    content = {"name": "served", "artifact_location": location}
    made = served.api("POST", "/experiments/create", content)
    assert made.status == 200, made.body
    run = served.api("POST", "/runs/create", {**made.json, "start_time": 1}).json["run"]["info"]
    assert run["artifact_uri"] == f"{location}/{run['run_id']}/artifacts"
    path = f"7/{run['run_id']}/artifacts/file"
    assert served.ask("PUT", f"{FILES}/{path}", body=b"x").status == 200
    assert (tmp_path / "database" / "mlartifacts" / path).read_bytes() == b"x"
    query = {"run_uuid": run["run_id"], "path": "file"}
    assert served.ask("GET", "/get-artifact", query=query).body == b"x"
    assert served.ask("GET", FILES, query={"path": f"7/{run['run_id']}/artifacts"}).json[
        "files"
    ] == [{"path": "file", "is_dir": False, "file_size": 1}]


def test_artifacts_far_away_pass_as_they_are(served: Served) -> None:
    content = {"name": "far", "artifact_location": "s3://bucket/x"}
    made = served.api("POST", "/experiments/create", content, address=afar(served)).json
    run = served.api("POST", "/runs/create", {**made, "start_time": 1}, address=afar(served)).json[
        "run"
    ]["info"]
    assert run["artifact_uri"] == f"s3://bucket/x/{run['run_id']}/artifacts"
    reply = served.api("GET", "/artifacts/list", {"run_id": run["run_id"]})
    assert (reply.status, reply.json["error_code"]) == (501, "NOT_IMPLEMENTED")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of files stands for the disk.
    script = """
import json, os, resource, signal, sys
from pathlib import Path
from tests.gateways import gateway_over
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with gateway_over(Path(sys.argv[1])) as served:
    served.api("POST", "/experiments/create", {"name": "x"})
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**21, 2**21))
    files = "/api/2.0/mlflow-artifacts/artifacts/experiments/1/"
    small = served.ask("PUT", files + "small", body=b"x" * 2**20)
    large = served.ask("PUT", files + "large", body=b"x" * 2**23)
    print(json.dumps([small.status, large.status, large.json["message"]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=True, timeout=60
    )
    small, large, message = json.loads(done.stdout)
    assert (small, large) == (200, 507)
    assert "File too large" in message
    assert os.listdir(tmp_path / "mlruns" / "1") == ["small"]


def test_large_files_take_little_memory(tmp_path: Path) -> None:
    script = """
import hashlib, json, resource, sys
from pathlib import Path
from tests.gateways import gateway_over
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
def pieces():
    piece = bytes(range(256)) * 4096
    for _ in range(200):
        yield piece
with gateway_over(Path(sys.argv[1])) as served:
    served.api("POST", "/experiments/create", {"name": "x"})
    path = "/api/2.0/mlflow-artifacts/artifacts/experiments/1/large"
    served.ask("PUT", path, body=b"x" * 2**22)
    before = peak()
    assert served.ask("PUT", path, body=pieces()).status == 200
    connection = served.connect()
    connection.request("GET", path, headers={"Authorization": f"Bearer {served.gateway.token}"})
    answer = connection.getresponse()
    digest, size = hashlib.sha256(), 0
    while piece := answer.read(2**18):
        digest.update(piece)
        size += len(piece)
    connection.close()
    print(json.dumps([peak() - before, size, digest.hexdigest()]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=True, timeout=120
    )
    grown, size, digest = json.loads(done.stdout)
    assert size == 200 * 2**20
    expected = hashlib.sha256()
    for _ in range(200):
        expected.update(bytes(range(256)) * 4096)
    assert digest == expected.hexdigest()
    assert grown < 24


def test_locations_are_read_from_the_database(served: Served, root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    with sqlite3.connect(tmp_path / "database" / "mlflow.db") as database:
        database.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = 1",
            (moved.as_uri(),),
        )
    database.close()
    assert put(served, "file", b"x").status == 200
    assert (moved / "file").read_bytes() == b"x"


def test_a_file_that_is_cut_while_it_is_sent_cuts_the_line(served: Served, root: Path) -> None:
    put(served, "file", b"x" * 2**25)
    connection = served.connect()
    header = {"Authorization": f"Bearer {served.gateway.token}"}
    connection.request("GET", f"{FILES}/experiments/1/file", headers=header)
    answer = connection.getresponse()
    os.truncate(root / "file", 2**20)
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()
    assert served.lines == []


def test_the_files_of_a_logged_model_are_listed_and_sent(served: Served, root: Path) -> None:
    content = {"experiment_id": "1", "name": "m"}
    info = served.api("POST", "/logged-models", content).json["model"]["info"]
    folder = Path(info["artifact_uri"])
    assert folder.is_relative_to(root)
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "weights").write_bytes(b"123")
    endpoint = f"/logged-models/{info['model_id']}/artifacts"
    listed = served.api("GET", f"{endpoint}/directories", {"artifact_directory_path": "data"}).json
    assert listed == {
        "root_uri": str(folder),
        "files": [{"path": "data/weights", "is_dir": False, "file_size": 3}],
    }
    query = {"artifact_file_path": "data/weights"}
    assert served.api("GET", f"{endpoint}/files", query).body == b"123"
    shown = served.api("GET", f"/logged-models/{info['model_id']}", address=afar(served)).json
    place = shown["model"]["info"]["artifact_uri"]
    path = place.removeprefix("mlflow-artifacts:/")
    assert served.ask("GET", f"{FILES}/{path}/data/weights").body == b"123"


def test_the_files_of_a_model_version_are_sent(served: Served, root: Path) -> None:
    run_id = make_run(served)
    put(served, f"{run_id}/artifacts/model/MLmodel", b"flavors:")
    served.api("POST", "/registered-models/create", {"name": "m"})
    source = str(root / run_id / "artifacts" / "model")
    content = {"name": "m", "source": source, "run_id": run_id}
    served.api("POST", "/model-versions/create", content)
    query = {"name": "m", "version": "1", "path": "MLmodel"}
    for path in ("/model-versions/get-artifact", "/api/2.0/mlflow/model-versions/get-artifact"):
        assert served.ask("GET", path, query=query).body == b"flavors:"


@pytest.mark.parametrize(
    "place",
    [
        "{outside}",
        "file://{outside}",
        "/tmp/../{outside}",
        "mlflow-artifacts:/experiments/1/../../../outside",
        "mlflow-artifacts:/experiments/1/link",
        "{outside}\0",
    ],
)
def test_a_client_elsewhere_chooses_no_place_outside_the_artifacts(
    served: Served, root: Path, tmp_path: Path, place: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    root.mkdir(parents=True)
    (root / "link").symlink_to(outside)
    place = place.format(outside=outside)
    address = afar(served)
    content = {"name": "thief", "artifact_location": place}
    made = served.api("POST", "/experiments/create", content, address=address)
    assert (made.status, made.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    served.api("POST", "/registered-models/create", {"name": "m"}, address=address)
    content = {"name": "m", "source": place}
    served.api("POST", "/model-versions/create", content, address=address)
    query = {"name": "m", "version": "1", "path": "secret"}
    asked = served.ask("GET", "/model-versions/get-artifact", query=query, address=address)
    assert asked.status in (400, 404), asked.body


def test_a_client_elsewhere_chooses_places_among_the_artifacts(served: Served, root: Path) -> None:
    for number, place in enumerate(
        (str(root / "x"), str(root.parent / "y"), "mlflow-artifacts:/experiments/1/z", "s3://b")
    ):
        content = {"name": f"x{number}", "artifact_location": place}
        made = served.api("POST", "/experiments/create", content, address=afar(served))
        assert made.status == 200, made.body


@pytest.mark.parametrize("path", ["experiments/1", "experiments/1/", "", "experiments/1/."])
def test_a_whole_experiment_is_not_removed(served: Served, root: Path, path: str) -> None:
    put(served, "r/artifacts/file", b"text")
    reply = served.ask("DELETE", f"{FILES}/{path}")
    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert get(served, "r/artifacts/file").body == b"text"


def test_a_client_elsewhere_is_told_where_the_spans_of_a_trace_go(
    served: Served, root: Path
) -> None:
    address = afar(served)
    content: Any = {"experiment_id": "1", "timestamp_ms": 1}
    made = served.api("POST", "/traces", content, address=address).json["trace_info"]
    place = f"mlflow-artifacts:/experiments/1/traces/{made['request_id']}/artifacts"
    assert {"key": "mlflow.artifactLocation", "value": place} in made["tags"]
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}}
    info = {"trace_id": "tr-1", "trace_location": location, "state": "OK"}
    content = {"trace": {"trace_info": info}}
    path = "/api/3.0/mlflow/traces"
    assert served.ask("POST", path, content, address=address).status == 200
    for asked, folder in (
        (address, "mlflow-artifacts:/experiments/1"),
        (served.gateway.address, str(root)),
    ):
        found = served.ask("GET", f"{path}/tr-1", address=asked).json["trace"]["trace_info"]
        assert found["tags"]["mlflow.artifactLocation"] == f"{folder}/traces/tr-1/artifacts"


def test_locations_are_read_again_only_when_there_are_other_experiments(
    served: Served, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def make(*arguments: Any) -> Places:
        made.append(Places(*arguments))
        return made[-1]

    monkeypatch.setattr(local, "Places", make)
    for _ in range(5):
        assert shown_location(served, "1") == "mlflow-artifacts:/experiments/1"
    assert len(made) == 1
    with sqlite3.connect(tmp_path / "database" / "mlflow.db") as database:
        database.execute("DELETE FROM experiments WHERE experiment_id = 1")
    database.close()
    content = {"name": "again", "artifact_location": str(root.parent / "elsewhere")}
    assert served.api("POST", "/experiments/create", content).json == {"experiment_id": "1"}
    assert shown_location(served, "1") == "mlflow-artifacts:/experiments/1"
    content = {"name": "within", "artifact_location": str(root.parent / "elsewhere" / "deep")}
    assert served.api("POST", "/experiments/create", content).json == {"experiment_id": "2"}
    assert shown_location(served, "2") == "mlflow-artifacts:/experiments/2"


def shown_location(served: Served, experiment_id: str) -> object:
    query = {"experiment_id": experiment_id}
    shown = served.api("GET", "/experiments/get", query, address=afar(served)).json
    return shown["experiment"]["artifact_location"]
