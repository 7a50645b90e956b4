"""The command line of a benchmark that sets two runners side by side."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from mlrun.folders import cache_folder


def of_comparison(description: str, names: Iterable[str]) -> argparse.Namespace:
    """Return what was given: `repeats`, `cold_repeats`, `only`, `json` and `cache`.

    Args:
        description: What is measured.
        names: Of the cases.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--cold-repeats", type=int, default=5)
    parser.add_argument("--only", action="append", choices=list(names), metavar="CASE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value here, too")
    parser.add_argument("--cache", type=Path, default=cache_folder() / "benchmarks")
    return parser.parse_args()
