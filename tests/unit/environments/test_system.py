"""The system's own environment stays as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.environments.system import SystemEnvironment, user_path


def path_of(*folders: Path | str) -> dict[str, str]:
    return {"PATH": os.pathsep.join(map(str, folders))}


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "tools" / "one" / "mlrun"
    (folder / "bin").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("receipt", ["uv-receipt.toml", "pipx_metadata.json"])
def test_the_folder_of_a_tool_is_taken_off(environment: Path, receipt: str) -> None:
    (environment / receipt).touch()
    environ = path_of(environment / "bin", "/usr/bin", "/bin")
    assert user_path(environ, str(environment), "/usr") == os.pathsep.join(["/usr/bin", "/bin"])


def test_the_folder_that_uvx_adds_is_taken_off(environment: Path) -> None:
    (environment.parents[1] / "CACHEDIR.TAG").touch()
    kept = environment.parents[1] / "archive-v0"
    environment.parent.rename(kept)
    environ = path_of(kept / "mlrun" / "bin", "/usr/bin")
    assert user_path(environ, str(kept / "mlrun"), "/usr") == "/usr/bin"


def test_an_activated_environment_is_the_users(environment: Path) -> None:
    environ = path_of(environment / "bin", "/usr/bin")
    assert user_path(environ, str(environment), "/usr") is None


def test_nothing_changes_where_the_tool_is_not_on_path(environment: Path) -> None:
    (environment / "uv-receipt.toml").touch()
    assert user_path(path_of("/usr/bin", ""), str(environment), "/usr") is None
    assert user_path({}, str(environment), "/usr") is None


def test_it_needs_nothing(heard: list[str]) -> None:
    prepared = SystemEnvironment().prepare(heard.append)
    assert prepared.manager is None
    assert prepared.path == ()
    assert prepared.variables == {}
    assert heard == []
    prepared.release()
