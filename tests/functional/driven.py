"""A command that runs under the local backend in another process, for tests to poke at."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DRIVER = str(Path(__file__).with_name("driver.py"))
PATIENCE = 60.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition that must come true, as long as even a busy machine needs."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


def state_of(pid: int) -> str | None:
    """Return the state letter of a process, None if it is gone or only not collected yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return None
    return None if state in "ZX" else state


@dataclass(frozen=True)
class Scene:
    """The files of one command: a folder to run in, its log, its ending."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def driver(self, command: str | list[str], **fields: object) -> list[str]:
        """Return the command line that runs a command (a text is for bash) in the driver."""
        argv = ["bash", "-c", command] if isinstance(command, str) else command
        words = {
            "argv": argv,
            "cwd": str(self.folder),
            "log": str(self.log),
            "ending": str(self.folder / "ending"),
            "run_id": "r1",
            "own_process": True,
            **fields,
        }
        return [sys.executable, DRIVER, json.dumps(words)]

    def ending(self) -> dict[str, Any]:
        """Return how the command ended."""
        found: dict[str, Any] = json.loads((self.folder / "ending").read_text())
        return found

    def script(self, name: str, text: str) -> str:
        """Write a Python script; return the shell words that run it."""
        path = self.folder / name
        path.write_text(text)
        return f"'{sys.executable}' '{path}'"

    def number_in(self, name: str) -> int:
        """Wait for a file with a process number, and return it."""
        path = self.folder / name
        wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"file {name}")
        return int(path.read_text())

    def wait_for(self, text: str) -> None:
        """Wait until the log has this text."""
        wait_until(
            lambda: self.log.exists() and text.encode() in self.log.read_bytes(), f"log {text!r}"
        )


@contextmanager
def driven(
    scene: Scene, command: str | list[str], *, fields: dict[str, object] | None = None, **popen: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in the driver while in the context; kill the driver at its end."""
    streams = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(
        scene.driver(command, **(fields or {})),
        **{"stdin": subprocess.DEVNULL, **streams, **popen},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(
    scene: Scene, command: str | list[str], *, stdin: bytes = b"", **fields: object
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in the driver to its end."""
    return subprocess.run(
        scene.driver(command, **fields), input=stdin, capture_output=True, timeout=PATIENCE
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Wait for the driver's end; return what it wrote."""
    return process.communicate(timeout=PATIENCE)


def tell(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the driver a signal, as kill(1) does."""
    os.kill(process.pid, number)
