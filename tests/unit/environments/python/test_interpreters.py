"""Finding interpreters, with stand-ins that answer as an interpreter does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlrun.environments.python import interpreters
from mlrun.environments.python.interpreters import (
    Candidate,
    Interpreter,
    ask,
    candidates,
    fetch_with_uv,
    installed,
    preferred,
    versions_text,
)
from mlrun.environments.python.version import parse_request

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


def stand_in(file: Path, version: str, kind: str = "cpython", flags: str = "") -> Path:
    """Write a program that answers the question as a Python of that version would."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [version, kind, flags, "/base", "/base", str(file)]
    file.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
    file.chmod(0o755)
    return file


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return variables under which no interpreter but mlrun's own is found."""
    monkeypatch.setattr(interpreters, "_USUAL_FOLDERS", ())
    return {
        "PATH": str(tmp_path / "bin"),
        "PYENV_ROOT": str(tmp_path / "pyenv"),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
    }


def best(environ: dict[str, str], text: str | None) -> Interpreter | None:
    return preferred(environ, parse_request(text))


def test_all_places_are_looked_at(tmp_path: Path, environ: dict[str, str]) -> None:
    places = [
        stand_in(tmp_path / "uv" / "cpython-2.9.1-linux-x86_64-gnu" / "bin" / "python3", "2.9.1"),
        stand_in(tmp_path / "pyenv" / "versions" / "2.8.1" / "bin" / "python3", "2.8.1"),
        stand_in(tmp_path / "bin" / "python2.7", "2.7.1"),
    ]
    found = {i.path for i in installed(environ, parse_request("2"))}
    assert found == set(places)


def test_the_highest_that_serves_is_taken(tmp_path: Path, environ: dict[str, str]) -> None:
    for patch in ("2", "18", "9"):
        folder = tmp_path / "pyenv" / "versions" / f"2.8.{patch}"
        stand_in(folder / "bin" / "python3", f"2.8.{patch}")
    found = best(environ, "2.8")
    assert found is not None
    assert found.version == (2, 8, 18)


def test_the_users_own_python_comes_first_where_any_minor_version_serves(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    stand_in(tmp_path / "bin" / "python", "3.2.1")
    stand_in(tmp_path / "bin" / "python3.99", "3.99.0")
    for text, expected in ((None, (3, 2, 1)), (">=3.2", (3, 2, 1)), (">3.90", (3, 99, 0))):
        found = best(environ, text)
        assert found is not None
        assert found.version == expected


def test_a_shim_that_refuses_is_passed_over(tmp_path: Path, environ: dict[str, str]) -> None:
    shim = tmp_path / "bin" / "python2.8"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'not here' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert best(environ, "2.8") is None
    stand_in(tmp_path / "pyenv" / "versions" / "2.8.4" / "bin" / "python3", "2.8.4")
    found = best(environ, "2.8")
    assert found is not None
    assert found.version == (2, 8, 4)


def test_a_folder_that_names_another_version_than_it_holds(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    stand_in(tmp_path / "pyenv" / "versions" / "2.8.4" / "bin" / "python3", "2.9.4")
    assert best(environ, "2.8") is None


@pytest.mark.parametrize(("kind", "flags"), [("pypy", ""), ("cpython", "t")])
def test_only_ordinary_cpython_serves(tmp_path: Path, kind: str, flags: str) -> None:
    assert ask(Candidate(stand_in(tmp_path / "python", "3.11.7", kind, flags))) is None


@pytest.mark.parametrize("text", ["echo hello", "exit 1", "echo", "yes | head -c 100000"])
def test_programs_that_are_no_python(tmp_path: Path, text: str) -> None:
    file = tmp_path / "python"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    assert ask(Candidate(file)) is None
    assert ask(Candidate(tmp_path / "not there")) is None


def test_this_python_is_the_base_of_a_virtual_environment() -> None:
    found = ask(Candidate(Path(sys.executable)))
    assert found is not None
    assert found.version == sys.version_info[:3]
    assert found.path.is_relative_to(sys.base_prefix)


def test_mlruns_own_is_the_last(environ: dict[str, str]) -> None:
    *_, last = candidates(environ)
    assert last.known == sys.version_info[:3]
    found = best(environ, None)
    assert found is not None
    assert found.version == sys.version_info[:3]


def test_uv_that_fetches_nothing(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    assert fetch_with_uv(uv, "3.8.15", {}) is None


def test_uv_that_fetches(tmp_path: Path) -> None:
    python = stand_in(tmp_path / "python", "3.8.15")
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$2" = find ] && echo {python}\nexit 0\n')
    uv.chmod(0o755)
    assert fetch_with_uv(uv, "3.8.15", {}) == Interpreter(python, (3, 8, 15))


def test_versions_are_listed_once_in_order() -> None:
    found = [Interpreter(Path(p), v) for p, v in (("a", (3, 10, 1)), ("b", (3, 9, 1)))]
    assert versions_text([*found, *found]) == "3.9.1, 3.10.1"
