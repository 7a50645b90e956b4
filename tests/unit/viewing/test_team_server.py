"""The command line of a server for a team."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.python.mlflow_program import SCHEMA_HEAD
from mlrun.errors import TrackingError, UsageError
from mlrun.viewing import team_server as module
from mlrun.viewing.team_server import Program, TeamServer, prepare_server
from tests.unit.viewing.databases import make_database

POSTGRES = "postgresql://user:secret@example.org/runs"


class Prepared:
    """What was asked of the environment."""

    def __init__(self, folder: Path) -> None:
        self.extra: tuple[str, ...] = ()
        self.handed_over = False
        self._folder = folder

    def __call__(self, _report: object, extra: tuple[str, ...]) -> PreparedEnvironment:
        self.extra = extra
        return PreparedEnvironment(
            folder=self._folder,
            python=Path(sys.executable),
            path=(self._folder / "bin",),
            unset=("PYTHONHOME",),
            hand_over=self._hand_over,
        )

    def _hand_over(self) -> None:
        self.handed_over = True


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    prepared = Prepared(tmp_path / "env")
    monkeypatch.setattr(module, "prepare_mlflow", prepared)
    return prepared


def program(server: TeamServer, cwd: Path, **environ: str) -> Program:
    variables = {"PATH": "/usr/bin", "MLFLOW_PORT": "0", **environ}
    return prepare_server(server, cwd, variables, lambda _: None)


def test_a_password_stands_in_no_command_line(tmp_path: Path, prepared: Prepared) -> None:
    found = program(TeamServer(POSTGRES, "s3://bucket/runs", ("--workers", "4")), tmp_path)
    words = ("server", "--artifacts-destination", "s3://bucket/runs", "--workers", "4")
    assert found.argv == (str(tmp_path / "env" / "bin" / "mlflow"), *words)
    assert found.variables["MLFLOW_BACKEND_STORE_URI"] == POSTGRES
    assert prepared.extra == ("psycopg2-binary", "boto3")
    assert prepared.handed_over


def test_what_mlrun_records_in_is_served_where_nothing_else_is_named(
    tmp_path: Path, prepared: Prepared
) -> None:
    make_database(tmp_path / "mlflow.db", SCHEMA_HEAD)
    found = program(TeamServer(None, None, ()), tmp_path)
    assert found.variables["MLFLOW_BACKEND_STORE_URI"] == f"sqlite:///{tmp_path}/mlflow.db"
    found = program(TeamServer(None, None, ()), tmp_path, MLFLOW_BACKEND_STORE_URI=POSTGRES)
    assert found.variables["MLFLOW_BACKEND_STORE_URI"] == POSTGRES


def test_the_variables_are_the_users_but_for_what_misleads(
    tmp_path: Path, prepared: Prepared
) -> None:
    found = program(TeamServer("runs", None, (), ("six",)), tmp_path, PYTHONHOME="/x", A="b")
    assert found.variables["A"] == "b"
    assert "PYTHONHOME" not in found.variables
    assert found.variables["PATH"] == f"{tmp_path}/env/bin:/usr/bin"
    assert found.variables["MLFLOW_ALLOW_FILE_STORE"] == "true"
    assert prepared.extra == ("six",)


def test_another_schema_is_refused_before_anything_is_built(
    tmp_path: Path, prepared: Prepared
) -> None:
    database = make_database(tmp_path / "mlflow.db")
    with pytest.raises(TrackingError, match="older clients could not open it"):
        program(TeamServer(f"sqlite:///{database}", None, ()), tmp_path)
    assert not prepared.handed_over


def test_there_is_no_backup_of_another_machines_database(
    tmp_path: Path, prepared: Prepared
) -> None:
    with pytest.raises(UsageError, match=r"postgresql://.*is none") as caught:
        program(TeamServer(POSTGRES, None, (), upgrade=True), tmp_path)
    assert "secret" not in str(caught.value)


def test_help_needs_nothing_to_serve(tmp_path: Path, prepared: Prepared) -> None:
    make_database(tmp_path / "mlflow.db")
    found = program(TeamServer(None, None, ("--help",)), tmp_path)
    assert found.argv[1:] == ("server", "--help")
    assert prepared.handed_over


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("sqllite:///x.db", "sqlite:///x.db"),
        ("postgres://user:secret@host/runs", "postgresql://***@host/runs"),
        ("http://host:5000", "--backend-store-uri names"),
    ],
)
def test_a_misspelt_address_is_refused_before_anything_is_built(
    given: str, hint: str, tmp_path: Path, prepared: Prepared
) -> None:
    with pytest.raises(UsageError) as caught:
        program(TeamServer(given, None, ()), tmp_path)
    assert hint in str(caught.value.hint)
    assert "secret" not in f"{caught.value}{caught.value.hint}"
    assert not prepared.handed_over


def test_a_taken_port_is_refused_before_anything_is_built(
    tmp_path: Path, prepared: Prepared
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)):
            program(TeamServer("runs", None, (), port=port), tmp_path)
        with pytest.raises(UsageError, match=str(port)):
            program(TeamServer("runs", None, ()), tmp_path, MLFLOW_PORT=str(port))
        assert not prepared.handed_over
        elsewhere = ("--uvicorn-opts", "--uds here")
        assert program(TeamServer("runs", None, elsewhere, port=port), tmp_path).argv


def test_host_and_port_are_handed_on(tmp_path: Path, prepared: Prepared) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = program(TeamServer("runs", None, ("-w", "2"), host="127.0.0.1", port=port), tmp_path)
    assert found.argv[2:] == ("--host", "127.0.0.1", "--port", str(port), "-w", "2")
