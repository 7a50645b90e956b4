"""Start a program and take its time, the time of what it starts, or its memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MARK = "BENCH_MARK"
"""The variable that names the file in which a project's command leaves its mark."""

SETTLE_SECONDS = 1.0
"""How long a runner may go on working behind the command before its memory is read."""

_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Command:
    """One program to start, with all that it gets."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from spawning a runner to its command's first instruction, and to its own end."""

    first: float
    total: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory in KiB: of the runner's first process, and of all its processes."""

    main: int
    all: int


def wall(command: Command) -> float:
    """Return the seconds from spawning the program to its end.

    Raises:
        RuntimeError: It failed; the message holds what it printed.
    """
    with tempfile.TemporaryFile() as output:
        begin = time.time()
        process = _spawn(command, output.fileno())
        # A wait with a limit looks up to 50 ms apart.
        limit = threading.Timer(_PATIENCE_SECONDS, process.kill)
        limit.start()
        code = process.wait()
        end = time.time()
        limit.cancel()
        if code != 0:
            output.seek(0)
            printed = output.read().decode(errors="replace")
            raise RuntimeError(f"{' '.join(command.argv)} ended with {code}:\n{printed}")
    return end - begin


def start(command: Command, mark_folder: Path | None = None) -> Start:
    """Run a project whose command writes bash's `EPOCHREALTIME` to the mark.

    Both clocks are the system's, so that two processes can be compared.

    Args:
        command: The runner.
        mark_folder: Where the command writes a file `mark`, if it does not read the variable.
    """
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(mark_folder or folder, "mark")
        marked = Command(command.argv, command.cwd, {**command.env, MARK: str(mark)})
        begin = time.time()
        total = wall(marked)
        return Start(float(mark.read_text()) - begin, total)


def memory(command: Command) -> Memory:
    """Run a project whose command writes its process id to the mark and sleeps for a while.

    The command's own processes are not counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(folder, "mark")
        marked = Command(command.argv, command.cwd, {**command.env, MARK: str(mark)})
        process = _spawn(marked, subprocess.DEVNULL)
        try:
            excluded = _wait_for_pid(mark, process)
            time.sleep(SETTLE_SECONDS)
            peaks = [_peak(pid) for pid in _tree(process.pid, excluded)]
        finally:
            process.wait(_PATIENCE_SECONDS)
    return Memory(peaks[0], sum(peaks))


def _spawn(command: Command, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env=command.env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def _wait_for_pid(mark: Path, runner: subprocess.Popen[bytes]) -> int:
    while runner.poll() is None:
        if mark.exists() and (text := mark.read_text()).endswith("\n"):
            return int(text)
        time.sleep(0.01)
    raise RuntimeError(f"{runner.args!r} ended before its command began")


def _tree(root: int, excluded: int) -> list[int]:
    """Return `root` and its descendants, without `excluded` and what descends from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (parent := _parent(int(entry))) is not None:
            children.setdefault(parent, []).append(int(entry))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        if pid != excluded:
            found.append(pid)
            waiting += children.get(pid, [])
    return found


def _parent(pid: int) -> int | None:
    value = _status(pid).get("PPid")
    return int(value) if value else None


def _peak(pid: int) -> int:
    value = _status(pid).get("VmHWM", "0 kB")
    return int(value.removesuffix("kB"))


def _status(pid: int) -> dict[str, str]:
    """Return the fields of `/proc/PID/status`, none where the process has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    fields = (line.partition(":") for line in lines)
    return {name: value.strip() for name, _, value in fields}
