"""What the user configured for pip, so that it holds for uv too.

pip's rules, from its documentation and seen with pip itself: a variable `PIP_X` is stronger than
any file; of the files the strongest is the one that `PIP_CONFIG_FILE` names (the user's own
file is then left out, and `os.devnull` leaves out all), then those of the environment that is
activated, of the user, of the system; in a file `[install]` is stronger than `[global]`. A list
in a stronger place replaces the weaker one. Empty values count as not given.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_ALIASES = {"pypi-url": "index-url", "default-timeout": "timeout"}
_TRUE = ("1", "true", "yes", "on", "y", "t")


@dataclass(frozen=True, slots=True)
class PipSettings:
    """The settings that matter when packages are installed, by pip's own names.

    Attributes:
        values: Name (`index-url`) to value, as pip would read it.
    """

    values: Mapping[str, str]

    def text(self, name: str) -> str | None:
        """Return one value, None where there is none."""
        return self.values.get(name)

    def words(self, name: str) -> tuple[str, ...]:
        """Return the values of a setting that takes several, which white space separates."""
        return tuple(self.values.get(name, "").split())

    def names(self, name: str) -> tuple[str, ...]:
        """Return the package names of a setting that takes them, which commas separate."""
        return tuple(filter(None, self.values.get(name, "").replace(",", " ").split()))

    def is_on(self, name: str) -> bool:
        """Return whether a setting is switched on."""
        return self.values.get(name, "").lower() in _TRUE


def read_pip_settings(environ: Mapping[str, str]) -> PipSettings:
    """Read all files and variables that pip would read. A file that cannot be read is left out."""
    values: dict[str, str] = {}
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for file in config_files(environ):
        for section, content in _read(file).items():
            sections.setdefault(section, {}).update(content)
    values |= sections["global"]
    values |= sections["install"]
    for name, value in environ.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE":
            _put(values, name[len("PIP_") :], value)
    return PipSettings(values)


def config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that pip would read, the weakest first; not all of them are there."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    yield from _system_files(environ)
    if not (named and Path(named).exists()):
        yield from _user_files(environ)
    for variable in ("CONDA_PREFIX", "VIRTUAL_ENV"):
        if environ.get(variable):
            yield Path(environ[variable]) / _file_name()
    if named:
        yield Path(named)


def _file_name() -> str:
    return "pip.ini" if os.name == "nt" else "pip.conf"


def _system_files(environ: Mapping[str, str]) -> Iterator[Path]:
    if os.name == "nt":
        yield Path(environ.get("PROGRAMDATA", "C:/ProgramData")) / "pip" / "pip.ini"
        return
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
    for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")


def _user_files(environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if os.name == "nt":
        yield home / "pip" / "pip.ini"
        yield Path(environ.get("APPDATA", home)) / "pip" / "pip.ini"
        return
    yield home / ".pip" / "pip.conf"
    own = home / "Library" / "Application Support"
    if sys.platform == "darwin" and (own / "pip").is_dir():
        yield own / "pip" / "pip.conf"
    else:
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"


def _read(file: Path) -> dict[str, dict[str, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text)
    except Error:
        return {}
    sections: dict[str, dict[str, str]] = {}
    for section in parser.sections():
        content = sections.setdefault(section, {})
        for name, value in parser.items(section):
            _put(content, name, value)
    return sections


def _put(values: dict[str, str], name: str, value: str) -> None:
    name = name.lower().replace("_", "-").removeprefix("--")
    if value.strip():
        values[_ALIASES.get(name, name)] = value.strip()
