"""Measure mlrun beside `mlflow run` and print a table of medians.

    python benchmarks/run.py [--repeats 9] [--only NAME]... [--json FILE]

Needs Linux, git, an index of packages, and the environment that mlrun's tests run in. Both
runners are installed in environments of their own, made once and kept in the cache folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a script

from benchmarks import arguments, cases, projects, report, tools

CASES: dict[str, Callable[[cases.Setting], list[report.Row]]] = {
    "python": cases.bare_python,
    "local": cases.local,
    "default-store": cases.default_store,
    "warm": cases.warm_environment,
    "cold": cases.cold_environment,
    "describe": cases.describe,
    "help": cases.help_text,
    "memory": cases.peak_memory,
}


def main() -> None:
    """Install, measure, print."""
    given = arguments.of_comparison("Measure mlrun beside `mlflow run`.", CASES)
    mlrun = tools.install_mlrun(given.cache, _say)
    mlflow = tools.install_mlflow(given.cache, _say)
    versions = {tool.name: tool.version for tool in (mlrun, mlflow)}
    rows: list[report.Row] = []
    with tempfile.TemporaryDirectory(prefix="mlrun-benchmark-") as folder:
        setting = cases.Setting(
            tools={tool.name: tool for tool in (mlrun, mlflow)},
            projects=projects.write(Path(folder, "projects")),
            folder=Path(folder),
            repeats=given.repeats,
            cold_repeats=given.cold_repeats,
        )
        for name in given.only or CASES:
            _say(f"measuring {name}")
            rows += CASES[name](setting)
    print(f"{report.machine()}; medians of {given.repeats} ({given.cold_repeats} where cold)\n")
    print(report.table(rows, versions))
    if given.json:
        document = report.document(rows, versions, report.machine())
        given.json.write_text(json.dumps(document, indent=2) + "\n")


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
