"""Measure tracking through mlrun's gateway beside real MLflow servers, and print a table.

    python benchmarks/tracking.py [--repeats 300] [--json FILE]

Needs what `run.py` needs; takes about four minutes. All is measured in turn on one machine, with
the client of MLflow 3.17.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a script

from benchmarks import measure, report, tools
from benchmarks.stub_tracking import StubTracking
from mlrun.folders import cache_folder
from tests.mlflow_fixtures import MlflowClient, MlflowServer

WRITERS = 20
HERE = Path(__file__).resolve().parent

SIDES = ("gateway", "one worker", "4 workers", "sqlite", "stub", "buffered")
Figures = dict[str, dict[str, float]]
"""Of each side: what was measured, and the figure."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a line of the table has to show."""

    title: str
    unit: str
    key: str
    words: str = ""
    met: Callable[[Figures], bool] | None = None


GOALS = (
    Goal("log_metric", "ms", "log_metric", "< 2 ms", lambda f: f["gateway"]["log_metric"] < 2),
    Goal("log_param", "ms", "log_param", "< 2 ms", lambda f: f["gateway"]["log_param"] < 2),
    Goal("log_batch of 1", "ms", "batch of 1"),
    Goal(
        "log_batch of 1,000", "ms", "batch of 1000", "< 30 ms",
        lambda f: f["gateway"]["batch of 1000"] < 30,
    ),
    Goal(
        f"{WRITERS} writers, metrics in a second", "", "per second",
        "4 times the servers'",
        lambda f: f["gateway"]["per second"]
        >= 4 * max(f["one worker"]["per second"], f["4 workers"]["per second"]),
    ),
)  # fmt: skip


def main() -> None:
    """Install, measure, print."""
    given = _arguments()
    mlrun = tools.install_mlrun(given.cache, _say)
    mlflow = tools.install_mlflow(given.cache, _say)
    with tempfile.TemporaryDirectory(prefix="mlrun-tracking-") as folder:
        bench = Bench(Path(folder), mlrun, mlflow, given.repeats)
        figures = bench.clients()
        store = bench.store()
        memory = bench.memory()
    print(f"{report.machine()}; medians of {given.repeats}, MLflow {mlflow.version}\n")
    print(table(figures))
    print()
    print(details(figures, store, memory))
    if given.json:
        document = {"clients": figures, "store": store, "memory MiB": memory}
        given.json.write_text(json.dumps(document, indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where all is measured, and with what."""

    folder: Path
    mlrun: tools.Tool
    mlflow: tools.Tool
    repeats: int

    def clients(self) -> Figures:
        """Measure the client before each target."""
        found: Figures = {}
        for side, target in (
            ("gateway", nullcontext(("mlrun",))),
            ("one worker", self._server(1)),
            ("4 workers", self._server(None)),
            ("sqlite", nullcontext(("plain", f"sqlite:///{self.folder}/direct.db"))),
            ("stub", self._stub()),
            ("buffered", self._stub("mlrun", "--buffer-tracking", "--tracking-uri")),
        ):
            # Each alone: a server that waits takes its share of the processors too.
            with target as words:
                _say(f"measuring {side}")
                found[side] = self._client(words, "single", self.repeats)
                if side in ("gateway", "one worker", "4 workers"):
                    found[side] |= self._client(words, "writers", WRITERS)
        return found

    def store(self) -> dict[str, float]:
        """Measure mlrun's own writing."""
        _say("measuring mlrun's own store")
        folder = self.folder / "store"
        folder.mkdir()
        argv = [str(self.mlrun.python), str(HERE / "tracking_store.py"), str(folder), "20"]
        done = subprocess.run(
            argv, env=tools.clean_environment(), cwd=folder, check=True, capture_output=True
        )
        found: dict[str, float] = json.loads(done.stdout)
        return found

    def memory(self) -> float:
        """Measure the peak memory in MiB of all of mlrun's processes while it serves."""
        _say("measuring memory")
        place = self._project("serve", 200)
        return measure.memory(self._run(place)).all / 1024

    def _client(self, target: tuple[str, ...], what: str, number: int) -> dict[str, float]:
        place = self._project(what, number)
        if target[0] == "mlrun":
            command = self._run(place, *target[1:])
        else:
            env = {**tools.clean_environment(), **_QUIET, "MLFLOW_TRACKING_URI": target[1]}
            argv = (str(self.mlflow.python), *self._script(place, what, number))
            command = measure.Command(argv, place, env)
        measure.wall(command)
        found: dict[str, float] = json.loads((place / "out.json").read_text())
        return found

    def _run(self, place: Path, *more: str) -> measure.Command:
        env = {**tools.clean_environment(), **_QUIET, "MLRUN_STATE_DIR": str(place / "state")}
        argv = (str(self.mlrun.program), "run", "project", "--env-manager", "local", *more)
        return measure.Command(argv, place, env)

    def _project(self, what: str, number: int) -> Path:
        place = Path(tempfile.mkdtemp(dir=self.folder))
        (place / "project").mkdir()
        words = [str(self.mlflow.python), *self._script(place, what, number)]
        command = json.dumps("exec " + " ".join(f"'{word}'" for word in words))
        (place / "project" / "MLproject").write_text(
            f"name: tracking\nentry_points:\n  main:\n    command: {command}\n"
        )
        return place

    def _script(self, place: Path, what: str, number: int) -> tuple[str, ...]:
        return (str(HERE / "tracking_client.py"), str(place / "out.json"), what, str(number))

    @contextmanager
    def _stub(self, *words: str) -> Iterator[tuple[str, ...]]:
        with StubTracking() as stub:
            yield (*(words or ("plain",)), stub.address)

    @contextmanager
    def _server(self, workers: int | None) -> Iterator[tuple[str, ...]]:
        folder = self.folder / f"server-{workers}"
        folder.mkdir()
        _say(f"starting a server with {workers or 'its usual'} workers")
        server = MlflowServer(MlflowClient(self.mlflow.python), folder, workers)
        server.start()
        try:
            yield "plain", server.address
        finally:
            server.stop()


_QUIET = {"NO_PROXY": "*", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


def table(figures: Figures) -> str:
    """Return a Markdown table, a column for each side."""
    lines = [["", *SIDES, "target"], ["---", *["---:"] * len(SIDES), "---"]]
    for goal in GOALS:
        cells = [_cell(figures[side].get(goal.key), goal.unit) for side in SIDES]
        verdict = ""
        if goal.met is not None:
            verdict = f"{goal.words}: {_verdict(goal.met(figures))}"
        lines.append([goal.title, *cells, verdict])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def details(figures: Figures, store: dict[str, float], memory: float) -> str:
    """Return what is not measured against the servers, a line each."""
    added = figures["buffered"]["log_metric"] - figures["stub"]["log_metric"]
    lines = [
        ("pass-through adds to log_metric", added, "ms", 0.7),
        ("run, experiment, parameters and tags written", store["existing"], "ms", 5),
        ("the same in a new database", store["new"], "ms", 60),
        ("memory of mlrun's processes while it serves", memory, "MiB", 90),
        ("one record into the journal", store["journal"], "ms", None),
        ("one fdatasync on this disk", store["fdatasync"], "ms", None),
    ]
    rows = [["", "mlrun", "target"], ["---", "---:", "---"]]
    for title, value, unit, limit in lines:
        goal = "" if limit is None else f"< {limit:g} {unit}: {_verdict(value < limit)}"
        rows.append([title, f"{value:.2f} {unit}", goal])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _cell(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:,.1f} {unit}".strip()


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure tracking beside real MLflow servers.")
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument("--cache", type=Path, default=cache_folder() / "benchmarks")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
