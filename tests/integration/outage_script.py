"""A training that logs much, in the environment of an MLflow client, and notes what was accepted.

    python outage_script.py FOLDER KIND

KIND is `long` (100,000 metrics, 1,000 parameters, files, quickly), `paced` (one metric after the
other until the file FOLDER/stop is there) or `filling` (batches until one is refused). The file
FOLDER/accepted holds how many metrics have been accepted so far.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

BATCHES = 98
SINGLES = 2000
FILES = 20


def long(run_id: str, client: Any, folder: Path) -> None:
    """Log 98 batches of a thousand, and what else a training logs, between them."""
    entities: Any = import_module("mlflow.entities")
    for number in range(BATCHES):
        first = number * 1000
        metrics = [
            entities.Metric(f"b{n % 10}", n / 7, 1000, n) for n in range(first, first + 1000)
        ]
        client.log_batch(run_id, metrics=metrics)
        for step in range(number * SINGLES // BATCHES, (number + 1) * SINGLES // BATCHES):
            client.log_metric(run_id, "single", step / 3, timestamp=1000, step=step)
        client.set_tag(run_id, "last", str(number))
        if number < 10:
            params = [entities.Param(f"p{number}.{n}", f"value {n}") for n in range(100)]
            client.log_batch(run_id, params=params)
        if number % 5 == 0:
            client.log_text(run_id, content(number // 5), f"files/{number // 5} ü.txt")


def content(number: int) -> str:
    """Return what file NUMBER holds; the first is empty."""
    return f"line {number}\n" * (number * number * 50)


def paced(run_id: str, client: Any, folder: Path) -> None:
    """Log one metric after the other."""
    step = 0
    while not (folder / "stop").exists():
        client.log_metric(run_id, "single", step / 3, timestamp=1000, step=step)
        step += 1
        accept(folder, step)
        time.sleep(0.01)


def filling(run_id: str, client: Any, folder: Path) -> None:
    """Log batches until one is refused."""
    entities: Any = import_module("mlflow.entities")
    for number in range(500):
        steps = range(number * 1000, (number + 1) * 1000)
        metrics = [entities.Metric("single", n / 3, 1000, n) for n in steps]
        try:
            client.log_batch(run_id, metrics=metrics)
        except Exception as error:
            (folder / "told").write_text(f"{type(error).__name__}: {error}")
            return
        accept(folder, (number + 1) * 1000)
        time.sleep(0.02)


def accept(folder: Path, count: int) -> None:
    """Note what has been accepted."""
    (folder / "accepted.new").write_text(str(count))
    (folder / "accepted.new").rename(folder / "accepted")


def main() -> None:
    """Log into the run given."""
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    mlflow: Any = import_module("mlflow")
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        {"long": long, "paced": paced, "filling": filling}[kind](run.info.run_id, client, folder)


if __name__ == "__main__":
    main()
