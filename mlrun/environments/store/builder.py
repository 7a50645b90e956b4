"""Who builds an environment: written down by the builder, told to those who wait."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from mlrun.disk import read_json, write_atomically
from mlrun.environments.store.layout import BUILDER, LOG


@dataclass(frozen=True, slots=True)
class Builder:
    """Who builds.

    Attributes:
        pid: The process.
        host: Its machine.
        since: Seconds since the epoch.
        project: For what it builds, where that is known.
    """

    pid: int
    host: str
    since: float
    project: str | None


def announce(home: Path, project: str | None) -> None:
    """Write down that this process builds.

    Args:
        home: The environment's folder in the store.
        project: What it is for.
    """
    builder = Builder(os.getpid(), _host(), time.time(), project)
    write_atomically(home / BUILDER, json.dumps(asdict(builder)))


def read_builder(home: Path) -> Builder | None:
    """Return who builds, or did until it was killed; None where that is not known."""
    found = read_json(home / BUILDER)
    try:
        return Builder(
            int(found["pid"]), str(found["host"]), float(found["since"]), found["project"]
        )
    except (TypeError, KeyError, ValueError):
        return None


def waiting_line(home: Path) -> str:
    """Return what to say while somebody else has the lock of an environment."""
    builder = read_builder(home)
    if builder is None:
        return "waiting for another mlrun that builds or removes this environment"
    there = f" on {builder.host}" if builder.host != _host() else ""
    since = time.strftime("%H:%M:%S", time.localtime(builder.since))
    whose = f" for {builder.project}" if builder.project else ""
    return (
        f"waiting for another mlrun that builds this environment{whose}"
        f" (process {builder.pid}{there}, since {since}; log: {home / LOG})"
    )


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
