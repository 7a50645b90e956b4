"""What a project file's author wrote for a shell, in volumes, expanded without one.

`~`, `$NAME`, `${NAME}`, `${NAME:-default}` and `$(pwd)` mean what a shell would make of them that
stands in the project's folder; so does `%cd%`, of Windows' shell. No other command
is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

COLON = "\0"
"""Stands for a colon in a folder's name until a volume has been split at the others."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PARTS = re.compile(
    rf"\\(?P<escaped>[$`\\\\])|\$\((?P<command>[^)]*)\)|`(?P<quoted>[^`]*)`"
    rf"|(?P<windows>%[cC][dD]%)|\$\{{(?P<braced>{_NAME})(?P<rest>(?:[^{{}}]|\$\{{[^}}]*\}})*)\}}|\$(?P<plain>{_NAME})",
    re.DOTALL,
)


def expand(text: str, folder: str, environ: Mapping[str, str]) -> str:
    """Return the text with its variables, `$(pwd)` and a leading `~` replaced.

    Args:
        text: As written.
        folder: What `$PWD` and `$(pwd)` mean: the project's, wherever the user stands.
        environ: The user's variables.

    Raises:
        ValueError: A variable is not set, or a command other than `pwd` is asked for; the
            message says which.
    """
    variables = {**environ, "PWD": folder.replace(":", COLON)}
    if text == "~" or text.startswith(("~/", "~:")):
        home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - HOME need not be set
        text = home.replace(":", COLON).replace("$", "\\$") + text[1:]
    return _PARTS.sub(lambda match: _replaced(match, variables), text)


def _replaced(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["escaped"] is not None:
        return match["escaped"]
    if match["windows"] is not None:
        return variables["PWD"]
    command = match["command"] if match["command"] is not None else match["quoted"]
    if command is not None:
        if command.strip() in ("pwd", "pwd -P", "pwd -L"):
            return variables["PWD"]
        raise ValueError(f"asks for the command `{command}`, and none but `pwd` is run")
    name, rest = match["braced"] or match["plain"], match["rest"] or ""
    return _variable(name, rest, variables)


def _variable(name: str, rest: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name)
    form = re.fullmatch(r"(:?)([-?])(.*)", rest, re.DOTALL)
    if rest and form is None:
        raise ValueError(f"has `${{{name}{rest}}}`, a form that is not known here")
    is_missing = value is None or (form is not None and form[1] == ":" and not value)
    if form is not None and form[2] == "-" and is_missing:
        return _PARTS.sub(lambda match: _replaced(match, variables), form[3])
    if value is None or is_missing:
        raise ValueError(f"uses the variable {name}, which is not set")
    return value
