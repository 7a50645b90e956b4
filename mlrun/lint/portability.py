"""Why an entry point that mlrun runs would not run with `mlflow run`, or not as it should.

MLflow (3.17, `mlflow.projects._project_spec`) reads `type` and `default` of a parameter, and
nothing else. It asks for a value of each parameter that has no default, puts the values into
the command by `str.format`, and takes a local `path` only where it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlrun.errors import Problem
from mlrun.project.model import EntryPoint, Parameter, Project
from mlrun.project.secrets import is_reference
from mlrun.project.types import ParameterType
from mlrun.project.yaml_nodes import shown


def portability(project: Project) -> Iterator[Problem]:
    """Yield why entry points of a project would not run with `mlflow run`."""
    for entry_point in project.entry_points.values():
        for parameter in entry_point.parameters.values():
            yield from _about(parameter, entry_point)


def _about(parameter: Parameter, entry_point: EntryPoint) -> Iterator[Problem]:
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
    if parameter.flag is not None and f"{{{parameter.name}}}" in entry_point.command:
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
