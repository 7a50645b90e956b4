"""Decides on the interpreter of an environment, and says so where it is not the one asked for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlrun.environments.base import Report
from mlrun.environments.python.interpreters import (
    Interpreter,
    fetch_with_uv,
    installed,
    preferred,
    versions_text,
)
from mlrun.environments.python.version import PythonRequest, format_version
from mlrun.errors import EnvironmentBuildError, Location, Problem


@dataclass(frozen=True, slots=True)
class PythonWish:
    """A request, with what is needed to talk about it.

    Attributes:
        request: What will serve.
        text: The request as written, None where none is.
        location: Where it is written.
        exact: Refuse another patch version than the one asked for.
        locked: Whether it is the project's lock that asks.
    """

    request: PythonRequest
    text: str | None
    location: Location
    exact: bool
    locked: bool = False


@dataclass(frozen=True, slots=True)
class PythonChoice:
    """The interpreter to build with; `warning` where it is not what was asked for."""

    interpreter: Interpreter
    warning: Problem | None = None


def choose_python(
    wish: PythonWish, environ: Mapping[str, str], uv: Path | None, report: Report
) -> PythonChoice:
    """Find an interpreter that is installed, else fetch one, else take a near one.

    uv fetches it, or where uv has none (3.7 and older) it comes from conda's channels.

    Args:
        wish: What is asked for.
        environ: The user's environment variables.
        uv: The uv program, None where there is none.
        report: Takes a line when something is fetched.

    Raises:
        EnvironmentBuildError: There is none, and none can be fetched.
    """
    found = preferred(environ, wish.request)
    if found is not None:
        return PythonChoice(found)
    fetched = _fetch(wish, environ, uv, report) or _from_channels(wish, environ, report)
    if fetched is not None:
        return PythonChoice(fetched)
    near = preferred(environ, wish.request.any_patch()) if wish.request.exact else None
    if near is None or wish.exact:
        raise _none_found(wish, environ)
    return PythonChoice(near, _substituted(wish, near))


def _fetch(
    wish: PythonWish, environ: Mapping[str, str], uv: Path | None, report: Report
) -> Interpreter | None:
    if uv is None or not _may_fetch(environ):
        return None
    report(f"fetching Python {wish.text or wish.request} with uv, for none is installed")
    interpreter = fetch_with_uv(uv, str(wish.request), environ)
    if interpreter is None or not wish.request.accepts(interpreter.version):
        return None
    return interpreter


def _from_channels(
    wish: PythonWish, environ: Mapping[str, str], report: Report
) -> Interpreter | None:
    if not _may_fetch(environ):
        return None
    from mlrun.environments.conda.python import python_from_channels

    return python_from_channels(wish.request, environ, report)


def _may_fetch(environ: Mapping[str, str]) -> bool:
    return environ.get("UV_PYTHON_DOWNLOADS") not in ("never", "manual", "false", "0")


def _substituted(wish: PythonWish, interpreter: Interpreter) -> Problem:
    version = format_version(interpreter.version)
    return Problem(
        f"Python {wish.text} is asked for and cannot be had here: {version} takes its place",
        location=wish.location,
        hint=f"`uv python install {wish.text}` installs it; --exact-python refuses another one",
    )


def _none_found(wish: PythonWish, environ: Mapping[str, str]) -> EnvironmentBuildError:
    versions = versions_text(installed(environ, PythonRequest()))
    wanted = f"Python {wish.text or wish.request}"
    if wish.locked:
        wanted += ", which mlrun.lock names,"
        way_out = "; or write the lock anew: mlrun lock DIR --upgrade"
    else:
        way_out = "; leave out --exact-python" if wish.exact else ""
    command = shlex.join(["uv", "python", "install", str(wish.request)])
    return EnvironmentBuildError(
        f"{wanted} is not installed and could not be fetched (installed: {versions or 'none'})",
        location=wish.location,
        hint=f"install it, for example by `{command}` or with pyenv, or ask"
        f" for one that is installed{way_out}",
    )
