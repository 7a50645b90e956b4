"""`mlrun describe`: what a project can run, and with what."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import Any

import click

from mlrun.cli.described_environment import described, manager_of
from mlrun.cli.described_parameters import is_required, parameter_document, parameter_lines
from mlrun.cli.narration import end_passing, inert, narrate, printable
from mlrun.cli.output import print_problem
from mlrun.cli.shared_options import FORM, VERSION
from mlrun.execution.redact import mask_url
from mlrun.folders import current_folder
from mlrun.project.load import find_entry_point, load_project
from mlrun.project.model import EntryPoint, Environment, Parameter, Project
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import misfit
from mlrun.project.scripts import scripts_in
from mlrun.sources.base import Checkout, FetchRequest
from mlrun.sources.fetch import fetch
from mlrun.sources.naming import named_by_address, renamed

_VERSION = 1
"""Of the JSON document, `schemas/describe.schema.json`."""


@click.command()
@click.argument("uri", default=".")
@VERSION
@click.option(
    "--offline",
    is_flag=True,
    envvar="MLRUN_OFFLINE",
    help="Use what is cached of the project, and ask no server. [env: MLRUN_OFFLINE]",
)
@FORM
def command(uri: str, version: str | None, offline: bool, form: str) -> None:
    """Show a project's entry points, parameters and environment."""
    may_ask = os.isatty(0) and os.isatty(2)
    request = FetchRequest(uri, version, current_folder(), offline=offline, may_ask=may_ask)
    checkout = fetch(request, narrate)
    end_passing()
    try:
        with named_by_address(checkout):
            _describe(checkout, [mask_url(uri), *(("-v", version) if version else ())], form)
    finally:
        checkout.release()


def _describe(checkout: Checkout, words: list[str], form: str) -> None:
    project = load_project(checkout.path)
    if project.file is None and not scripts_in(project.folder):
        find_entry_point(project)  # Raises: there is nothing to run.
    if form == "json":
        sys.stdout.write(json.dumps(_document(project, checkout), indent=2) + "\n")
        return
    text = "\n".join(map(printable, _lines(project, checkout, words)))
    sys.stdout.write(inert(f"{text}\n"))
    own = (entry_point.environments for entry_point in project.entry_points.values())
    found = (described(one, project.folder) for one in (project.environments, *own))
    lints = [lint for environments in found for one in environments for lint in one.warnings]
    for lint in dict.fromkeys((*project.lints, *lints)):
        print_problem("warning", renamed(lint, checkout))


def _lines(project: Project, checkout: Checkout, words: list[str]) -> list[str]:
    lines = [
        f"project      {project.name or project.folder.name}",
        *([f"fetched      {_fetched(checkout)}"] if not checkout.is_in_place else []),
        *_environment_lines(project),
    ]
    for entry_point in project.entry_points.values():
        lines += ["", _title(entry_point), *parameter_lines(entry_point.parameters.values())]
        if entry_point.environments:
            own = _environment(entry_point.environments, project)
            lines.append(f"    in an environment of its own: {own}")
        problem = entry_point.problem
        lines.append(
            f"    cannot run: {problem.message}"
            if problem is not None
            else f"    {_command_line(entry_point, words)}"
        )
    scripts = scripts_in(project.folder)
    if scripts:
        lines += ["", f"scripts      {', '.join(scripts)}   (run one with -e)"]
    return lines


def _title(entry_point: EntryPoint) -> str:
    about = " ".join((entry_point.description or "").split())
    return f"{entry_point.name}    {about}" if about else entry_point.name


def _fetched(checkout: Checkout) -> str:
    commit = checkout.provenance.commit if checkout.provenance is not None else None
    return f"{checkout.uri} at {commit}" if commit is not None else checkout.uri


def _command_line(entry_point: EntryPoint, project: list[str]) -> str:
    """Return a command line that runs the entry point as it stands, once values are filled in."""
    words = ["mlrun", "run", *project]
    if entry_point.name != "main":
        words += ["-e", entry_point.name]
    for parameter in entry_point.parameters.values():
        if is_required(parameter):
            words += ["-P", f"{parameter.name}={'env:...' if parameter.secret else '...'}"]
        elif parameter.default is not None and _can_be_given(parameter, parameter.default):
            words += ["-P", f"{parameter.name}={parameter.default}"]
    return shlex.join(words)


def _can_be_given(parameter: Parameter, default: str) -> bool:
    """Return whether a default means the same when it is given by -P.

    A path, and a secret's file, would be relative to another folder, and a default that does not
    fit its type is passed, but not taken.
    """
    is_relative = parameter.type is ParameterType.PATH or parameter.secret
    return not is_relative and misfit(parameter.type, default) is None


def _environment_lines(project: Project) -> list[str]:
    lines = [f"environment  {_environment(project.environments, project)}"]
    if any(one.implied for one in described(project.environments, project.folder)):
        from textwrap import wrap

        from mlrun.project.environments.implied import USUAL_FILES

        order = f"(none is named: the first that is there of {', '.join(USUAL_FILES)})"
        lines += [f"             {line}" for line in wrap(order, 85)]
    return lines


def _environment(environments: tuple[Environment, ...], project: Project) -> str:
    manager, words = manager_of(environments, project.folder)
    found = described(environments, project.folder)
    if manager is None and len(found) > 1:
        return f"{words} ({'; '.join(map(str, found))})"
    return f"{words}, {found[0]}" if manager is not None and found else words


def _document(project: Project, checkout: Checkout) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "name": project.name,
        "folder": os.fspath(project.folder) if checkout.is_in_place else None,
        "uri": checkout.uri,
        "commit": checkout.provenance.commit if checkout.provenance is not None else None,
        **_environment_document(project.environments, project),
        "entry_points": {
            entry_point.name: {
                "command": entry_point.command,
                **_own_environment(entry_point, project),
                "description": entry_point.description,
                "problem": entry_point.problem.message if entry_point.problem else None,
                "parameters": {
                    parameter.name: parameter_document(parameter)
                    for parameter in entry_point.parameters.values()
                },
            }
            for entry_point in project.entry_points.values()
        },
    }


def _own_environment(entry_point: EntryPoint, project: Project) -> dict[str, Any]:
    if not entry_point.environments:
        return {"environment": None, "environments": []}
    return _environment_document(entry_point.environments, project)


def _environment_document(
    environments: tuple[Environment, ...], project: Project
) -> dict[str, Any]:
    found = described(environments, project.folder)
    return {
        "environment": manager_of(environments, project.folder)[1],
        "environments": [one.document() for one in found],
    }
