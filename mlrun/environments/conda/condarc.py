"""The files and variables in which a user told conda how to work, as one set of values.

conda's rules: files are read in the order of its documented search path, the weakest first;
variables `CONDA_X` are stronger than any file. A list is the stronger list followed by the weaker
one, a mapping is merged key by key, and a value marked `#!final` is the last word on its key.
`$NAME` and `${NAME}` stand for variables.
https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/use-condarc.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from mlrun.errors import EnvironmentBuildError, MlrunError
from mlrun.project.reading.nodes import Document, read_document, scalar

Value = str | tuple[str, ...] | dict[str, "Value"] | None
"""A scalar as it was written, a list of scalars, or a mapping; None for null."""

LISTS = (
    *("channels", "default_channels", "pinned_packages"),
    *("allowlist_channels", "denylist_channels"),
)
MAPPINGS = ("custom_channels", "custom_multichannels", "mirrored_channels", "proxy_servers")
SCALARS = (
    *("channel_alias", "channel_priority", "ssl_verify", "remote_connect_timeout_secs"),
    *("remote_max_retries", "offline", "subdir", "add_pip_as_python_dependency"),
    "add_anaconda_token",
)
_KNOWN = frozenset((*LISTS, *MAPPINGS, *SCALARS))
_ALIASES = {
    "channel": "channels",
    "verify_ssl": "ssl_verify",
    "whitelist_channels": "allowlist_channels",
}
_SEPARATORS = {"pinned_packages": "&"}
_FILES_OF_A_FOLDER = (".condarc", "condarc", "condarc.d")
_FINAL = re.compile(r"#!\s*final\b")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def read_condarc(environ: Mapping[str, str]) -> dict[str, Value]:
    """Return what conda's files and variables say, by conda's own names; what none says is absent.

    Raises:
        EnvironmentBuildError: One of the files cannot be read.
    """
    values: dict[str, Value] = {}
    final: set[str] = set()
    for file in condarc_files(environ):
        for key, value, is_final in _read(file, environ):
            if key not in final:
                values[key] = _merged(values.get(key), value)
            if is_final:
                final.add(key)
    for key, value in _variables(environ):
        if key not in final:
            values[key] = _merged(values.get(key), value)
    return values


def condarc_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that conda would read, the weakest first; all of them are there."""
    for place in _places(environ):
        if place.name == "condarc.d":
            yield from sorted(file for file in _listed(place) if _is_condarc(file))
        elif place.is_file():
            yield place


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    folders = [*_system_folders(), _root(environ)]
    if environ.get("XDG_CONFIG_HOME"):
        folders.append(Path(environ["XDG_CONFIG_HOME"], "conda"))
    folders += [home / ".config" / "conda", home / ".conda"]
    seen: set[Path] = set()
    for folder in folders:
        if folder is not None and folder not in seen:
            seen.add(folder)
            yield from (folder / name for name in _FILES_OF_A_FOLDER)
    yield home / ".condarc"
    if environ.get("CONDA_PREFIX"):
        yield from (Path(environ["CONDA_PREFIX"], name) for name in _FILES_OF_A_FOLDER)
    if environ.get("CONDARC"):
        yield Path(environ["CONDARC"]).expanduser()


def _system_folders() -> tuple[Path, ...]:
    if os.name == "nt":
        return (Path("C:/ProgramData/conda"),)
    return Path("/etc/conda"), Path("/var/lib/conda")


def _root(environ: Mapping[str, str]) -> Path | None:
    """Return where conda is installed, as far as the variables tell."""
    for name in ("CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        if environ.get(name):
            return Path(environ[name])
    program = environ.get("CONDA_EXE")
    return Path(program).parent.parent if program else None


def _listed(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except OSError:
        return []


def _is_condarc(file: Path) -> bool:
    return file.suffix in (".yml", ".yaml") or file.name in ("condarc", ".condarc")


def _read(file: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, Value, bool]]:
    try:
        document = read_document(file)
        if document.root is None:
            return
        entries = document.entries(document.root, "conda's settings")
        for name, entry in entries.items():
            key = _ALIASES.get(name, name)
            if key in _KNOWN:
                line = document.text.splitlines()[entry.key.start_mark.line]
                value = _value(document, entry.value, environ)
                yield key, _fitting(key, value), bool(_FINAL.search(line))
    except MlrunError as error:
        raise EnvironmentBuildError(
            f"conda's settings cannot be read: {error.message}",
            location=error.location,
            hint=error.hint,
        ) from error


def _value(document: Document, node: yaml.Node, environ: Mapping[str, str]) -> Value:
    if isinstance(node, yaml.SequenceNode):
        texts = (scalar(item) for item in node.value)
        return tuple(_expanded(text, environ) for text in texts if text)
    if isinstance(node, yaml.MappingNode):
        entries = document.entries(node, "conda's settings")
        return {key: _value(document, entry.value, environ) for key, entry in entries.items()}
    text = scalar(node)
    return None if text is None else _expanded(text, environ)


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    for name in (*LISTS, *SCALARS, *_ALIASES):
        text = environ.get(f"CONDA_{name.upper()}")
        if text:
            key = _ALIASES.get(name, name)
            yield key, _fitting(key, _expanded(text, environ))


def _fitting(key: str, value: Value) -> Value:
    """Return a value in the form that its key has: one text stands for a list of them."""
    if key in LISTS and isinstance(value, str):
        parts = value.split(_SEPARATORS.get(key, ","))
        return tuple(part.strip() for part in parts if part.strip())
    if isinstance(value, tuple):
        return value if key in LISTS else None
    if isinstance(value, dict):
        return value if key in MAPPINGS else None
    return value if key in SCALARS else None


def _merged(weaker: Value, stronger: Value) -> Value:
    if stronger is None:
        return weaker
    if isinstance(weaker, tuple) and isinstance(stronger, tuple):
        return tuple(dict.fromkeys((*stronger, *weaker)))
    if isinstance(weaker, dict) and isinstance(stronger, dict):
        return {**weaker, **stronger}
    return stronger


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: environ.get(found[1] or found[2], found[0]), text)
