"""Time mlrun's own writing, in the environment that mlrun is installed in.

    python tracking_store.py FOLDER COUNT

prints a JSON object of medians in milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from mlrun.tracking.base import RunStart
from mlrun.tracking.database.store import DatabaseStore
from mlrun.tracking.gateway.journal import Journal

_METRIC = {"run_id": "0" * 32, "key": "loss", "value": 0.5, "timestamp": 10**12, "step": 7}


def milliseconds(count: int, call: Callable[[int], Any]) -> float:
    """Return the median time of a call."""
    taken = []
    for number in range(count):
        begin = time.perf_counter()
        call(number)
        taken.append(1000 * (time.perf_counter() - begin))
    return median(taken)


def begin(database: Path, number: int) -> None:
    """Make an experiment and a run with parameters and tags, as at the start of each run."""
    store = DatabaseStore(database, str(database.parent / "mlruns"))
    store.start(
        RunStart(
            start_time=10**12,
            user="ada",
            tags={f"tag{n}": "value" for n in range(12)},
            parameters={f"param{n}": "0.5" for n in range(10)},
            experiment_name=f"experiment {number}",
        )
    )
    store.close()


def main() -> None:
    """Measure and print."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    for number in range(count):
        (folder / f"new{number}").mkdir()
    new = milliseconds(count, lambda n: begin(folder / f"new{n}" / "mlflow.db", n))
    existing = milliseconds(10 * count, lambda n: begin(folder / "new0" / "mlflow.db", n + 1))
    journal = Journal(folder / "journal")
    body = json.dumps(_METRIC).encode()
    target = "/api/2.0/mlflow/runs/log-metric"
    kept = milliseconds(
        100, lambda _: journal.append("request", "POST", target, "application/json", body)
    )
    journal.close()
    with open(folder / "file", "wb", buffering=0) as stream:

        def written(_: int) -> None:
            stream.write(body)
            os.fdatasync(stream.fileno())

        synced = milliseconds(100, written)
    found = {"new": new, "existing": existing, "journal": kept, "fdatasync": synced}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
