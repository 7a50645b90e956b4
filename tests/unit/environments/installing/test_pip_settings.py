"""The user's settings for pip, as pip itself reads them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which

import pytest

from mlrun.environments.installing.pip_settings import config_files, read_pip_settings
from tests.components import missing


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return variables under which all files of pip lie below the test's folder."""
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CONFIG_DIRS": str(tmp_path / "system"),
        "PATH": os.environ["PATH"],
    }


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def effective(environ: Mapping[str, str], name: str) -> str | None:
    return read_pip_settings(environ).text(name)


def as_pip_says(environ: Mapping[str, str], name: str) -> str | None:
    """Ask pip for what its files say; it shows variables apart."""
    pip = which("pip") or which("pip3")
    if pip is None:
        missing("pip", "there is none on PATH")
    env = {"PYENV_ROOT": os.environ.get("PYENV_ROOT", ""), **environ}
    command = [str(pip), "config", "list"]
    answer = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    lines = (line.partition("=") for line in answer.stdout.splitlines())
    return {key: value.strip("'") for key, _, value in lines}.get(f"global.{name}")


def test_files_are_as_strong_as_for_pip(tmp_path: Path, environ: dict[str, str]) -> None:
    name = "index-url"
    places = [
        tmp_path / "system" / "pip" / "pip.conf",
        tmp_path / "home" / ".pip" / "pip.conf",
        tmp_path / "config" / "pip" / "pip.conf",
    ]
    for number, place in enumerate(places):
        write(place, f"[global]\nindex-url = https://host.example/{number}\n")
        assert effective(environ, name) == f"https://host.example/{number}"
        assert as_pip_says(environ, name) == effective(environ, name)


def test_a_named_file_is_the_strongest_and_leaves_out_the_users(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    write(tmp_path / "config" / "pip" / "pip.conf", "[global]\nindex-url = u\nproxy = p\n")
    write(tmp_path / "system" / "pip" / "pip.conf", "[global]\nindex-url = s\nretries = 3\n")
    write(tmp_path / "own.conf", "[global]\nindex-url = o\n")
    environ["PIP_CONFIG_FILE"] = str(tmp_path / "own.conf")
    for name, value in (("index-url", "o"), ("proxy", None), ("retries", "3")):
        assert effective(environ, name) == value
        assert as_pip_says(environ, name) == value


def test_no_file_at_all(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path / "config" / "pip" / "pip.conf", "[global]\nindex-url = u\n")
    environ["PIP_CONFIG_FILE"] = os.devnull
    assert effective(environ, "index-url") is None
    assert list(config_files(environ)) == []


def test_the_section_for_install_is_stronger_in_whatever_file(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    write(tmp_path / "system" / "pip" / "pip.conf", "[install]\nindex-url = i\n")
    write(tmp_path / "config" / "pip" / "pip.conf", "[global]\nindex_url = g\n[list]\nx = 1\n")
    assert effective(environ, "index-url") == "i"
    assert effective(environ, "x") is None


def test_variables_are_the_strongest(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path / "config" / "pip" / "pip.conf", "[global]\nfind-links = a b\ntimeout = 3\n")
    environ |= {"PIP_FIND_LINKS": "c\nd", "PIP_DEFAULT_TIMEOUT": "9", "PIP_INDEX_URL": ""}
    settings = read_pip_settings(environ)
    assert settings.words("find-links") == ("c", "d")
    assert settings.text("timeout") == "9"
    assert settings.text("index-url") is None


def test_an_activated_environment_has_a_file_too(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path / "venv" / "pip.conf", "[global]\nindex-url = v\n")
    write(tmp_path / "config" / "pip" / "pip.conf", "[global]\nindex-url = u\n")
    environ["VIRTUAL_ENV"] = str(tmp_path / "venv")
    assert effective(environ, "index-url") == "v"


def test_lists_and_switches(environ: dict[str, str]) -> None:
    environ |= {"PIP_NO_BINARY": "a,b", "PIP_PRE": "Yes", "PIP_NO_INDEX": "off"}
    settings = read_pip_settings(environ)
    assert settings.names("no-binary") == ("a", "b")
    assert settings.is_on("pre")
    assert not settings.is_on("no-index")


@pytest.mark.parametrize("text", ["no section = 1\n", "[global]\nx = %(y)s %\n", "[global\n"])
def test_a_broken_file_stops_nothing(tmp_path: Path, environ: dict[str, str], text: str) -> None:
    write(tmp_path / "config" / "pip" / "pip.conf", text)
    environ["PIP_INDEX_URL"] = "https://host.example"
    assert effective(environ, "index-url") == "https://host.example"
