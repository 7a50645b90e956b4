"""`mlrun describe`: what a project can run, and with what."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import Any

import click

from mlrun.cli.output import print_problem
from mlrun.environments.select import choose_environment
from mlrun.errors import MlrunError
from mlrun.folders import current_folder
from mlrun.project.load import find_entry_point, load_project
from mlrun.project.model import EntryPoint, Parameter, Project
from mlrun.project.scripts import scripts_in
from mlrun.project.types import ParameterType
from mlrun.project.values import misfit
from mlrun.sources.fetch import fetch


@click.command()
@click.argument("uri", default=".")
@click.option(
    "--output", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="What goes to standard output.",
)  # fmt: skip
def command(uri: str, form: str) -> None:
    """Show a project's entry points, parameters and environment."""
    project = load_project(fetch(uri, None, current_folder()).path)
    if project.file is None and not scripts_in(project.folder):
        find_entry_point(project)  # Raises: there is nothing to run.
    if form == "json":
        sys.stdout.write(json.dumps(_document(project), indent=2) + "\n")
        return
    sys.stdout.write("\n".join(_lines(project, uri)) + "\n")
    for lint in project.lints:
        print_problem("warning", lint)


def _lines(project: Project, uri: str) -> list[str]:
    lines = [
        f"project      {project.name or project.folder.name}",
        f"environment  {_environment(project)}",
    ]
    for entry_point in project.entry_points.values():
        lines += ["", f"{entry_point.name}", *_parameter_lines(entry_point)]
        lines.append(f"    {_command_line(entry_point, uri)}")
    scripts = scripts_in(project.folder)
    if scripts:
        lines += ["", f"scripts      {', '.join(scripts)}   (run one with -e)"]
    return lines


def _parameter_lines(entry_point: EntryPoint) -> list[str]:
    parameters = entry_point.parameters.values()
    width = max((len(parameter.name) for parameter in parameters), default=0)
    return [f"    {parameter.name:{width}}  {_about(parameter)}" for parameter in parameters]


def _about(parameter: Parameter) -> str:
    default = "required" if parameter.default is None else f"default {parameter.default!r}"
    description = f"  {parameter.description}" if parameter.description else ""
    return f"{parameter.type.value:6}  {default}{description}"


def _command_line(entry_point: EntryPoint, uri: str) -> str:
    """Return a command line that runs the entry point as it stands, once values are filled in."""
    words = ["mlrun", "run", uri]
    if entry_point.name != "main":
        words += ["-e", entry_point.name]
    for parameter in entry_point.parameters.values():
        if parameter.default is None:
            words += ["-P", f"{parameter.name}=..."]
        elif _can_be_given(parameter.type, parameter.default):
            words += ["-P", f"{parameter.name}={parameter.default}"]
    return shlex.join(words)


def _can_be_given(kind: ParameterType, default: str) -> bool:
    """Return whether a default means the same when it is given by -P.

    A path would be relative to another folder, and a default that does not fit its type is
    passed, but not taken.
    """
    return kind is not ParameterType.PATH and misfit(kind, default) is None


def _environment(project: Project) -> str:
    try:
        manager = choose_environment(project.environments, None, exact_python=False).manager
    except MlrunError as error:
        return f"{error.message}"
    return manager


def _document(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "folder": os.fspath(project.folder),
        "environment": _environment(project),
        "entry_points": {
            entry_point.name: {
                "command": entry_point.command,
                "parameters": {
                    parameter.name: {
                        "type": parameter.type.value,
                        "default": parameter.default,
                        "description": parameter.description,
                    }
                    for parameter in entry_point.parameters.values()
                },
            }
            for entry_point in project.entry_points.values()
        },
    }
