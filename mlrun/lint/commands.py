"""All that is wrong or suspicious in the commands of a project, each with its rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mlrun.errors import CommandError, Location, Problem
from mlrun.lint.command_form import about_form
from mlrun.lint.command_mending import doubled_braces
from mlrun.lint.command_slips import about_slips
from mlrun.lint.command_words import about_words
from mlrun.lint.unmarked_placeholders import about_unmarked
from mlrun.near_miss import near_miss
from mlrun.project.command.gaps import check_flags, without_gaps
from mlrun.project.command.places import place_among
from mlrun.project.command.shell.quoting import Allowed, Quote
from mlrun.project.command.template import CommandTemplate, Placeholder, examine_command
from mlrun.project.command.values import LeftOut, Variable
from mlrun.project.model import DockerEnv, Parameter, Project
from mlrun.project.parameters.secrets import variable_of
from mlrun.project.parameters.types import ParameterType
from mlrun.project.reading.nodes import shown

_NUMBERS = frozenset({ParameterType.INT, ParameterType.FLOAT})
_PLAIN = _NUMBERS | {ParameterType.BOOL}


def check_commands(project: Project, text: str | None = None) -> Iterator[Problem]:
    """Yield what is wrong or suspicious about the commands of a project.

    Args:
        project: As its file was read.
        text: What the project file holds, where that is not what lies on disk.
    """
    for entry_point in project.entry_points.values():
        if entry_point.problem is None and entry_point.command:
            asked = entry_point.environments or project.environments
            yield from command_problems(
                entry_point.command,
                entry_point.parameters,
                entry_point.location,
                text,
                in_container=any(isinstance(each, DockerEnv) for each in asked),
            )


def command_problems(
    command: str,
    parameters: Mapping[str, Parameter],
    location: Location,
    text: str | None = None,
    *,
    in_container: bool = False,
) -> tuple[Problem, ...]:
    """Return all that is wrong or suspicious about a command.

    Args:
        command: The template, as YAML gave it.
        parameters: Those that the entry point declares, by name.
        location: Of the command in the project file.
        text: What the project file holds, where that is not what lies on disk.
        in_container: Whether the project asks for a container.
    """
    try:
        template, mistakes = examine_command(command, tuple(parameters), location, text)
    except CommandError as error:
        return error.problems
    unused = _unused(template, mistakes, parameters)
    unmarked = dict(about_unmarked(command, [each.name for each in unused], location, text))
    found = [*mistakes, *unmarked.values()]
    found += (_about_unused(each) for each in unused if each.name not in unmarked)
    found += (
        _mended(warning, command, parameters, text)
        for warning in template.warnings
        if not unmarked or warning.rule != "literal-braces"
    )
    found += _at_placeholders(template, parameters, text)
    found += about_words(template, text, in_container=in_container)
    found += about_form(command, template, parameters, text)
    found += about_slips(command, template, parameters, text)
    return tuple(found)


def _mended(
    warning: Problem, command: str, parameters: Mapping[str, Parameter], text: str | None
) -> Problem:
    if warning.rule != "literal-braces" or warning.location is None:
        return warning
    place, edits = doubled_braces(command, tuple(parameters), warning.location, text)
    return replace(warning, location=place, edits=edits)


def _unused(
    template: CommandTemplate, mistakes: tuple[Problem, ...], parameters: Mapping[str, Parameter]
) -> tuple[Parameter, ...]:
    used = {piece.name for piece in template.pieces if isinstance(piece, Placeholder)}
    # Where a placeholder was misspelt, that is said.
    misspelt = used - parameters.keys() if mistakes else set()
    return tuple(
        parameter
        for name, parameter in parameters.items()
        if name not in used
        and not parameter.secret
        and not any(near_miss(other, [name]) for other in misspelt)
    )


def _about_unused(parameter: Parameter) -> Problem:
    name = parameter.name
    return Problem(
        f"the command has no {{{name}}}, so that nobody gets the value of {shown(name)}",
        parameter.location,
        "put it into the command, or remove the parameter",
        "unused-parameter",
    )


def _at_placeholders(
    template: CommandTemplate, parameters: Mapping[str, Parameter], text: str | None
) -> Iterator[Problem]:
    for parameter in parameters.values():
        yield from _without_text(template, parameter, text)
    for place in template.pieces:
        if isinstance(place, Placeholder) and place.name in parameters:
            yield from _restricted(template, place, parameters[place.name], text)


def _without_text(
    template: CommandTemplate, parameter: Parameter, text: str | None
) -> tuple[Problem, ...]:
    """Put into the command what may stand there in place of a text; return why it cannot."""
    name = parameter.name
    try:
        if parameter.secret:
            without_gaps(template, {name: Variable(variable_of(name))}, text)
            return ()
        if parameter.flag is not None:
            check_flags(template, [name], text)
            if parameter.flag.off is None:
                without_gaps(template, {name: LeftOut.ARGUMENT}, text)
        if parameter.optional:
            without_gaps(template, {name: LeftOut.OPTION}, text)
    except CommandError as error:
        return error.problems
    return ()


def _restricted(
    template: CommandTemplate, place: Placeholder, parameter: Parameter, text: str | None
) -> Iterator[Problem]:
    """A place for plain values only, and a parameter that takes others too."""
    if place.allowed is None or place.quotes[0] in (Quote.COMMENT, Quote.LITERAL):
        return
    is_number = place.allowed is Allowed.NUMBER
    if parameter.secret or parameter.choices or parameter.pattern or parameter.optional:
        return
    if parameter.type in (_NUMBERS if is_number else _PLAIN):
        return
    what = "numbers" if is_number else "letters, digits and ._-/:=@%+,"
    yield Problem(
        f"{place.source} takes only {what} here: {place.reason}",
        place_among(template.pieces, place, template.location, text),
        "declare the type `float`"
        if is_number
        else f"put VALUE={place.source} before the command, and have the code read the variable",
        "restricted-place",
    )
