"""Why an entry point that mlrun runs would not run with `mlflow run`, or not as it should.

MLflow (3.17, `mlflow.projects._project_spec`) reads `type` and `default` of a parameter, and
nothing else. It asks for a value of each parameter that has no default, puts the values into
the command by `str.format`, and takes a local `path` only where it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlrun.errors import Problem
from mlrun.project.command.braces import Field, divide
from mlrun.project.model import EntryPoint, Parameter, Project
from mlrun.project.parameters.secrets import is_reference
from mlrun.project.parameters.types import ParameterType
from mlrun.project.reading.nodes import shown


def portability(project: Project) -> Iterator[Problem]:
    """Yield why entry points of a project would not run with `mlflow run`."""
    for entry_point in project.entry_points.values():
        parts = divide(entry_point.command, tuple(entry_point.parameters)).parts
        used = {part.name for part in parts if isinstance(part, Field)}
        for parameter in entry_point.parameters.values():
            if not _is_refused(parameter):
                yield from _about_value(parameter, entry_point)
                if parameter.name in used:
                    yield from _about_use(parameter, entry_point)
                yield from _about_path(parameter, entry_point)


def _is_refused(parameter: Parameter) -> bool:
    """Return whether the file is refused for a secret in it; its line is better not shown."""
    default = parameter.default
    return parameter.secret and default is not None and not is_reference(default)


def _about_value(parameter: Parameter, entry_point: EntryPoint) -> Iterator[Problem]:
    name, owner = shown(parameter.name), shown(entry_point.name)
    if parameter.secret:
        yield Problem(
            f"`mlflow run` gives {owner} no secret {name}: it sets no variable for it",
            parameter.location,
            "set the variable yourself where MLflow runs it",
            rule="mlflow-secret",
        )
    elif parameter.optional and parameter.default is None:
        yield Problem(
            f"`mlflow run` asks for a value of {name}, which is optional in {owner}",
            parameter.location,
            f"give it one there: -P {parameter.name}=VALUE",
            rule="mlflow-optional",
        )


def _about_use(parameter: Parameter, entry_point: EntryPoint) -> Iterator[Problem]:
    name, owner = shown(parameter.name), shown(entry_point.name)
    if not _is_found_by_format(parameter.name):
        yield Problem(
            f"`mlflow run` does not find {name} by {{{parameter.name}}} in the command of {owner}",
            parameter.location,
            "let the name be letters, digits, `_` and `-`, and begin with a letter",
            rule="mlflow-placeholder",
        )
    if parameter.flag is not None:
        yield Problem(
            f"`mlflow run` puts the text of {name} into the command of {owner}, not a flag",
            parameter.location,
            "let the script take a text, such as True, if it must run there too",
            rule="mlflow-flag",
        )


def _about_path(parameter: Parameter, entry_point: EntryPoint) -> Iterator[Problem]:
    name, default = shown(parameter.name), parameter.default
    if parameter.type is not ParameterType.PATH:
        return
    if not parameter.exists:
        yield Problem(
            f"`mlflow run` refuses {shown(entry_point.name)} where the path {name} is not there"
            " yet",
            parameter.location,
            "let the type be `string` if it must run there too",
            rule="mlflow-output",
        )
    elif default is not None and _is_in_home(default):
        yield Problem(
            f"`mlflow run` does not know `~`, with which the default of {name} begins",
            parameter.default_location or parameter.location,
            "write the whole path, or leave the default out",
            rule="mlflow-home",
        )


def _is_in_home(path: str) -> bool:
    return path == "~" or path.startswith("~/")


def _is_found_by_format(name: str) -> bool:
    """Return whether `str.format` takes a name in braces for that name, and for no attribute."""
    try:
        return f"{{{name}}}".format(**{name: "x"}) == "x"
    except (AttributeError, IndexError, KeyError, ValueError):
        return False
