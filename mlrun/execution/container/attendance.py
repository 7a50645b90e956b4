"""Attending to one container: making it, its streams and signals, its end and its removal."""

from __future__ import annotations

import fcntl
import os
import select
import time

from mlrun.execution.container import first_process, specification
from mlrun.execution.container.engine import (
    Connection,
    Engine,
    EngineError,
    UnreachableError,
    parsed,
)
from mlrun.execution.container.streams import Input, Output
from mlrun.execution.container.trace import end_container, forget

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import FrameType
    from typing import Any

    from mlrun.execution.asking import Asking
    from mlrun.execution.container.specification import Report, Specification
else:
    import _signal as signal  # without `enum`, which takes as long as all the rest

LAST_GRACE = 4.0
"""Seconds between SIGTERM and SIGKILL where mlrun was killed; its guardian waits for 5."""

FAILED = 125
"""Exit code where there is none of the container's (as `docker run` has it)."""

_FORWARDED = ("INT", "TERM", "HUP", "USR1", "USR2")
_WATCHED = (*_FORWARDED, "TSTP", "CONT", "WINCH")
_REMOVED = "the container was removed by someone else"
_NAMES_TRIED = 20
_CONFLICT = 409
_CTRL_C = b"\x03"
_NEVER = float("inf")


class CancelledError(Exception):
    """Someone asked for the end before the container had started.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Attendance:
    """One container from before its start to after its removal.

    Args:
        spec: What mlrun wants.
    """

    def __init__(self, spec: Specification) -> None:
        self._spec = spec
        self._engine = Engine(spec["engine"], os.environ)
        self._scripted = spec["scripted"]
        self._has_keys = _is_one_terminal()
        self._terminal = spec["terminal"] or self._has_keys
        self._stdin = self._has_keys or (spec["stdin"] and not self._terminal)
        self._output: Output | None = None
        self._container = ""
        self._is_lost = False
        self._signals: int = -1
        self._mlrun: int | None = None
        self._kill_at = _NEVER
        self._paused = False
        self._asking: Asking | None = None
        self._report: Report = {"started": False, "settled": False}

    def run(self) -> int:
        """Do all of it, and return what the process leaves with."""
        self._signals = _catch_signals()
        trace = _hold(self._spec["trace"])
        self._mlrun = _pidfd(self._spec["mlrun"])
        if trace is None or os.getppid() != self._spec["mlrun"]:
            return FAILED  # mlrun is gone, and with it who would take the report
        try:
            code = self._run()
        except CancelledError as cancelled:
            code = 128 + cancelled.number
            self._remove()
        except EngineError as error:
            self._report["error"] = error.message
            code = FAILED
            self._remove()
        self._tell()
        if self._output is not None:
            self._deliver(self._output)
        return code

    def _tell(self) -> None:
        """Leave the report to mlrun, or, where that cannot be, see to the trace ourselves.

        Where mlrun is gone, nobody else does. Where there is no room for the report, the exit
        code says the most of it all the same.
        """
        try:
            if os.getppid() == self._spec["mlrun"]:
                specification.write(self._spec["report"], self._report)
                return
        except OSError:
            pass
        if self._report["settled"]:
            forget(self._spec["trace"])

    def _run(self) -> int:
        connection = self._start()
        if self._has_keys:
            _make_raw()
        self._output = Output(connection, terminal=self._terminal)
        self._attend(self._output, Input(connection, wanted=self._stdin))
        return self._end(self._output)

    # The start

    def _start(self) -> Connection:
        body = self._spec["body"]
        try:
            return self._start_as(body)
        except EngineError as error:
            bare = self._spec["bare_body"]
            if bare is None or not first_process.lacks_shell(error.message):
                raise
            self._remove()
        self._scripted = False
        return self._start_as(bare)

    def _start_as(self, body: bytes) -> Connection:
        answer = self._create(self._with_streams(body))
        streams = {"stream": True, "stdin": self._stdin, "stdout": True, "stderr": True}
        connection = self._engine.attach(f"/containers/{self._container}/attach", streams)
        try:
            self._give_up_if_asked()
            self._engine.begin("POST", f"/containers/{self._container}/start").answer()
        except BaseException:
            connection.close()
            raise
        self._report["started"] = True
        self._container = parsed(answer, self._engine.address)["Id"]
        if self._has_keys:
            self._resize()
        connection.flow()
        return connection

    def _give_up_if_asked(self) -> None:
        if not select.select([self._signals], [], [], 0)[0]:
            return
        for number in os.read(self._signals, 4096):
            if number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                raise CancelledError(number)

    def _with_streams(self, body: bytes) -> bytes:
        """Add what depends on our own streams; the rest was written where JSON is at hand."""
        terminal, stdin = (b"true" if x else b"false" for x in (self._terminal, self._stdin))
        return (
            b'{"Tty":%s,"OpenStdin":%s,"StdinOnce":%s,"AttachStdin":%s,'
            b'"AttachStdout":true,"AttachStderr":true,'
        ) % (terminal, stdin, stdin, stdin) + body[1:]

    def _create(self, body: bytes) -> bytes:
        """Make the container, by another name where that of an earlier one is still taken."""
        number = 1
        while True:
            self._container = self._spec["name"] + (f"-{number}" if number > 1 else "")
            query = {"name": self._container}
            try:
                return self._engine.begin("POST", "/containers/create", body, query).answer()
            except EngineError as error:
                taken = error.status == _CONFLICT or "already in use" in error.message
                # Whoever has that name now may be somebody else's: mlrun looks by the label.
                self._container = ""
                self._is_lost = error.status == 0 and not isinstance(error, UnreachableError)
                if not taken or not self._spec["may_rename"] or number == _NAMES_TRIED:
                    raise
            number += 1

    # While it runs

    def _attend(self, output: Output, given: Input) -> None:
        """Copy until the container's output ends, which it does with the container."""
        while not output.ended:
            ready = self._wait(output, given)
            self._listen(ready)
            if 0 in ready and given.wanted:
                self._note_keys(given.read())
            if ready.get(output.connection, 0) & select.POLLOUT:
                given.write()
            output.serve(ready)

    def _wait(self, output: Output, given: Input) -> dict[int, int]:
        awaited = output.awaited()
        if given.waiting:
            awaited[output.connection] = awaited.get(output.connection, 0) | select.POLLOUT
        if given.wanted:
            awaited[0] = select.POLLIN
        return self._poll(awaited)

    def _poll(self, awaited: dict[int, int]) -> dict[int, int]:
        poll = select.poll()
        for descriptor, events in awaited.items():
            poll.register(descriptor, events)
        poll.register(self._signals, select.POLLIN)
        if self._mlrun is not None:
            poll.register(self._mlrun, select.POLLIN)
        left = self._kill_at - time.monotonic()
        return dict(poll.poll(None if left == _NEVER else max(0.0, left) * 1000))

    def _listen(self, ready: dict[int, int]) -> None:
        """Do what signals, keys' consequences and the clock ask for."""
        if self._signals in ready:
            for number in os.read(self._signals, 4096):
                self._told(number)
        if self._mlrun is not None and self._mlrun in ready:
            os.close(self._mlrun)
            self._mlrun = None
            self._lose_mlrun()
        if time.monotonic() >= self._kill_at:
            self._kill_at = _NEVER
            self._kill()

    def _told(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._resize()
        elif number == signal.SIGTSTP:
            self._pause()
        elif number == signal.SIGCONT:
            self._go_on()
        elif self._kill_at == _NEVER or number != signal.SIGTERM:
            self._pass(number)
            if os.getppid() != self._spec["mlrun"]:
                self._kill_at = min(self._kill_at, time.monotonic() + LAST_GRACE)

    def _lose_mlrun(self) -> None:
        """Mlrun was killed: its guardian will say so too, and kill us soon after."""
        if self._kill_at == _NEVER:
            self._kill_at = time.monotonic() + LAST_GRACE
            self._go_on()
            self._pass(signal.SIGTERM)

    def _pass(self, number: int) -> None:
        name = next(n for n in _WATCHED if getattr(signal, f"SIG{n}") == number)
        try:
            first_process.pass_signal(
                self._engine, self._container, name, number, scripted=self._scripted
            )
        except EngineError:
            return  # it has ended, or the engine has: the stream will tell

    def _kill(self) -> None:
        self._try("POST", "kill", {"signal": "SIGKILL"})

    def _pause(self) -> None:
        self._paused = True
        self._try("POST", "pause")

    def _go_on(self) -> None:
        if self._paused:
            self._paused = False
            self._try("POST", "unpause")
        self._resize()

    def _resize(self) -> None:
        if self._has_keys:
            columns, rows = os.get_terminal_size(1)
            self._try("POST", "resize", {"h": rows, "w": columns})

    def _try(self, method: str, action: str, query: dict[str, Any] | None = None) -> None:
        try:
            self._engine.call(method, f"/containers/{self._container}/{action}", query=query)
        except EngineError:
            return  # it has ended, or the engine has: the stream will tell

    # Keys

    def _note_keys(self, data: bytes) -> None:
        """Count Ctrl-C at a terminal, as mlrun does for a command whose terminal it can see."""
        if not self._has_keys or _CTRL_C not in data:
            return
        if not first_process.edits_lines(self._engine, self._container):
            return
        from mlrun.execution.asking import Answer, Asking

        self._asking = self._asking or Asking(self._spec["grace_period"])
        answer = self._asking.by_key(time.monotonic())
        if answer is Answer.TERMINATE:
            self._say(b"asking the command to end (SIGTERM); Ctrl-C once more kills it")
            self._pass(signal.SIGTERM)
            self._kill_at = self._asking.kill_at
        elif answer is Answer.KILL:
            self._kill()

    def _say(self, line: bytes) -> None:
        if self._output is not None:
            self._output.outlets[1].put(b"\r\nmlrun: %s\r\n" % line)

    # The end

    def _end(self, output: Output) -> int:
        """Learn how the container ended, and remove it."""
        code = self._exit_code(output)
        self._report["exit_code"] = code
        now = time.monotonic()
        if self._asking is not None:
            asked = self._asking.asked_before((code, None), now)
            self._report["asked"] = None if asked is None else int(asked)
        if code != 0:
            self._report["out_of_memory"] = self._ran_out_of_memory()
        self._remove()
        return code & 0xFF

    def _exit_code(self, output: Output) -> int:
        try:
            answer = self._wait_for_end(output)
        except EngineError as error:
            if error.status != 0:
                raise EngineError(error.status, _REMOVED) from None
            raise EngineError(0, f"the container engine went away ({error.message})") from None
        return int(parsed(answer, self._engine.address)["StatusCode"])

    def _wait_for_end(self, output: Output) -> bytes:
        """Return the engine's word on the end; go on listening meanwhile."""
        path = f"/containers/{self._container}/wait"
        connection = self._engine.begin("POST", path, timeout=None)
        descriptor = connection.socket.fileno()
        try:
            while True:
                ready = self._poll({descriptor: select.POLLIN, **output.awaited()})
                self._listen(ready)
                output.serve(ready)
                if descriptor in ready:
                    return connection.answer()
        finally:
            connection.close()

    def _ran_out_of_memory(self) -> bool:
        try:
            found = self._engine.call("GET", f"/containers/{self._container}/json")
        except EngineError:
            return False
        return bool(found["State"].get("OOMKilled"))

    def _remove(self) -> None:
        """Remove the container; what cannot be removed is left to mlrun."""
        if not self._container:
            self._report["settled"] = not self._is_lost
            return
        keeps = self._spec["keeps"] and self._report["started"]
        try:
            done = end_container(
                self._engine, self._container, "exited" if keeps else "", keeps=keeps
            )
        except EngineError:
            return
        self._report["settled"] = True
        if not done and self._report.get("exit_code") is not None:
            self._report["error"] = _REMOVED

    def _deliver(self, output: Output) -> None:
        """Write what our readers have not taken yet."""
        while not output.delivered:
            poll = select.poll()
            for outlet in output.outlets:
                if outlet.held:
                    poll.register(outlet.descriptor, select.POLLOUT)
            ready = dict(poll.poll())
            for outlet in output.outlets:
                if outlet.descriptor in ready:
                    outlet.write()


def _is_one_terminal() -> bool:
    """Return whether keys are read where output is shown."""
    return os.isatty(0) and os.isatty(1) and os.fstat(0).st_rdev == os.fstat(1).st_rdev


def _make_raw() -> None:
    """Let all pass unchanged: the container's own terminal does with it what it is set to.

    Nobody restores it: this terminal is the attendant's alone, and ends with it.
    """
    import termios
    import tty

    tty.setraw(0, termios.TCSANOW)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the interpreter has written the number to the pipe already."""


def _catch_signals() -> int:
    """Return a pipe that each signal's number arrives in; what is ignored stays ignored."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    for name in _WATCHED:
        number = getattr(signal, f"SIG{name}")
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _noted)
    return read_end


def _hold(path: str) -> int | None:
    """Hold the trace until this process ends; None where it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError:
        return None
    return descriptor


def _pidfd(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends, where there is one."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
