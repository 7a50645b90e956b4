"""What scripts take that are not Python's: the shell's, and R's."""

from __future__ import annotations

import re
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import misfit
from mlrun.scaffold.found import Argument, Reading, ScriptCommand
from mlrun.scaffold.value_types import one_line

_SHELL_NAME = r"(?:^|[\s;])(?:(?:local|export|readonly|declare)\s+)?(?P<name>[A-Za-z_]\w*)=[\"']?"
_SHELL_USE = re.compile(
    rf"(?:{_SHELL_NAME})?\$(?:(?P<plain>[1-9])|\{{(?P<braced>[1-9])(?::?[-=](?P<default>[^}}]*)"
    r"|:?\?[^}]*)?\})"
)
_FUNCTION = re.compile(r"(?:function\s+)?[\w-]+\s*\(\)\s*\{?|function\s+[\w-]+\s*\{?")
_SHELL_PARSING = re.compile(r"^\s*(?:shift\b|.*\bgetopts?\b|case\s+\"?\$[1*@])", re.MULTILINE)

_R_NUMBERED = re.compile(
    r"(?:(?P<name>[A-Za-z.][\w.]*)\s*(?:<-|=)\s*)?(?:as\.(?P<kind>\w+)\()?args\[{1,2}(?P<number>\d)\]"
)
_R_OPTION = re.compile(
    r"(?:make_option|add_option|add_argument)\s*\((?P<inside>(?:[^()\"']|\"[^\"]*\"|'[^']*'"
    r"|\((?:[^()\"']|\"[^\"]*\"|'[^']*')*\))*)\)"
)
_R_KINDS = {
    "double": ParameterType.FLOAT,
    "numeric": ParameterType.FLOAT,
    "integer": ParameterType.INT,
}


def read_shell(text: str, file: Path) -> Reading | None:
    """Return the numbered parameters of a shell script, None where it uses none.

    Args:
        text: The script.
        file: Where it is, for notes.
    """
    found: dict[int, Argument] = {}
    for number, code in _outside_functions(text):
        for use in _SHELL_USE.finditer(code):
            place = int(use["plain"] or use["braced"])
            found.setdefault(place, _shell_argument(use, place, number))
    parsing = _SHELL_PARSING.search(text)
    if parsing is not None:
        line = text.count("\n", 0, parsing.start()) + 1
        note = Problem(
            "the options that this script parses are not read", Location(file, line),
            "declare them as parameters, and put them into the command",
        )  # fmt: skip
        return Reading("the shell", line, (ScriptCommand(None, ()),), (note,))
    arguments = _without_gaps(found)
    if not arguments:
        return None
    return Reading("the shell", arguments[0].line, (ScriptCommand(None, tuple(arguments)),))


def _outside_functions(text: str) -> list[tuple[int, str]]:
    """Return the lines with their numbers that are no comment and in no function."""
    lines, is_inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if not is_inside and _FUNCTION.match(line):
            is_inside = "}" not in line
        elif is_inside:
            is_inside = not line.startswith("}")
        elif not line.lstrip().startswith("#"):
            lines.append((number, re.sub(r"'[^']*'|\\\$", "", line)))
    return lines


def _shell_argument(use: re.Match[str], place: int, line: int) -> Argument:
    default = use["default"]
    plain = default.strip("\"'") if default is not None else None
    is_known = plain is not None and not re.search(r"[$`\\\"'~*?]", plain)
    return Argument(
        name=(use["name"] or f"arg{place}").lower(),
        line=line,
        default=plain if is_known else None,
        is_required=default is None,
        is_empty_absent=default is not None,
    )


def _without_gaps(found: dict[int, Argument]) -> list[Argument]:
    first = min((argument.line for argument in found.values()), default=1)
    gaps = {n: Argument(f"arg{n}", first, is_required=True)
            for n in range(1, max(found, default=0) + 1)}  # fmt: skip
    return [argument for _, argument in sorted({**gaps, **found}.items())]


def read_r(text: str, file: Path) -> Reading | None:  # noqa: ARG001 - as the other readers
    """Return the arguments of an R script: `args[1]`, and options of optparse and argparse."""
    options = [_r_option(use, text) for use in _R_OPTION.finditer(text)]
    named = [argument for argument in options if argument is not None]
    if named:
        return Reading("optparse", named[0].line, (ScriptCommand(None, tuple(named)),))
    if "commandArgs" not in text:
        return None
    found: dict[int, Argument] = {}
    for use in _R_NUMBERED.finditer(text):
        number, kind = int(use["number"]), _R_KINDS.get(use["kind"] or "", ParameterType.STRING)
        name = (use["name"] or f"arg{number}").replace(".", "_")
        line = text.count("\n", 0, use.start()) + 1
        if number:
            found.setdefault(number, Argument(name, line, kind=kind, is_required=True))
    if not found:
        return None
    arguments = _without_gaps(found)
    return Reading("commandArgs", arguments[0].line, (ScriptCommand(None, tuple(arguments)),))


def _r_option(use: re.Match[str], text: str) -> Argument | None:
    inside = use["inside"]
    spelling = re.search(r"[\"'](--[\w-]+)[\"']", inside)
    if spelling is None:
        return None
    is_flag = re.search(r"action\s*=\s*[\"']store_(?:true|false)", inside) is not None
    kind = re.search(r"type\s*=\s*[\"'](\w+)[\"']", inside)
    default = re.search(r"default\s*=\s*(?:[\"']([^\"']*)[\"']|(-?[\d.]+(?:e-?\d+)?)L?)", inside)
    described = re.search(r"help\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", inside)
    known = _R_KINDS.get(kind[1] if kind else "", ParameterType.STRING)
    value = (default[1] if default[1] is not None else default[2]) if default else None
    if is_flag:
        known, value = ParameterType.BOOL, "false"
    description = one_line(described[1] or described[2]) if described else None
    return Argument(
        spelling[1].lstrip("-"),
        text.count("\n", 0, use.start()) + 1,
        spelling[1],
        known,
        value if value is not None and misfit(known, value) is None else None,
        flag=Flag(spelling[1]) if is_flag else None,
        description=re.sub(r"\s*\[?default:? %default\]?", "", description or "") or None,
    )
