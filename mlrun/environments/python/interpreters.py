"""Finds an interpreter for an environment: among those installed, or fetched by uv.

Looked at are, in this order: those that uv manages, those of pyenv, `pythonX.Y`, `python3` and
`python` on PATH and in the usual folders, and last the one that mlrun itself runs on. A name
proves nothing (pyenv's shims are scripts that may refuse), so each candidate that could serve
is asked for its version. All this happens only when an environment is built.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlrun.environments.python.version import (
    PythonRequest,
    Version,
    format_version,
    parse_version,
)

_USUAL_FOLDERS = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
_PATIENCE = 20.0
"""Seconds that an interpreter has to say its version."""

# Understood by every Python since 2.6.
_QUESTION = (
    "import sys;i=getattr(sys,'implementation',None);"
    "print('%d.%d.%d'%sys.version_info[:3]);print(i.name if i else '');"
    "print(getattr(sys,'abiflags',''));print(sys.prefix);"
    "print(getattr(sys,'base_prefix',sys.prefix));print(sys.executable)"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be an interpreter.

    Attributes:
        path: Where it lies.
        known: The parts of its version that its place tells; may be empty.
        is_users: Whether `python` or `python3` on the user's PATH means it.
    """

    path: Path
    known: tuple[int, ...] = ()
    is_users: bool = False


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that answered.

    Attributes:
        path: The interpreter itself, never one in a virtual environment.
        version: What it said.
        is_users: Whether `python` on the user's PATH means it.
    """

    path: Path
    version: Version
    is_users: bool = False


def installed(environ: Mapping[str, str], request: PythonRequest) -> tuple[Interpreter, ...]:
    """Return all interpreters that serve a request."""
    return tuple({found.path: found for found in _serving(environ, request)}.values())


def preferred(environ: Mapping[str, str], request: PythonRequest) -> Interpreter | None:
    """Return the interpreter to take, None where none is installed that serves.

    That is the highest version; but where the request leaves the minor version open, the
    user's own `python` comes first.
    """
    best: Interpreter | None = None
    for found in _serving(environ, request):
        if request.exact or (request.is_open and found.is_users):
            return found
        if best is None or found.version > best.version:
            best = found
    return best


def _serving(environ: Mapping[str, str], request: PythonRequest) -> Iterator[Interpreter]:
    for candidate in candidates(environ):
        if request.may_accept(candidate.known):
            interpreter = ask(candidate)
            if interpreter is not None and request.accepts(interpreter.version):
                yield interpreter


def ask(candidate: Candidate) -> Interpreter | None:
    """Start a candidate and return what it is; None if it is no usable interpreter.

    Only CPython is usable, with its global lock: that is what packages are built for.
    """
    try:
        answer = subprocess.run(
            [str(candidate.path), "-I", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = os.fsdecode(answer.stdout).splitlines()
    version = parse_version(lines[0]) if len(lines) == 6 else ()
    if len(version) != 3 or lines[1] != "cpython" or "t" in lines[2]:
        return None
    path = _base(Path(lines[5]), Path(lines[3]), Path(lines[4]), version)
    return Interpreter(path, (version[0], version[1], version[2]), candidate.is_users)


def _base(executable: Path, prefix: Path, base: Path, version: tuple[int, ...]) -> Path:
    if prefix == base:
        return executable
    if os.name == "nt":
        return base / "python.exe"
    return base / "bin" / f"python{version[0]}.{version[1]}"


def candidates(environ: Mapping[str, str]) -> Iterator[Candidate]:
    """Yield whatever may be an interpreter. Starts nothing."""
    users = _users_own(environ)
    if users is not None:
        yield Candidate(users, is_users=True)
    yield from _of_uv(environ)
    yield from _of_pyenv(environ)
    yield from _on_path(environ)
    yield Candidate(Path(getattr(sys, "_base_executable", sys.executable)), sys.version_info[:3])


def _users_own(environ: Mapping[str, str]) -> Path | None:
    from shutil import which

    names = (which(name, path=environ.get("PATH")) for name in ("python", "python3"))
    return next((Path(name) for name in names if name), None)


def _of_uv(environ: Mapping[str, str]) -> Iterator[Candidate]:
    for folder in _subfolders(uv_python_folder(environ)):
        known = parse_version(folder.name.removeprefix("cpython-"))
        if folder.name.startswith("cpython-") and len(known) == 3:
            yield Candidate(_python_in(folder), known)


def uv_python_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder that uv installs interpreters into."""
    own = environ.get("UV_PYTHON_INSTALL_DIR")
    if own:
        return Path(own)
    if os.name == "nt":
        return Path(environ.get("APPDATA", Path.home())) / "uv" / "data" / "python"
    data = environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "uv" / "python"


def _of_pyenv(environ: Mapping[str, str]) -> Iterator[Candidate]:
    root = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in _subfolders(root / "versions"):
        known = parse_version(folder.name)
        if re.fullmatch(r"\d+\.\d+\.\d+", folder.name):
            yield Candidate(_python_in(folder), known)


def _on_path(environ: Mapping[str, str]) -> Iterator[Candidate]:
    folders = [*environ.get("PATH", "").split(os.pathsep), *_USUAL_FOLDERS]
    seen: set[Path] = set()
    for folder in dict.fromkeys(filter(None, folders)):
        for name in _names(Path(folder)):
            found = re.fullmatch(r"python(\d(?:\.\d+)?)?(\.exe)?", name)
            path = Path(folder, name)
            if found and path.resolve() not in seen:
                seen.add(path.resolve())
                yield Candidate(path, parse_version(found[1] or ""))


def _python_in(folder: Path) -> Path:
    return folder / "python.exe" if os.name == "nt" else folder / "bin" / "python3"


def _subfolders(folder: Path) -> list[Path]:
    return [folder / name for name in _names(folder)]


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder), reverse=True)
    except OSError:
        return []


def versions_text(interpreters: Iterable[Interpreter]) -> str:
    """Return the versions of interpreters, the lowest first, each once: `3.8.18, 3.11.7`."""
    return ", ".join(format_version(v) for v in sorted({i.version for i in interpreters}))


def fetch_with_uv(uv: Path, request: str, environ: Mapping[str, str]) -> Interpreter | None:
    """Let uv download an interpreter, and return it; None where it cannot.

    uv's own settings hold: a mirror, no network, no downloads. Without network it would try
    for long, so it tries only once again, unless the user said how often. Nothing is put on
    the user's PATH.
    """
    env = {"UV_HTTP_RETRIES": "1", "UV_PYTHON_INSTALL_BIN": "0", **environ}
    for argv in (
        [str(uv), "python", "install", "--no-progress", request],
        [str(uv), "python", "find", "--no-project", "--managed-python", request],
    ):
        answer = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, env=env, check=False
        )
        if answer.returncode:
            return None
    return ask(Candidate(Path(os.fsdecode(answer.stdout).strip())))
