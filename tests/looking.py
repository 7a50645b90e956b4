"""A real `mlrun ui`, and what it shows."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.components import missing
from tests.functional.commands import MLRUN

_PATIENCE = 300.0


class Interface:
    """One that is open.

    Args:
        process: The `mlrun` that opened it.
        page: The address that it printed.
        said: The file with what it said beside.
    """

    def __init__(self, process: subprocess.Popen[Any], page: str, said: Path) -> None:
        self.process = process
        self.page = page
        self.base = page.partition("/#")[0]
        self._said = said

    def said(self) -> str:
        return self._said.read_text()

    def ask(self, path: str, question: object = None) -> Any:
        """Ask the server itself; returns the answer's JSON."""
        return json.loads(self.get(path, question))

    def get(self, path: str, question: object = None) -> str:
        """Ask the server itself; returns the answer as it is."""
        body = None if question is None else json.dumps(question).encode()
        headers = {"Content-Type": "application/json", "Origin": self.base}
        request = urllib.request.Request(f"{self.base}{path}", body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_PATIENCE) as answer:
            return str(answer.read().decode())

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def interface(folder: Path, *words: str) -> Iterator[Interface]:
    """Open MLflow's interface as a user does who stands in a folder."""
    said = folder.parent / "said"
    with open(said, "w") as stream:
        process = subprocess.Popen(
            [*MLRUN, "ui", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            start_new_session=True,
        )
    with process:
        try:
            assert process.stdout is not None
            page = process.stdout.readline().strip()
            if not page and "could not be made ready" in said.read_text():
                missing("pypi", said.read_text())
            assert page, said.read_text()
            yield Interface(process, page, said)
        finally:
            if process.poll() is None:
                process.terminate()


def wait_until_open(shown: Interface) -> None:
    """Wait until a server answers, or has ended."""
    end = time.monotonic() + _PATIENCE
    while shown.process.poll() is None and time.monotonic() < end:
        try:
            shown.get("/health")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the server does not answer: {shown.said()}")


def processes_below(folder: Path) -> list[int]:
    """Return the processes that stand in a folder or in one within it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            cwd = (entry / "cwd").readlink()
        except OSError:
            continue
        if cwd.is_relative_to(folder):
            found.append(int(entry.name))
    return found
