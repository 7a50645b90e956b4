"""What happens on the way of a run, for whoever listens.

The command line prints some of it, `--output json-lines` all of it
(`schemas/event.schema.json`), and the run's folder keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from time import time
from typing import Any

from mlrun.light_dataclass import dataclass


class EventKind(str, Enum):
    """The kinds of event, in the order in which a run meets them."""

    PLANNED = "planned"
    TRACKED = "tracked"
    GATHERED = "gathered"
    PREPARED = "prepared"
    STARTED = "started"
    ENDED = "ended"
    FINISHED = "finished"
    PROGRESS = "progress"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: What happened.
        message: One line for a person.
        data: Facts for a machine; JSON values only.
        time: Seconds since the epoch.
    """

    kind: EventKind
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    time: float = field(default_factory=time)

    def to_dict(self) -> dict[str, Any]:
        """Return the event as `event.schema.json` describes it."""
        return {"event": self.kind.value, "time": self.time, "message": self.message, **self.data}


Listener = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Listen to nothing."""
