"""From values that are given to parameters that are checked.

Sources, the weakest first: the entry point's default, the parameter file, `-P`. All values
are checked before anything is built, and all mistakes are reported at once. A value that fits
is passed on as the text that was given; a secret is read, and passed on beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from mlrun.errors import Location, ParameterError, Problem
from mlrun.light_dataclass import dataclass
from mlrun.project.command.values import CommandValue, LeftOut, Variable
from mlrun.project.model import EntryPoint, Flag, Parameter
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import is_remote, is_true, misfit

_LONGEST_SHOWN = 60


class ValueSource(str, Enum):
    """Where a value came from."""

    DEFAULT = "default"
    FILE = "file"
    FLAG = "flag"


@dataclass(frozen=True)
class BoundValue:
    """One value, as given.

    Attributes:
        name: Of the parameter.
        type: None for a parameter that the entry point does not declare.
        text: As given.
        source: Where it came from.
        base: For a relative path, and for a secret's relative file, the folder that it is
            relative to: the project's for a default, where the user stands for all that is
            given. None for everything else, so that equal work is equal wherever the user stands.
        location: Of the text, where it stands in a file.
        flag: How a truth value stands in the command, None for its text.
        variable: Of a secret, the variable of the command's environment that holds it.
        secret: Of a secret, what it is; `text` is then where it was taken from (`@FILE`,
            `env:NAME`). Never shown.
    """

    name: str
    type: ParameterType | None
    text: str
    source: ValueSource
    base: Path | None = None
    location: Location | None = None
    flag: Flag | None = None
    variable: str | None = None
    secret: str | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Binding:
    """All values of one run.

    Attributes:
        values: The declared ones in the file's order, then the others.
        warnings: What is suspicious about them.
        absent: Names of optional parameters that have no value.
    """

    values: tuple[BoundValue, ...]
    warnings: tuple[Problem, ...]
    absent: tuple[str, ...] = ()


def bind(
    entry_point: EntryPoint,
    *,
    given: Mapping[str, str | None],
    params_file: Path | None,
    cwd: Path,
    project_folder: Path,
    environ: Mapping[str, str] | None = None,
) -> Binding:
    """Choose each parameter's value, and check them all.

    Args:
        entry_point: Declares the parameters.
        given: Values by name, the strongest source; None for no value of an optional parameter.
        params_file: A file with further values.
        cwd: Where the user stands.
        project_folder: The project's folder.
        environ: The variables that secrets are read from; by default this process's.

    Raises:
        ParameterError: Values are missing or wrong; it names them all.
        ProjectError: The parameter file is wrong.
    """
    file = cwd / params_file if params_file is not None else None
    offered = dict(_offered(given, file, entry_point))
    undeclared = [name for name in offered if name not in entry_point.parameters]
    problems: list[Problem] = []
    warnings: list[Problem] = []
    values: list[BoundValue] = []
    absent: list[str] = []
    for parameter in entry_point.parameters.values():
        is_left_out = parameter.name in offered and offered[parameter.name] is None
        value = offered.pop(parameter.name, None)
        bound = _bound(parameter, value, project_folder if value is None else cwd)
        if is_left_out or (bound is None and parameter.optional):
            absent.append(parameter.name)
        elif bound is None:
            problems.append(_missing(parameter, undeclared))
        elif parameter.secret:
            values += _with_secret(bound, parameter, environ, problems)
        else:
            values.append(bound)
            _check(bound, parameter, problems, warnings)
    for value in filter(None, offered.values()):
        values.append(value)
        _check_undeclared(value, entry_point, problems, warnings)
    if problems:
        raise ParameterError(tuple(problems))
    return Binding(tuple(values), tuple(warnings), tuple(absent))


def resolve(values: Iterable[BoundValue]) -> dict[str, str]:
    """Return the texts for the command: a local path absolute, everything else as given."""
    return {value.name: _resolved(value) for value in values}


def recorded_text(value: BoundValue) -> str:
    """Return a value as it may be recorded: a remote path without credentials.

    Of a secret that is where it was taken from.
    """
    if value.type is not ParameterType.PATH or not _is_remote(value.text):
        return value.text
    from mlrun.project.parameters.remote_paths import shown_address

    return shown_address(value.text)


def secret_variables(values: Iterable[BoundValue]) -> dict[str, str]:
    """Return the variables in which the command finds its secrets."""
    return {v.variable: v.secret for v in values if v.variable is not None and v.secret is not None}


def secret_bytes(values: Iterable[BoundValue]) -> tuple[bytes, ...]:
    """Return what must not stand in the command's log."""
    return tuple(os.fsencode(v.secret) for v in values if v.secret is not None)


def command_values(
    values: Iterable[BoundValue], absent: Iterable[str] = ()
) -> dict[str, CommandValue]:
    """Return what goes to the placeholders of a command, by name.

    Args:
        values: The values of a run.
        absent: Names of parameters without one.
    """
    found = {value.name: _for_command(value) for value in values}
    return {**found, **dict.fromkeys(absent, LeftOut.OPTION)}


def _for_command(value: BoundValue) -> CommandValue:
    if value.variable is not None:
        return Variable(value.variable)
    if value.flag is None:
        return _resolved(value)
    return value.flag.on if is_true(value.text) else value.flag.off or LeftOut.ARGUMENT


def text_of(value: Any) -> str:
    """Return a Python value as text, as MLflow passes it (`str`)."""
    return value if isinstance(value, str) else str(value)


def _offered(
    given: Mapping[str, str | None], params_file: Path | None, entry_point: EntryPoint
) -> Iterator[tuple[str, BoundValue | None]]:
    """Yield what is given by name, the weaker source first; None for no value at all."""
    optional = {p.name for p in entry_point.parameters.values() if p.optional}
    if params_file is not None:
        from mlrun.project.parameters.params_file import read_params_file

        source = ValueSource.FILE
        for name, found in read_params_file(params_file, with_null=True).items():
            if not found.is_null:
                yield name, BoundValue(name, None, found.text, source, location=found.location)
            elif name in optional:
                yield name, None
    for name, text in given.items():
        if text is None and name in optional:
            yield name, None
        else:
            yield name, BoundValue(name, None, text_of(text), ValueSource.FLAG)


def _bound(parameter: Parameter, value: BoundValue | None, folder: Path) -> BoundValue | None:
    if value is not None:
        text, source, location = value.text, value.source, value.location
    elif parameter.default is not None:
        text, source = parameter.default, ValueSource.DEFAULT
        location = parameter.default_location or parameter.location
    else:
        return None
    is_path = parameter.type is ParameterType.PATH and not _is_remote(text)
    base = folder if is_path and _is_relative(text) else None
    return BoundValue(
        parameter.name,
        parameter.type,
        text,
        source,
        base or _secret_base(parameter, text, folder),
        location,
        parameter.flag,
    )


def _secret_base(parameter: Parameter, text: str, folder: Path) -> Path | None:
    if not parameter.secret:
        return None
    from mlrun.project.parameters.secrets import is_relative_file

    return folder if is_relative_file(text) else None


def _with_secret(
    value: BoundValue,
    parameter: Parameter,
    environ: Mapping[str, str] | None,
    problems: list[Problem],
) -> Iterator[BoundValue]:
    """Yield a value with what it names, nothing where that cannot be had."""
    from mlrun.project.parameters import secrets

    name, place = value.name, value.location
    if not secrets.is_reference(value.text):
        # The line is not shown, which holds the secret.
        place = _unshown(place)
        message = f"'{name}' is secret, and its value is never written out but named"
        problems.append(Problem(message, place, secrets.how_to_name(name)))
        return
    try:
        secret = secrets.read_secret(
            value.text, value.base, os.environ if environ is None else environ
        )
    except secrets.UnreadableSecretError as error:
        message = f"the secret '{name}' is in {_shown(value.text)}, {error.message}"
        problems.append(Problem(message, place, error.hint))
        return
    wrong = secrets.misfit_of(parameter, secret)
    if wrong is not None:
        message = f"the secret '{name}', in {_shown(value.text)}, {wrong}"
        problems.append(Problem(message, place))
    yield replace(value, variable=secrets.variable_of(name), secret=secret)


def _missing(parameter: Parameter, undeclared: Iterable[str]) -> Problem:
    from mlrun.near_miss import near_miss

    near = near_miss(parameter.name, undeclared)
    return Problem(
        f"the parameter '{parameter.name}' has no value and no default"
        + (f", but there is one for '{near}'" if near else ""),
        parameter.location,
        f"give one: -P {parameter.name}=VALUE",
    )


def _check(
    value: BoundValue, parameter: Parameter, problems: list[Problem], warnings: list[Problem]
) -> None:
    problem = _path_problem(value, parameter) if parameter.type is ParameterType.PATH else None
    if problem is not None:
        problems.append(problem)
        return
    is_path = parameter.type is ParameterType.PATH
    wrong = None if is_path else misfit(parameter.type, value.text)
    is_misfit = wrong is not None
    if not is_misfit and _has_constraints(parameter):
        from mlrun.project.parameters.constraints import violation

        wrong = violation(parameter, value.text)
    if wrong is None:
        return
    message = f"the {_what(value)} of '{value.name}', {_shown_text(value)}, {wrong}"
    # MLflow checks no default but a URI's, so a project can depend on passing others.
    is_tolerated = value.source is ValueSource.DEFAULT and parameter.type is not ParameterType.URI
    if is_misfit and is_tolerated and parameter.flag is None:
        warnings.append(Problem(message, value.location, "it is passed as it is"))
    else:
        problems.append(Problem(message, value.location, _hint(value, parameter)))


def _has_constraints(parameter: Parameter) -> bool:
    limits = (parameter.minimum, parameter.maximum, parameter.pattern)
    return bool(parameter.choices) or limits != (None, None, None)


def _unshown(place: Location | None) -> Location | None:
    """Return a place of which no message shows the line."""
    return replace(place, source_line="") if place is not None else None


def _check_undeclared(
    value: BoundValue, entry_point: EntryPoint, problems: list[Problem], warnings: list[Problem]
) -> None:
    wrong = misfit(ParameterType.STRING, value.text) or misfit(ParameterType.STRING, value.name)
    if wrong is not None:
        problems.append(Problem(f"the {_what(value)} of '{value.name}' {wrong}", value.location))
    from mlrun.near_miss import near_miss

    meant = near_miss(value.name, entry_point.parameters)
    if meant is not None and entry_point.parameters[meant].secret:
        # On the command's line, as it would get there, everybody on this machine could read it.
        message = f"the entry point declares no parameter '{value.name}', but the secret '{meant}'"
        problems.append(Problem(message, _unshown(value.location), f"write {meant}=..."))
    elif meant is not None:
        warnings.append(
            Problem(
                f"the entry point declares no parameter '{value.name}', so the command gets "
                f"--{value.name}",
                value.location,
                f"did you mean '{meant}'?",
            )
        )


def _path_problem(value: BoundValue, parameter: Parameter) -> Problem | None:
    name, shown = value.name, _shown_text(value)
    if "\0" in value.text:
        return Problem(f"the {_what(value)} of '{name}' contains a NUL character", value.location)
    if _is_remote(value.text):
        return _remote_problem(value) if parameter.exists else None
    is_named = value.text != "" and not parameter.exists
    if is_named or (value.text and os.path.exists(_resolved(value))):  # noqa: PTH110 - tells no from error
        return None
    return Problem(
        f"the path '{name}' is {shown}, and there is no such file or folder"
        + (f" in {value.base}" if value.base is not None else ""),
        value.location,
        _path_hint(value) or "a path that the command will write is declared with `exists: false`",
    )


def _path_hint(value: BoundValue) -> str | None:
    """Return what to say of a path that is nearly that of something which is there."""
    if not value.text:
        return "give the path of a file or folder"
    from mlrun.near_miss import nearest_path

    near = nearest_path(Path(_resolved(value)))
    if near is None:
        return None
    base = value.base
    shown = near.relative_to(base) if base is not None and near.is_relative_to(base) else near
    return f"did you mean {str(shown)!r}?"


def _remote_problem(value: BoundValue) -> Problem | None:
    from mlrun.project.parameters.remote_paths import refusal_of

    refusal = refusal_of(value.text)
    if refusal is None:
        return None
    message = f"the path '{value.name}' is {_shown_text(value)}, {refusal[0]}"
    return Problem(message, value.location, refusal[1])


def _resolved(value: BoundValue) -> str:
    if value.type is not ParameterType.PATH or _is_remote(value.text):
        return value.text
    local = _local(value.text)
    return os.path.abspath(local if value.base is None else value.base / local)


def _is_remote(text: str) -> bool:
    return ":" in text and is_remote(text)


def _is_relative(text: str) -> bool:
    return not Path(_local(text)).is_absolute()


def _local(text: str) -> str:
    """Return a path with `file:` and `~` resolved."""
    if text[:5].lower() == "file:":
        from urllib.parse import unquote, urlsplit

        return unquote(urlsplit(text).path)
    return os.path.expanduser(text)  # noqa: PTH111 - an unknown user is no error here


def _what(value: BoundValue) -> str:
    return "default" if value.source is ValueSource.DEFAULT else "value"


def _hint(value: BoundValue, parameter: Parameter) -> str | None:
    if value.text:
        return None
    if value.source is ValueSource.FILE:
        return "give a value, or leave it out of the file"
    if parameter.default is None and not parameter.optional:
        return "give a value"
    without = "the default" if parameter.default is not None else "no value"
    return f"leave out -P {value.name}= for {without}, or give a value"


def _shown_text(value: BoundValue) -> str:
    return _shown(recorded_text(value))


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")
