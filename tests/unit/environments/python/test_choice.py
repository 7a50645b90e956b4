"""Which Python an environment gets, and what is said when it is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.python import interpreters
from mlrun.environments.python.choice import PythonWish, choose_python
from mlrun.environments.python.version import parse_request
from mlrun.errors import EnvironmentBuildError, Location
from tests.unit.environments.python.test_interpreters import stand_in

HERE = Location(Path("python_env.yaml"), 1, 9)


def wish(text: str, exact: bool = False) -> PythonWish:
    return PythonWish(parse_request(text), text, HERE, exact)


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(interpreters, "_USUAL_FOLDERS", ())
    for version in ("2.8.3", "2.8.18", "2.9.1"):
        stand_in(tmp_path / "pyenv" / "versions" / version / "bin" / "python3", version)
    own = {"PATH": "", "PYENV_ROOT": str(tmp_path / "pyenv"), "UV_PYTHON_INSTALL_DIR": "/none"}
    return {**own, "HOME": str(tmp_path), "CONDA_OFFLINE": "1"}


@pytest.fixture
def refusing_uv(tmp_path: Path) -> Path:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho called >> {tmp_path}/calls\nexit 1\n")
    uv.chmod(0o755)
    return uv


def test_the_exact_version_if_it_is_there(
    environ: dict[str, str], refusing_uv: Path, heard: list[str]
) -> None:
    choice = choose_python(wish("2.8.3"), environ, refusing_uv, heard.append)
    assert choice.interpreter.version == (2, 8, 3)
    assert choice.warning is None
    assert heard == []


def test_another_patch_version_with_a_warning(
    environ: dict[str, str], refusing_uv: Path, heard: list[str]
) -> None:
    choice = choose_python(wish("2.8.15"), environ, refusing_uv, heard.append)
    assert choice.interpreter.version == (2, 8, 18)
    assert choice.warning is not None
    assert "2.8.15" in choice.warning.message
    assert "2.8.18" in choice.warning.message
    assert choice.warning.location == HERE
    asked_for = [line.partition(" (")[0] for line in heard]
    assert asked_for[:2] == [
        "fetching Python 2.8.15 with uv, for none is installed",
        "fetching Python 2.8.15 from conda-forge",
    ]
    assert "the network" in heard[2]


def test_another_patch_version_is_refused_on_demand(
    environ: dict[str, str], refusing_uv: Path, heard: list[str]
) -> None:
    with pytest.raises(EnvironmentBuildError, match=r"2\.8\.3, 2\.8\.18, 2\.9\.1") as caught:
        choose_python(wish("2.8.15", exact=True), environ, refusing_uv, heard.append)
    assert "--exact-python" in (caught.value.hint or "")
    assert caught.value.location == HERE


def test_another_minor_version_never_takes_its_place(
    environ: dict[str, str], refusing_uv: Path, heard: list[str]
) -> None:
    for text in ("2.7.1", "2.7"):
        with pytest.raises(EnvironmentBuildError, match=r"Python 2\.7"):
            choose_python(wish(text), environ, refusing_uv, heard.append)


def test_what_uv_fetches_is_taken(environ: dict[str, str], tmp_path: Path) -> None:
    python = stand_in(tmp_path / "fetched" / "python", "2.8.15")
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$2" = find ] && echo {python}\nexit 0\n')
    uv.chmod(0o755)
    choice = choose_python(wish("2.8.15"), environ, uv, print)
    assert choice.interpreter.path == python
    assert choice.warning is None


@pytest.mark.parametrize("value", ["never", "manual"])
def test_uv_is_not_asked_against_the_users_will(
    environ: dict[str, str], refusing_uv: Path, tmp_path: Path, value: str
) -> None:
    environ["UV_PYTHON_DOWNLOADS"] = value
    choose_python(wish("2.8.15"), environ, refusing_uv, print)
    assert not (tmp_path / "calls").exists()


def test_the_command_that_installs_a_python_can_be_pasted(environ: dict[str, str]) -> None:
    with pytest.raises(EnvironmentBuildError) as caught:
        choose_python(wish("<2.8"), environ, None, print)
    assert "`uv python install '<2.8'`" in (caught.value.hint or "")


def test_without_uv(environ: dict[str, str]) -> None:
    assert choose_python(wish("2.8.15"), environ, None, print).interpreter.version == (2, 8, 18)
