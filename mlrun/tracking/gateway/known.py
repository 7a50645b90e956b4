"""What is known of runs and experiments without asking the server, in bounded memory.

It grows from the answers that pass through, from the writes that were done, and from those that
are kept: the latter are pending until all that waits is delivered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from mlrun.tracking.database.api_error import INVALID, MISSING, ApiError
from mlrun.tracking.database.message import Json
from mlrun.tracking.gateway.writes import Change

_MOST_RUNS = 1000
_MOST_EXPERIMENTS = 200
_MOST_POINTS = 50_000


class Known:
    """Runs and experiments, as far as they are known."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._experiments: OrderedDict[str, Json] = OrderedDict()
        self._pending_tags: dict[str, dict[str, str]] = {}
        self._points = 0
        self.has_pending = False
        """Whether something counts that the server may not have."""

    def learn_run(self, run: Json, *, is_new: bool = False, is_partial: bool = False) -> None:
        """Take note of a run, as an answer of the server's has it.

        Args:
            run: With `info` and `data`.
            is_new: Whether nothing was logged to it before.
            is_partial: Whether it may have more tags than stand here.
        """
        info = run.get("info")
        if not isinstance(info, dict):
            return
        run_id = str(info.get("run_id") or info.get("run_uuid") or "")
        known = self._run(run_id)
        known.learn(run)
        known.is_whole = known.is_whole or is_new
        known.has_all_tags = not is_partial

    def learn_experiment(self, experiment: Json) -> None:
        """Take note of an experiment, as an answer of the server's has it."""
        identifier = experiment.get("experiment_id")
        if isinstance(identifier, str):
            _keep_last(self._experiments, identifier, experiment, _MOST_EXPERIMENTS)

    def knows(self, change: Change) -> bool:
        """Return whether what is to be changed is known to exist."""
        if change.run_id is None:
            return change.experiment_id in self._experiments
        return change.run_id in self._runs

    def check(self, change: Change) -> None:
        """Make sure that a change of what is known can be made.

        Raises:
            ApiError: MLflow's own server would refuse it.
        """
        run = self._runs.get(change.run_id or "")
        if run is not None:
            run.check(change)

    def apply(self, change: Change, *, pending: bool) -> None:
        """Take note of a write.

        Args:
            change: What it changes.
            pending: Whether it is kept for later, rather than done.
        """
        self.has_pending = self.has_pending or pending
        if change.run_id is None:
            self._apply_tags(change, pending=pending)
            return
        run = self._run(change.run_id)
        run.apply(change, pending=pending)
        self._points += run.add_points(change.metrics, pending, _MOST_POINTS - self._points)

    def settle(self) -> None:
        """Take note that all that was pending has been delivered."""
        self.has_pending = False
        self._pending_tags.clear()
        for run in self._runs.values():
            run.pending.clear()
            run.new_points.clear()
            run.lost.clear()

    def forget_run(self, run_id: str) -> None:
        """Take note that a run changed in a way that is not followed here."""
        run = self._runs.pop(run_id, None)
        self._points -= run.size if run is not None else 0

    def is_pending(self, run_id: str) -> bool:
        """Return whether something is pending for a run."""
        run = self._runs.get(run_id)
        return run is not None and bool(run.pending)

    def run(self, run_id: str) -> Json | None:
        """Return the run as an answer of `runs/get`, None if it is not known well enough."""
        run = self._runs.get(run_id)
        return {"run": run.json()} if run is not None and run.info else None

    def experiment(self, *, identifier: str = "", name: str = "") -> Json | None:
        """Return an experiment as an answer, None if it is not known."""
        for experiment in self._experiments.values():
            if experiment["experiment_id"] == identifier or (
                name and experiment.get("name") == name
            ):
                return {"experiment": self.merged_experiment(experiment)}
        return None

    def merged_experiment(self, experiment: Json) -> Json:
        """Return an experiment with the tags that are pending."""
        pending = self._pending_tags.get(str(experiment.get("experiment_id")))
        if not pending:
            return experiment
        tags = {tag["key"]: tag.get("value", "") for tag in experiment.get("tags", ())}
        return {**experiment, "tags": _entries({**tags, **pending})}

    def history(self, run_id: str, name: str) -> list[Json] | None:
        """Return all points of a metric, None if they are not all known."""
        run = self._runs.get(run_id)
        if run is None or not run.is_whole:
            return None
        return run.points.get(name)

    def new_points(self, run_id: str, name: str) -> list[Json] | None:
        """Return the points of a metric that are pending, None if not all of them are known."""
        run = self._runs.get(run_id)
        if run is None:
            return []
        return None if name in run.lost else run.new_points.get(name, [])

    def _apply_tags(self, change: Change, *, pending: bool) -> None:
        identifier = str(change.experiment_id)
        tags = {name: value for name, value in change.tags.items() if value is not None}
        if pending:
            self._pending_tags.setdefault(identifier, {}).update(tags)
        elif identifier in self._experiments:
            known = self._experiments[identifier]
            old = {tag["key"]: tag.get("value", "") for tag in known.get("tags", ())}
            self._experiments[identifier] = {**known, "tags": _entries({**old, **tags})}

    def _run(self, run_id: str) -> _Run:
        found = self._runs.get(run_id)
        if found is None:
            found = _Run()
        for other in list(self._runs) if len(self._runs) >= _MOST_RUNS else ():
            if not self._runs[other].pending and other != run_id:
                self._points -= self._runs.pop(other).size
                break
        _keep_last(self._runs, run_id, found, 10 * _MOST_RUNS)
        return found


class _Run:
    """One run."""

    __slots__ = (
        "has_all_tags",
        "info", "inputs", "is_whole", "lost", "metrics", "new_points", "outputs", "params",
        "pending", "points", "size", "tags",
    )  # fmt: skip

    def __init__(self) -> None:
        self.info: Json = {}
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.metrics: dict[str, Json] = {}
        self.inputs: Json = {}
        self.outputs: Json = {}
        self.pending: list[Change] = []
        self.points: dict[str, list[Json]] = {}
        self.new_points: dict[str, list[Json]] = {}
        self.lost: set[str] = set()
        self.size = 0
        self.is_whole = False
        self.has_all_tags = False

    def learn(self, run: Json) -> None:
        """Take over what the server says, and what is pending on top of it."""
        data = run.get("data") or {}
        self.info = dict(run["info"])
        self.params = _by_name(data.get("params"))
        self.tags = _by_name(data.get("tags"))
        self.metrics = {metric["key"]: metric for metric in data.get("metrics") or ()}
        self.inputs = run.get("inputs") or {}
        self.outputs = run.get("outputs") or {}
        for change in self.pending:
            self._merge(change)

    def check(self, change: Change) -> None:
        if self.info.get("lifecycle_stage") == "deleted":
            raise ApiError(
                INVALID,
                f"The run {change.run_id} must be in the 'active' state. Current state is deleted.",
            )
        for name, value in change.params.items():
            if self.params.get(name, value) != value:
                raise ApiError(
                    INVALID,
                    f"Changing param values is not allowed. Param with key='{name}' was already "
                    f"logged with value='{self.params[name]}' for run ID='{change.run_id}'. "
                    f"Attempted logging new value '{value}'.",
                )
        for name, tag in change.tags.items():
            if tag is None and self.has_all_tags and name not in self.tags:
                raise ApiError(MISSING, f"No tag with name: {name} in run with id {change.run_id}")

    def apply(self, change: Change, *, pending: bool) -> None:
        self._merge(change)
        if pending:
            self._note_pending(change)

    def add_points(self, metrics: Iterable[Json], pending: bool, room: int) -> int:
        """Keep points of metrics while there is room, and return how many were kept."""
        before = self.size
        for metric in metrics:
            name = metric["key"]
            if self.size - before >= room:
                self.is_whole = False
                self.lost.add(name)
                continue
            self.size += 1
            self.points.setdefault(name, []).append(metric)
            if pending:
                self.new_points.setdefault(name, []).append(metric)
        return self.size - before

    def json(self) -> Json:
        data = {
            "metrics": list(self.metrics.values()),
            "params": _entries(self.params),
            "tags": _entries(self.tags),
        }
        run: Json = {"info": self.info, "data": {k: v for k, v in data.items() if v}}
        run["inputs"] = self.inputs
        return {**run, "outputs": self.outputs} if self.outputs else run

    def _note_pending(self, change: Change) -> None:
        """Remember a change, without its points: the latest of each is enough, and bounded."""
        if not self.pending:
            self.pending.append(Change(change.run_id))
        old = self.pending[0]
        latest = {metric["key"]: metric for metric in old.metrics}
        for metric in change.metrics:
            if _order(metric) >= _order(latest.get(metric["key"], metric)):
                latest[metric["key"]] = metric
        self.pending[0] = Change(
            change.run_id,
            metrics=tuple(latest.values()),
            params={**old.params, **change.params},
            tags={**old.tags, **change.tags},
            info={**old.info, **change.info},
            datasets=old.datasets + change.datasets,
            models=old.models + change.models,
        )

    def _merge(self, change: Change) -> None:
        self.params.update(change.params)
        for name, tag in change.tags.items():
            if tag is None:
                self.tags.pop(name, None)
            else:
                self.tags[name] = tag
        if "mlflow.runName" in change.tags and self.info:
            self.info["run_name"] = change.tags["mlflow.runName"]
        if self.info:
            self.info.update(change.info)
        for metric in change.metrics:
            if _order(metric) >= _order(self.metrics.get(metric["key"], metric)):
                self.metrics[metric["key"]] = metric
        self.inputs = _with_more(self.inputs, "dataset_inputs", change.datasets)
        self.outputs = _with_more(self.outputs, "model_outputs", change.models)


def merged_points(points: Iterable[Json], new: Iterable[Json]) -> list[Json]:
    """Return the points of a metric, each once, in the order of MLflow's answers."""
    unique = {_point(point): point for point in (*points, *new)}
    return sorted(unique.values(), key=lambda point: (int(point["timestamp"]), _step(point)))


def _point(point: Json) -> tuple[int, int, str]:
    return int(point["timestamp"]), _step(point), repr(float(point["value"]))


def _step(metric: Json) -> int:
    return int(metric.get("step") or 0)


def _order(metric: Json) -> tuple[int, int, float]:
    value = float(metric["value"])
    return _step(metric), int(metric["timestamp"]), value if value == value else 0.0


def _with_more(known: Json, name: str, more: tuple[Json, ...]) -> Json:
    if not more:
        return known
    there = list(known.get(name) or ())
    return {**known, name: there + [entry for entry in more if entry not in there]}


def _by_name(entries: Any) -> dict[str, str]:
    return {entry["key"]: entry.get("value", "") for entry in entries or ()}


def _entries(values: dict[str, str]) -> list[Json]:
    return [{"key": name, "value": value} for name, value in values.items()]


def _keep_last(kept: OrderedDict[str, Any], name: str, value: Any, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)
