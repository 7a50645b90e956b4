"""Measure mlrun beside `mlflow run` and print a table of medians.

    python benchmarks/run.py [--repeats 9] [--only NAME]... [--json FILE]

Needs Linux, git, an index of packages, and the environment that mlrun's tests run in. Both
runners are installed in environments of their own, made once and kept in the cache folder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a script

from benchmarks import cases, comparison, report

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
    comparison.compare("Measure mlrun beside `mlflow run`.", CASES, comparison.in_order(CASES))


if __name__ == "__main__":
    main()
