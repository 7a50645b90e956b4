"""Finds and ends what outlives a command: background jobs, daemons, orphans.

A process belongs to a command if it is in the command's session, carries the command's mark in
its environment, was adopted by mlrun when its parent ended, or descends from such a one. On a
system without `/proc` only the command's process group is known.

The guardian runs this code too, in a small Python of its own beside each command that starts:
hardly anything is imported here (`typing` alone takes 10 ms, `signal` and `contextlib` 5 ms).
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Collection
else:
    import _signal as signal

MARK_VARIABLE = "MLRUN_LAUNCH"
"""Holds the marks of all launches around a process, the outermost first, between colons."""

NATURAL_END = 0.5
"""Seconds for what is about to end by itself, such as `tee` behind `> >(tee file)`."""

TERM_TIME = 2.0
"""Seconds between SIGTERM and SIGKILL."""

KILL_TIME = 2.0
"""Seconds to wait for a killed process to be gone, before it is given up."""

_PROC = "/proc"

_KERNEL = 2
"""The parent of the kernel's own threads, which have no environment."""

_EXEC_TIME = 0.002
"""Seconds that the kernel may take from a program's end to the next one's environment."""


class Leader:
    """The process that was started: it leads a session and a process group of its own.

    Args:
        pid: Its number, which is the session's and the group's too.
        started: When, in clock ticks after the boot: a number that is used again differs in
            it. 0 where the system does not say.
        mark: A text in its environment that no other launch has.
    """

    __slots__ = ("mark", "pid", "started")

    def __init__(self, pid: int, started: int, mark: str) -> None:
        self.pid = pid
        self.started = started
        self.mark = mark


class Process:
    """One process, as `/proc/<pid>/stat` shows it (proc(5)).

    Args:
        pid: Its number.
        name: Its program's, cut off after 15 bytes.
        fields: What follows the name.
    """

    __slots__ = ("group", "name", "parent", "pid", "session", "started", "state")

    def __init__(self, pid: int, name: str, fields: list[str]) -> None:
        self.pid = pid
        self.name = name
        self.state = fields[0]
        self.parent, self.group, self.session = map(int, fields[1:4])
        self.started = int(fields[19])


def has_proc() -> bool:
    """Return whether this system tells about processes in `/proc`."""
    return os.path.exists(f"{_PROC}/self/stat")  # noqa: PTH110 - no pathlib in the guardian


def read_process(pid: int) -> Process | None:
    """Return what is known of a process, None if it is gone."""
    try:
        with open(f"{_PROC}/{pid}/stat", "rb") as file:
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return None
    head, _, tail = text.rpartition(")")
    return Process(pid, head.partition("(")[2], tail.split())


def leader_of(pid: int, mark: str) -> Leader:
    """Return what identifies a process that was just started."""
    found = read_process(pid)
    return Leader(pid, found.started if found else 0, mark)


def find(
    leader: Leader,
    *,
    adopter: int | None = None,
    spared: Collection[int] = (),
    with_leader: bool = False,
) -> list[Process]:
    """Return the living processes of a command.

    Args:
        leader: The command.
        adopter: This process, if it adopts the orphans: see `is_adopted`.
        spared: Numbers of processes that never belong to it.
        with_leader: Whether the command's first process is one of them.
    """
    if leader.started == 0:
        return []
    # Nothing that is older than the command can belong to it, whatever else speaks for it.
    table = {
        p.pid: p
        for p in list_processes()
        if p.started >= leader.started and p.pid not in spared and p.pid != 1
    }
    session_is_ours = _session_is_ours(leader, table.get(leader.pid))
    found = {
        p.pid
        for p in table.values()
        if (session_is_ours and p.session == leader.pid)
        or (adopter is not None and is_adopted(p, adopter))
        or (p.state not in "ZX" and p.parent != _KERNEL and _has_mark(p.pid, leader.mark))
    }
    _add_descendants(found, table)
    if not with_leader or not session_is_ours:
        found.discard(leader.pid)
    return [p for p in table.values() if p.pid in found and p.state not in "ZX"]


def is_adopted(process: Process, adopter: int) -> bool:
    """Return whether a child of this process was given to it, not started by it.

    The command began a session of its own, and nothing can go back to ours.
    """
    return process.parent == adopter and process.session != os.getsid(0)


def list_processes() -> list[Process]:
    """Return all processes of this user but this one."""
    own, user = os.getpid(), os.geteuid()
    found = []
    for name in os.listdir(_PROC) if has_proc() else ():
        if not name.isdigit() or int(name) == own:
            continue
        if user == 0 or _owner(name) == user:
            found.append(read_process(int(name)))
    return [process for process in found if process is not None]


def _owner(name: str) -> int | None:
    try:
        return os.stat(f"{_PROC}/{name}").st_uid  # noqa: PTH116 - no pathlib in the guardian
    except OSError:
        return None


def _session_is_ours(leader: Leader, found: Process | None) -> bool:
    """Return whether the session of this number is still that of the command.

    While a session has members, its number is not given to a new process.
    """
    return found is None or found.started == leader.started


def _has_mark(pid: int, mark: str) -> bool:
    """Return whether one of the marks in a process's environment is exactly this one."""
    try:
        environment = _environment(pid)
        if not environment and mark:
            # A process shows none for the instant between two programs (exec).
            time.sleep(_EXEC_TIME)
            environment = _environment(pid)
    except OSError:
        return False
    variables = environment.split(b"\0")
    name = f"{MARK_VARIABLE}=".encode()
    marks = next((v[len(name) :] for v in variables if v.startswith(name)), b"")
    return mark != "" and mark.encode() in marks.split(b":")


def _environment(pid: int) -> bytes:
    with open(f"{_PROC}/{pid}/environ", "rb") as file:
        return file.read()


def _add_descendants(found: set[int], table: dict[int, Process]) -> None:
    while True:
        more = {p.pid for p in table.values() if p.parent in found and p.pid not in found}
        if not more:
            return
        found |= more


def send(process: Process, number: int) -> None:
    """Send a signal to this very process, never to a later one of the same number."""
    try:
        if not hasattr(os, "pidfd_open"):
            os.kill(process.pid, number)
            return
        fd = os.pidfd_open(process.pid)
        try:
            now = read_process(process.pid)
            if now is not None and now.started == process.started:
                signal.pidfd_send_signal(fd, number)
        finally:
            os.close(fd)
    except OSError:
        return  # it has ended


class Clearing:
    """Ends what is left of a command, step by step: waits a moment, asks, kills.

    Args:
        leader: The command; its first process has ended, or is to be ended too.
        now: The time, in seconds of a monotonic clock.
        natural_end: Seconds before anything is asked to end.
        term_time: Seconds between SIGTERM and SIGKILL.
        patience_until: Until then the command's own process group is left alone: it has been
            asked already, and may be saving its work.
        adopter: See `find`.
        spared: See `find`.
        with_leader: See `find`.
    """

    def __init__(
        self,
        leader: Leader,
        now: float,
        *,
        natural_end: float = NATURAL_END,
        term_time: float = TERM_TIME,
        patience_until: float | None = None,
        adopter: int | None = None,
        spared: Collection[int] = (),
        with_leader: bool = False,
    ) -> None:
        self.done = False
        self.ended_by_force: dict[tuple[int, int], str] = {}
        self._leader = leader
        self._ask_at = now + natural_end
        self._term_time = term_time
        self._patience_until = patience_until
        self._kill_at: dict[tuple[int, int], float] = {}
        self._give_up_at = float("inf")
        self._adopter = adopter
        self._spared = spared
        self._with_leader = with_leader

    def hurry(self) -> None:
        """Kill whatever is left at the next step."""
        self._ask_at = self._term_time = 0.0
        self._patience_until = None
        self._kill_at = dict.fromkeys(self._kill_at, 0.0)

    def step(self, now: float) -> bool:
        """Do what is due; return whether nothing is left, or all that is left was given up."""
        if not has_proc():
            return self._step_of_group(now)
        left = find(
            self._leader,
            adopter=self._adopter,
            spared=self._spared,
            with_leader=self._with_leader,
        )
        for process in left:
            self._press(process, now)
        if now >= self._give_up_at or not left:
            self.done = True
        return self.done

    def _step_of_group(self, now: float) -> bool:
        """Do the same where only the process group is known."""
        asked = self._patience_until is not None
        kill_at = self._patience_until or self._ask_at + self._term_time
        try:
            if now >= kill_at:
                os.killpg(self._leader.pid, signal.SIGKILL)
                self.done = True
            elif now >= self._ask_at and not asked and not self._kill_at:
                os.killpg(self._leader.pid, signal.SIGTERM)
                self._kill_at[self._leader.pid, 0] = kill_at
            else:
                os.killpg(self._leader.pid, 0)
        except OSError:  # there is none any more, or only the leader that nobody collected yet
            self.done = True
        return self.done

    @property
    def names(self) -> tuple[str, ...]:
        """What had to be asked to end, or killed: each name with its process number."""
        return tuple(self.ended_by_force.values())

    def _press(self, process: Process, now: float) -> None:
        key = (process.pid, process.started)
        was_asked = self._patience_until is not None and process.group == self._leader.pid
        if was_asked and now < (self._patience_until or 0.0):
            return
        if key not in self._kill_at and now >= self._ask_at:
            self.ended_by_force[key] = f"{process.name} ({process.pid})"
            self._kill_at[key] = now if was_asked else now + self._term_time
            if not was_asked:
                send(process, signal.SIGTERM)
                send(process, signal.SIGCONT)
        if now >= self._kill_at.get(key, float("inf")):
            send(process, signal.SIGKILL)
            self._give_up_at = min(self._give_up_at, now + KILL_TIME)
