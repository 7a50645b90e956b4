"""Turn what was measured into a table, and into JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        title: What was measured.
        unit: Of all figures but the ratio.
        samples: Every value that was taken, by side (`mlrun`, `mlflow`; the latter may be missing).
        goal: What mlrun's median should stay below.
        ratio_goal: How many times MLflow's median should be mlrun's, at least.
    """

    title: str
    unit: str
    samples: Mapping[str, Sequence[float]]
    goal: float | None = None
    ratio_goal: float | None = None

    def median(self, side: str) -> float:
        """Return the median of one side."""
        return median(self.samples[side])

    @property
    def ratio(self) -> float | None:
        """How many times MLflow's figure is mlrun's; None where MLflow has none."""
        if "mlflow" not in self.samples:
            return None
        return self.median("mlflow") / self.median("mlrun")

    @property
    def goals(self) -> str:
        """The goals in words, with what became of them; empty where there is none."""
        stated = []
        if self.goal is not None:
            met = self.median("mlrun") < self.goal
            stated.append(f"< {self.goal:g} {self.unit}: {_verdict(met)}")
        if self.ratio_goal is not None and self.ratio is not None:
            met = self.ratio >= self.ratio_goal
            words = "as fast" if self.ratio_goal == 1 else f"{self.ratio_goal:g} times less"
            stated.append(f"{words}: {_verdict(met)}")
        return ", ".join(stated)


def table(rows: Sequence[Row], versions: Mapping[str, str]) -> str:
    """Return a Markdown table of the medians."""
    head = ["", *(f"{side} {version}" for side, version in versions.items()), "ratio", "target"]
    lines = [head, ["---", "---:", "---:", "---:", "---"], *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def document(
    rows: Sequence[Row], versions: Mapping[str, str], machine_line: str
) -> dict[str, object]:
    """Return all that was measured, single values included, ready for `json.dump`."""
    return {
        "machine": machine_line,
        "versions": dict(versions),
        "rows": [
            {
                "title": row.title,
                "unit": row.unit,
                "median": {side: round(row.median(side), 3) for side in row.samples},
                "samples": {s: [round(v, 3) for v in vs] for s, vs in row.samples.items()},
                "ratio": None if row.ratio is None else round(row.ratio, 2),
                "goal": row.goal,
                "ratio_goal": row.ratio_goal,
            }
            for row in rows
        ],
    }


def machine() -> str:
    """Describe this machine in one line."""
    cores = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{_processor()}, {cores} cores, {platform.system()} {kernel}, {python}"


def _cells(row: Row) -> list[str]:
    medians = [
        f"{row.median(side):,.1f} {row.unit}" if side in row.samples else ""
        for side in ("mlrun", "mlflow")
    ]
    return [row.title, *medians, "" if row.ratio is None else f"{row.ratio:.1f}", row.goals]


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
