"""What is wrong with the defaults of parameters, which the reading of a file leaves to a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.near_miss import nearest_file
from mlrun.project.model import Parameter, Project
from mlrun.project.parameters.constraints import violation
from mlrun.project.parameters.matching import SomeMatches
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import is_remote, misfit
from mlrun.project.reading.nodes import shown

_OUTPUTS = frozenset(
    {
        *("dest", "destination", "export", "out", "outdir", "outfile", "outpath", "output"),
        *("outputs", "report", "result", "results", "save", "saved", "target"),
    }
)
"""Words of the names of what a command writes."""

_SURE_OUTPUTS = frozenset({"out", "outdir", "outfile", "outpath", "output", "outputs"})

_PASSWORDS = re.compile(
    r"(?:.*[_\-.])?(?:pass(?:word|wd|phrase)|secret|api[_\-]?key|(?:secret|access|private)[_\-]key"
    r"|(?:access|api|auth|bearer|github|gitlab|hf|wandb)[_\-]token)",
    re.IGNORECASE,
)
"""Names of what nobody should read. A `token` alone may be a model's (`pad_token`)."""

_NOTHING = frozenset({"", "none", "null"})


def check_parameters(project: Project) -> Iterator[Problem]:
    """Yield what is wrong or suspicious about the declared parameters of a project."""
    match = SomeMatches()
    for entry_point in project.entry_points.values():
        for parameter in entry_point.parameters.values():
            if parameter.default is None:
                yield from _required_output(parameter)
            elif not parameter.secret:
                yield from _about_default(parameter, parameter.default, project.folder, match)


def _about_default(
    parameter: Parameter, default: str, folder: Path, match: SomeMatches
) -> Iterator[Problem]:
    place = parameter.default_location or parameter.location
    yield from _open_password(parameter, default, place)
    if parameter.type is ParameterType.PATH:
        yield from _missing_path(parameter, default, folder, place)
    wrong = misfit(parameter.type, default) if parameter.type is not ParameterType.PATH else None
    if wrong is not None:
        yield Problem(
            f"the default of {shown(parameter.name)}, {shown(default)}, {wrong}",
            place,
            _mend(parameter, default),
            rule="unfit-default",
        )
        return
    broken = violation(parameter, default, match)
    if broken is not None:
        message = f"the default of {shown(parameter.name)}, {shown(default)}, {broken}"
        yield Problem(message, place, "no run can use it", rule="broken-default")


def _mend(parameter: Parameter, default: str) -> str:
    if default.lower() in _NOTHING:
        return "write `default: null` for no value: then its argument is left out"
    return f"write a value of the type {parameter.type.value}, or give another type"


def _missing_path(
    parameter: Parameter, default: str, folder: Path, place: Location
) -> Iterator[Problem]:
    """A default that is not there: many are data to be had elsewhere, of which nothing is said."""
    if not parameter.exists or not default or is_remote(default):
        return
    if default.startswith(("/", "~", "file:")) or (folder / default).exists():
        return
    name = shown(parameter.name)
    if _OUTPUTS.intersection(re.split(r"[_\-.]", parameter.name.lower())):
        message = f"{name} is a path that is not there, so no run can use this default"
        hint = "write `exists: false` if the command makes it"
        yield Problem(message, place, hint, rule="missing-output")
        return
    near = nearest_file(folder / default)
    if near is not None:
        message = f"the default of {name}, {shown(default)}, is not there"
        meant = (Path(default).parent / near).as_posix()
        yield Problem(message, place, f"did you mean `{meant}`?", rule="missing-path")


def _required_output(parameter: Parameter) -> Iterator[Problem]:
    """A path without a default: an output only where the name begins so (`out_file`)."""
    word = re.split(r"[_\-.]", parameter.name.lower())[0]
    if parameter.type is ParameterType.PATH and parameter.exists and word in _SURE_OUTPUTS:
        yield Problem(
            f"{shown(parameter.name)} looks like what the command makes, but must be there before",
            parameter.location,
            "write `{type: path, exists: false}` if the command makes it",
            rule="missing-output",
        )


def _open_password(parameter: Parameter, default: str, place: Location) -> Iterator[Problem]:
    is_open = parameter.type is ParameterType.STRING and default.lower() not in _NOTHING
    if is_open and _PASSWORDS.fullmatch(parameter.name):
        yield Problem(
            f"the default of {shown(parameter.name)} stands in the file, for all to read",
            replace(place, source_line=""),
            "write `secret: true`, and name where it is: `default: env:NAME`, or `@FILE`",
            rule="open-password",
        )
