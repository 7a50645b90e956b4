"""What a measured MLflow client does; run in its own environment, with nothing of mlrun's.

    python tracking_client.py OUT single|writers|serve [NUMBER]

writes a JSON object to the file OUT.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

WRITING_SECONDS = 6.0


def milliseconds(count: int, call: Callable[[int], Any]) -> float:
    """Return the median time of a call, after a few that are not counted."""
    taken = []
    for number in range(count + 5):
        begin = time.perf_counter()
        call(number)
        taken.append(1000 * (time.perf_counter() - begin))
    return median(taken[5:])


def single(count: int) -> dict[str, float]:
    """Time one client's calls."""
    mlflow: Any = import_module("mlflow")
    metric: Any = import_module("mlflow.entities").Metric
    client = mlflow.MlflowClient()
    run_id = mlflow.start_run().info.run_id
    few = max(count // 10, 1)

    def batch(size: int) -> Callable[[int], Any]:
        return lambda n: client.log_batch(
            run_id, metrics=[metric(f"k{i % 10}", float(i), 1000 + i, n) for i in range(size)]
        )

    found = {
        "log_metric": milliseconds(count, lambda n: client.log_metric(run_id, "loss", 0.5, step=n)),
        "log_param": milliseconds(count, lambda n: client.log_param(run_id, f"p{n}", n)),
        "batch of 1": milliseconds(count, batch(1)),
        "batch of 1000": milliseconds(few, batch(1000)),
    }
    mlflow.end_run()
    return found


def write(start: Any, counts: Any) -> None:
    """Log metrics one by one into a run of one's own, for a while."""
    mlflow: Any = import_module("mlflow")
    client = mlflow.MlflowClient()
    experiment = os.environ.get("MLFLOW_EXPERIMENT_ID", "0")
    run_id = client.create_run(experiment).info.run_id
    client.log_metric(run_id, "loss", 0.0)
    start.wait()
    end, count = time.monotonic() + WRITING_SECONDS, 0
    while time.monotonic() < end:
        client.log_metric(run_id, "loss", 0.5, step=count)
        count += 1
    counts.put(count)


def writers(number: int) -> dict[str, float]:
    """Let many processes log at once."""
    import_module("mlflow")  # once, before the processes part
    context: Any = multiprocessing.get_context("fork")
    start, counts = context.Barrier(number), context.Queue()
    processes = [context.Process(target=write, args=(start, counts)) for _ in range(number)]
    for process in processes:
        process.start()
    total = sum(counts.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    return {"per second": total / WRITING_SECONDS}


def serve(count: int) -> dict[str, float]:
    """Keep a tracking server busy, then leave a mark, and stay for a moment."""
    single(count)
    mlflow: Any = import_module("mlflow")
    file = Path("big.bin")
    file.write_bytes(b"x" * (50 << 20))
    client = mlflow.MlflowClient()
    run = client.create_run(os.environ.get("MLFLOW_EXPERIMENT_ID", "0"))
    client.log_artifact(run.info.run_id, str(file))
    client.search_runs([run.info.experiment_id], max_results=1000)
    Path(os.environ["BENCH_MARK"]).write_text(f"{os.getpid()}\n")
    time.sleep(2)
    return {}


def main() -> None:
    """Do what is asked."""
    out, what = sys.argv[1:3]
    number = int(sys.argv[3])
    found = {"single": single, "writers": writers, "serve": serve}[what](number)
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
