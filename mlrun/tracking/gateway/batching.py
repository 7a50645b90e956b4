"""Puts small writes together: many log-metric, log-param and set-tag become one log-batch.

Only neighbours are put together, so the order of what touches the same thing is kept: metrics
stay in their order, of a tag that is set twice the last counts, a parameter that is given two
values is left to the server, and everything else (a deleted tag, a status, a file) is sent alone,
after what precedes it. Writes to different runs do not depend on each other.

Source of the limits: mlflow.utils.validation of MLflow 3.17, the same since 1.x.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mlrun.tracking.batches import MOST_BYTES
from mlrun.tracking.gateway.records import Entry

Json = dict[str, Any]

LOG_BATCH = "/api/2.0/mlflow/runs/log-batch"

_MOST_METRICS = 1000
_MOST_OTHERS = 100
_MOST_ALTOGETHER = 1000
MOST_ENTRIES = 5000
"""Of the journal, that are looked at together."""

_SMALL_WRITE = re.compile(
    r"/(?:ajax-)?api/2\.0/(?:preview/)?mlflow/runs/(log-metric|log-parameter|set-tag|log-batch)"
)
_OWN_RULES = "mlflow."
_RUN_FIELDS = ("run_id", "run_uuid")


@dataclass
class Batch:
    """What is logged to one run at once.

    Attributes:
        run_id: The run.
        entries: Which entries of the journal it stands for.
        metrics: As in MLflow's API, in order.
        params: Values by name.
        tags: Values by name.
    """

    run_id: str
    entries: list[Entry] = field(default_factory=list)
    metrics: list[Json] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    _size: int = 0

    def add(self, entry: Entry, parts: Batch) -> bool:
        """Take in what an entry writes; return False, and change nothing, where it cannot."""
        params = {**self.params, **parts.params}
        if any(self.params.get(name, value) != value for name, value in parts.params.items()):
            return False
        tags = {**self.tags, **parts.tags}
        metrics = len(self.metrics) + len(parts.metrics)
        size = self._size + len(entry.body)
        if not _fits(metrics, len(params), len(tags), size):
            return False
        self.metrics += parts.metrics
        self.params, self.tags, self._size = params, tags, size
        self.entries.append(entry)
        return True

    def body(self, metrics: list[Json] | None = None) -> bytes:
        """Return the request's body.

        Args:
            metrics: Instead of all.
        """
        document = {
            "run_id": self.run_id,
            "metrics": self.metrics if metrics is None else metrics,
            "params": [{"key": name, "value": value} for name, value in self.params.items()],
            "tags": [{"key": name, "value": value} for name, value in self.tags.items()],
        }
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Window:
    """What is sent before the next look at the journal.

    Attributes:
        last: The number up to which it reaches.
        batches: One a run.
        single: An entry that is sent alone; then there are no batches.
    """

    last: int
    batches: tuple[Batch, ...] = ()
    single: Entry | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether the server may have acted on some of it already."""
        found = [entry for batch in self.batches for entry in batch.entries]
        return any(e.doubtful for e in found) or bool(self.single and self.single.doubtful)

    @property
    def first(self) -> Entry:
        """Its first entry."""
        return self.single or self.batches[0].entries[0]

    @property
    def size(self) -> int:
        """How many entries it has."""
        return sum(len(batch.entries) for batch in self.batches) or 1


def next_window(entries: Iterable[Entry], most: int = MOST_ENTRIES) -> Window | None:
    """Return what is to be sent next, at most so many entries; None where nothing waits."""
    batches: dict[str, Batch] = {}
    last = count = 0
    for entry in entries:
        parts = parts_of(entry)
        if parts is None:
            if not batches:
                return Window(entry.number, single=entry)
            break
        batch = batches.setdefault(parts.run_id, Batch(parts.run_id))
        if not batch.add(entry, parts):
            break
        last, count = entry.number, count + 1
        if count >= most:
            break
    filled = tuple(batch for batch in batches.values() if batch.entries)
    return Window(last, filled) if filled else None


def batch_of(entries: Iterable[Entry]) -> Batch:
    """Return a batch of some of the entries that another one had."""
    parts = [(entry, parts) for entry in entries if (parts := parts_of(entry)) is not None]
    batch = Batch(parts[0][1].run_id)
    for entry, part in parts:
        batch.add(entry, part)
    return batch


def parts_of(entry: Entry) -> Batch | None:
    """Return what a small write writes, None where the entry is to be sent as it is."""
    found = _SMALL_WRITE.fullmatch(entry.target)
    if entry.kind != "request" or entry.method != "POST" or found is None or entry.body_file:
        return None
    try:
        document = json.loads(entry.body)
        parts = _read(found[1], document)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sizes = (len(parts.metrics), len(parts.params), len(parts.tags), len(entry.body))
    return parts if _fits(*sizes) else None


def _fits(metrics: int, params: int, tags: int, size: int) -> bool:
    return (
        metrics <= _MOST_METRICS
        and params <= _MOST_OTHERS
        and tags <= _MOST_OTHERS
        and metrics + params + tags <= _MOST_ALTOGETHER
        and size <= MOST_BYTES
    )


def _read(endpoint: str, document: Json) -> Batch:
    """Read a request.

    Raises:
        ValueError: Only the server may judge it.
        TypeError: Likewise.
        KeyError: Likewise.
    """
    run_id = document.get("run_id") or document["run_uuid"]
    values = {k: v for k, v in document.items() if k not in _RUN_FIELDS}
    parts = Batch(_text(run_id))
    if endpoint == "log-metric":
        parts.metrics.append(_metric(values))
    elif endpoint == "log-parameter":
        parts.params.update(_named([values]))
    elif endpoint == "set-tag":
        parts.tags.update(_named([values]))
    else:
        if set(values) - {"metrics", "params", "tags"}:
            raise ValueError(endpoint)
        parts.metrics.extend(map(_metric, values.get("metrics") or []))
        parts.params.update(_named(values.get("params") or []))
        parts.tags.update(_named(values.get("tags") or []))
    if any(name.startswith(_OWN_RULES) for name in parts.tags):
        raise ValueError(endpoint)  # such as a name that is also the run's
    return parts


def _metric(values: Json) -> Json:
    _text(values["key"])
    if "value" not in values or "timestamp" not in values:
        raise KeyError("value")
    return values


def _named(entries: list[Json]) -> dict[str, Any]:
    found = {_text(entry["key"]): _text(entry["value"]) for entry in entries}
    if len(found) != len(entries) or any(set(e) != {"key", "value"} for e in entries):
        raise ValueError("names")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
