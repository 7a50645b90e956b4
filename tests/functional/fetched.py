"""Running projects that mlrun has to fetch first, and looking at what that leaves behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.functional.commands import MLRUN, Place, recorded


def run(
    place: Place, uri: str, *words: str, env: dict[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a project, and return what mlrun printed."""
    return place.mlrun("run", uri, *words, env=env, timeout=timeout)


def begin(
    place: Place, uri: str, *words: str, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start mlrun on a project, and go on."""
    return subprocess.Popen(
        [*MLRUN, "run", uri, *words],
        cwd=place.folder,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def tags_of_last_run(place: Place) -> dict[str, str]:
    """Return the tags of the newest recorded run."""
    return recorded(place.runs()[-1], "tags")


def work_folders() -> list[str]:
    """Return the folders of runs that are in the cache."""
    work = Path(os.environ["MLRUN_CACHE_DIR"], "work")
    return sorted(os.listdir(work)) if work.exists() else []


def files_that_hold(secret: str, *folders: Path) -> list[Path]:
    """Return the files in whose content or name a text is."""
    return [
        file
        for folder in folders
        for file in folder.rglob("*")
        if secret in file.name or (file.is_file() and secret.encode() in file.read_bytes())
    ]


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine.

    Attributes:
        pid: Its number.
        parent: Its parent's.
        words: Its command line.
    """

    pid: int
    parent: int
    words: str


def processes() -> Iterator[Process]:
    """Return what `ps` would show of all processes."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield Process(int(folder.name), int(parent), words.decode(errors="replace"))


def problem_of(document: dict[str, Any]) -> str:
    """Return all that the error of a result says."""
    problems = document["error"]["problems"]
    return " ".join(f"{problem['message']} {problem['hint']}" for problem in problems)
