"""The frame of a comparison with `mlflow run`: install both, measure, print a table."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from benchmarks import arguments, projects, report, tools
from benchmarks.cases import Setting


def compare(
    description: str,
    names: Collection[str],
    measured: Callable[[Setting, Collection[str]], list[report.Row]],
    *,
    fewer: str = "where cold",
) -> None:
    """Do what the command line asks for.

    Args:
        description: For the command line's help.
        names: Of all cases.
        measured: Takes the names of those to measure.
        fewer: What is done fewer times.
    """
    given = arguments.of_comparison(description, names)
    runners = (tools.install_mlrun(given.cache, say), tools.install_mlflow(given.cache, say))
    versions = {tool.name: tool.version for tool in runners}
    with tempfile.TemporaryDirectory(prefix="mlrun-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # containers look into it, by users of their own
        setting = Setting(
            tools={tool.name: tool for tool in runners},
            projects=projects.write(folder / "projects"),
            folder=folder,
            repeats=given.repeats,
            cold_repeats=given.cold_repeats,
        )
        rows = measured(setting, given.only or names)
    print(f"{report.machine()}; medians of {given.repeats} ({given.cold_repeats} {fewer})\n")
    print(report.table(rows, versions))
    if given.json:
        document = report.document(rows, versions, report.machine())
        given.json.write_text(json.dumps(document, indent=2) + "\n")


def in_order(
    cases: dict[str, Callable[[Setting], list[report.Row]]],
) -> Callable[[Setting, Collection[str]], list[report.Row]]:
    """Return what measures cases one after the other."""

    def measured(setting: Setting, names: Collection[str]) -> list[report.Row]:
        rows: list[report.Row] = []
        for name in names:
            say(f"measuring {name}")
            rows += cases[name](setting)
        return rows

    return measured


def say(line: str) -> None:
    """Print a line for who waits."""
    print(line, file=sys.stderr)
