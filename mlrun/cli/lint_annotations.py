"""What `mlrun lint` finds, as GitHub Actions shows it beside the lines of a change.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mlrun.cli.narration import printable
from mlrun.cli.streams import print_document
from mlrun.lint.finding import FileReport, Finding
from mlrun.lint.rules.rule import Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_OF_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_OF_PROPERTY = {**_OF_DATA, ":": "%3A", ",": "%2C"}


def print_annotations(reports: Iterable[FileReport]) -> None:
    """Print a workflow command for each finding."""
    lines = [_command(finding, report) for report in reports for finding in report.findings]
    if lines:
        print_document("\n".join(lines) + "\n")


def _command(finding: Finding, report: FileReport) -> str:
    problem, place = finding.problem, finding.problem.location
    properties = {"file": _in_workspace(place.file if place is not None else report.file)}
    if place is not None and place.line is not None:
        numbers = {"line": place.line, "col": place.column, "endColumn": place.end_column}
        properties |= {name: str(value) for name, value in numbers.items() if value is not None}
    properties["title"] = f"mlrun lint: {problem.rule}"
    given = ",".join(f"{name}={_escaped(v, _OF_PROPERTY)}" for name, v in properties.items())
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return f"::{_COMMANDS[finding.severity]} {given}::{_escaped(message, _OF_DATA)}"


def _in_workspace(file: Path) -> str:
    """Return a file as it is named in the repository, wherever mlrun was started in it."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    absolute = file.absolute()
    if workspace and absolute.is_relative_to(workspace):
        return str(absolute.relative_to(workspace))
    return str(file)


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in printable(text))
