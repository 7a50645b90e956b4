"""Why an entry point that mlrun runs would not run with `mlflow run`, or not as it should.

MLflow (3.17, `mlflow.projects._project_spec`) reads `type` and `default` of a parameter, and
nothing else. It asks for a value of each parameter that has no default, puts the values into
the command by `str.format`, and takes a local `path` only where it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlrun.errors import Problem
from mlrun.project.braces import Field, divide
from mlrun.project.model import EntryPoint, Parameter, Project
from mlrun.project.secrets import is_reference
from mlrun.project.types import ParameterType
from mlrun.project.yaml_nodes import shown


def portability(project: Project) -> Iterator[Problem]:
    """Yield why entry points of a project would not run with `mlflow run`."""
    for entry_point in project.entry_points.values():
        parts = divide(entry_point.command, tuple(entry_point.parameters)).parts
        used = {part.name for part in parts if isinstance(part, Field)}
        for parameter in entry_point.parameters.values():
            yield from _about(parameter, entry_point, is_used=parameter.name in used)


def _about(parameter: Parameter, entry_point: EntryPoint, *, is_used: bool) -> Iterator[Problem]:
    name, owner = shown(parameter.name), shown(entry_point.name)
    place, default = parameter.location, parameter.default
    if parameter.secret and default is not None and not is_reference(default):
        return  # The file is refused for it, and its line is better not shown.
    if parameter.secret:
        yield Problem(
            f"`mlflow run` gives {owner} no secret {name}: it sets no variable for it",
            place,
            "set the variable yourself where MLflow runs it",
            rule="mlflow-secret",
        )
    elif parameter.optional and parameter.default is None:
        yield Problem(
            f"`mlflow run` asks for a value of {name}, which is optional in {owner}",
            place,
            f"give it one there: -P {parameter.name}=VALUE",
            rule="mlflow-optional",
        )
    if is_used and not _is_found_by_format(parameter.name):
        yield Problem(
            f"`mlflow run` does not find {name} by {{{parameter.name}}} in the command of {owner}",
            place,
            "let the name be letters, digits, `_` and `-`, and begin with a letter",
            rule="mlflow-placeholder",
        )
    if parameter.flag is not None and is_used:
        yield Problem(
            f"`mlflow run` puts the text of {name} into the command of {owner}, not a flag",
            place,
            "let the script take a text, such as True, if it must run there too",
            rule="mlflow-flag",
        )
    if parameter.type is ParameterType.PATH and not parameter.exists:
        yield Problem(
            f"`mlflow run` refuses {owner} where the path {name} is not there yet",
            place,
            "let the type be `string` if it must run there too",
            rule="mlflow-output",
        )
    elif parameter.type is ParameterType.PATH and default is not None and _is_in_home(default):
        yield Problem(
            f"`mlflow run` does not know `~`, with which the default of {name} begins",
            parameter.default_location or place,
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
