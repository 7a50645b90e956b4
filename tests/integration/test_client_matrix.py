"""One script, real clients of four versions: under mlrun, and with a real tracking server.

A reader finds the same in both, field by field, but for ids and times.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.fault_proxy import FaultProxy
from tests.functional.commands import Place
from tests.integration.comparison import differences
from tests.mlflow_fixtures import MlflowClient, MlflowServer

HERE = Path(__file__).parent
VERSIONS = ("mlflow_1_30", "mlflow_2_22", "mlflow_3_1", "mlflow_3_17")
READERS = {
    "mlflow_1_30": "mlflow_3_17",
    "mlflow_2_22": "mlflow_1_30",
    "mlflow_3_1": "mlflow_2_22",
    "mlflow_3_17": "mlflow_3_1",
}
"""Which other version reads, over HTTP, what a version wrote."""

ARTIFACT_COLUMNS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
TAMPERINGS = {
    "a metric": "UPDATE metrics SET value = value + 1 WHERE key = 'loss' AND step = 3",
    "a step": "UPDATE metrics SET step = 77 WHERE key = 'a/b c'",
    "a metric's latest value": "UPDATE latest_metrics SET value = 0.125 WHERE key = 'big'",
    "a parameter": "DELETE FROM params WHERE key = 'word'",
    "a tag": "UPDATE tags SET value = value || ' ' WHERE key = 'kept'",
    "a status": "UPDATE runs SET status = 'FAILED' WHERE name = 'grandchild'",
    "a stage": "UPDATE model_versions SET current_stage = 'Staging' WHERE version = 1",
    "an experiment's tag": "DELETE FROM experiment_tags WHERE key = 'team'",
}
SIGNS = {
    "a metric": "history / loss",
    "a step": "history / a/b c",
    "a metric's latest value": "latest / big",
    "a parameter": "params / word",
    "a tag": "tags / kept",
    "a status": "grandchild #0 / status",
    "a stage": "versions / 1 / stage",
    "an experiment's tag": "tags / team",
}


@dataclass(frozen=True)
class Recorded:
    """What one side wrote, and what its client saw.

    Attributes:
        place: Where mlrun was run.
        name: What all that it made is called.
        target: The tracking URI given to mlrun, none for its default.
        database: A copy of the file, with paths of artifacts that can be read.
        artifacts: The folder with all artifacts.
        seen: The client's observations.
        complaints: Warnings and errors on standard error.
    """

    place: Place
    name: str
    target: str | None
    database: Path
    artifacts: Path
    seen: Any
    complaints: list[str]

    def source(self, uri: str | None) -> dict[str, Any]:
        """Return what the reader needs to know."""
        folders = {str(self.artifacts): "<artifacts>", str(self.place.folder): "<place>"}
        with_scheme = {f"file://{folder}": label for folder, label in folders.items()}
        labels = {**folders, **with_scheme, "mlflow-artifacts:": "<artifacts>"}
        return {"uri": uri, "name": self.name, "labels": labels}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reader_finds_what_a_real_server_would_hold(
    version: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tracking_server: MlflowServer,
    mlflow_3_17: MlflowClient,
) -> None:
    client: MlflowClient = request.getfixturevalue(version)
    ours = record(tmp_path / "ours", client, None)
    with address(tracking_server, version) as uri:
        theirs = record(tmp_path / "theirs", client, uri, tracking_server)
        # Before the newest client reads the copy, another one reads the real thing.
        other: MlflowClient = request.getfixturevalue(READERS[version])
        with address(tracking_server, READERS[version]) as other_uri:
            one = read_over_http(ours, other, None)
            other_one = read_over_http(theirs, other, other_uri)
    same(plain(ours.seen, ours.name), plain(theirs.seen, theirs.name))
    same(one, other_one)
    same(ours.complaints, theirs.complaints)
    tampered = tamper(ours)
    uris = [f"sqlite:///{p}" for p in (ours.database, theirs.database, tampered)]
    sources = [side.source(uri) for side, uri in zip((ours, theirs, ours), uris, strict=True)]
    one, other_one, changed = read(mlflow_3_17, tmp_path, sources)
    assert_tampering_is_found(differences(changed, one))
    same(one, other_one)


def same(ours: Any, theirs: Any) -> None:
    """Check that two sides are equal, and say each difference."""
    found = differences(ours, theirs)
    assert not found, "\n".join(found)


def record(
    folder: Path, client: MlflowClient, target: str | None, server: MlflowServer | None = None
) -> Recorded:
    """Run the script by mlrun, and keep a copy of the database."""
    folder.mkdir()
    place, name = Place(folder), f"mx{uuid4().hex[:8]}"
    observations, files = folder / "seen.json", folder / "files"
    files.mkdir()
    stderr = run_in_project(
        place, client, "matrix_script.py", observations, name, files, name=name, uri=target
    )
    shutil.rmtree(files)
    database = server.database if server else folder / "mlflow.db"
    artifacts = server.artifacts if server else folder / "mlruns"
    copy = copied(database, folder / "copy.db")
    with closing(sqlite3.connect(copy)) as connection, connection:
        for table, columns in ARTIFACT_COLUMNS.items():
            for column in columns:
                connection.execute(
                    f"UPDATE {table} SET {column} = replace({column}, 'mlflow-artifacts:', ?)",
                    (str(artifacts),),
                )
    seen = json.loads(observations.read_text())
    return Recorded(place, name, target, copy, artifacts, seen, complaints(stderr, name))


def run_in_project(
    place: Place, client: MlflowClient, *words: Path | str, name: str, uri: str | None
) -> str:
    """Run a Python script with a client by mlrun, and return what went to standard error."""
    command = " ".join(f"'{word}'" for word in (client.python, "-W", "ignore", *words))
    place.write(f"name: matrix\nentry_points:\n  main:\n    command: {json.dumps(command)}\n")
    for script in HERE.glob("matrix_*.py"):
        shutil.copy(script, place.project)  # where it is in no Git repository
    target = ("--tracking-uri", uri) if uri else ()
    answer = place.mlrun(
        "run", "project", "--experiment-name", name, "--run-name", "first", *target,
        env={"NO_PROXY": "*", "GIT_PYTHON_REFRESH": "quiet", "DO_NOT_TRACK": "true"},
        timeout=400,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-6000:]
    return answer.stderr


def copied(database: Path, copy: Path) -> Path:
    """Copy a database that may be in use."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def complaints(stderr: str, name: str) -> list[str]:
    """Return the lines that a person would worry about."""
    worrying = re.compile(r"WARNING|ERROR|Traceback|Exception|Failed")
    found = {line for line in stderr.replace(name, "<name>").splitlines() if worrying.search(line)}
    return sorted({re.sub(r"[0-9a-f]{16,}|^\S+ \S+ |\d+", "", line) for line in found})


def plain(seen: Any, name: str) -> Any:
    """Return what a client saw without the name that it was given."""
    return json.loads(json.dumps(seen).replace(name, "<name>"))


@contextlib.contextmanager
def address(server: MlflowServer, version: str) -> Iterator[str]:
    """Give the address at which a client of this version reaches a server.

    The paths of the registry that the oldest client asks for are gone from today's server.
    """
    if version != "mlflow_1_30":
        yield server.address
        return
    rewrite = lambda path: path.replace("/preview/mlflow/", "/mlflow/")  # noqa: E731
    with FaultProxy(server.address, rewrite=rewrite) as proxy:
        yield proxy.url


def read_over_http(side: Recorded, client: MlflowClient, uri: str | None) -> Any:
    """Let a client read what a side wrote, by mlrun, with its usual way to the store."""
    sources, found = side.place.folder / "sources.json", side.place.folder / "found.json"
    sources.write_text(json.dumps([side.source(None)]))
    run_in_project(side.place, client, "matrix_reader.py", sources, found, name="reading", uri=uri)
    return json.loads(found.read_text())[0]


def read(client: MlflowClient, folder: Path, sources: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Let a client read databases."""
    given, found = folder / "sources.json", folder / "found.json"
    given.write_text(json.dumps(sources))
    script = str(HERE / "matrix_reader.py")
    code = f"import runpy; runpy.run_path({script!r}, run_name='__main__'); print(0)"
    client.run(code, {}, str(given), str(found))
    read: list[Any] = json.loads(found.read_text())
    return read


def tamper(side: Recorded) -> Path:
    """Return a copy in which a few fields differ."""
    copy = copied(side.database, side.place.folder / "tampered.db")
    with closing(sqlite3.connect(copy)) as connection, connection:
        for what, statement in TAMPERINGS.items():
            assert connection.execute(statement).rowcount, what
    return copy


def assert_tampering_is_found(found: list[str]) -> None:
    """Check that the comparison sees what it is for."""
    for what, sign in SIGNS.items():
        assert any(sign in line for line in found), what
