"""Looks after one command from its start to its end, in one loop and one thread."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from mlrun.execution.adoption import Adoption
from mlrun.execution.asking import Answer, Asking
from mlrun.execution.command import Result
from mlrun.execution.inbox import CANCEL, FORWARDED
from mlrun.execution.launching import Launched
from mlrun.execution.leftovers import Clearing
from mlrun.execution.process import (
    forward,
    how_it_ended,
    kill,
    reap,
    release_shell,
    send_to_group,
)
from mlrun.execution.terminal import Keys

_STEP = 0.05
"""Seconds between two looks at what has no event of its own."""

_FOREGROUND_STEP = 1.0
"""Seconds between two looks at whether mlrun has come to the foreground."""

_SETTLED = 0.03
"""Seconds after the start at which that is done which would slow it down."""

_COLLECT_STEP = 30.0
"""Seconds between two collections of adopted processes that have ended."""

_LINGER = 0.5
"""Seconds to wait for the end of an output that a process unknown to us holds open."""

_LINGER_LIMIT = 5.0
"""Seconds after which such an output is abandoned even if it never pauses."""

_HANDLER_TIME = 0.05
"""Seconds for programs to react to Ctrl-Z (to restore the screen) before they are stopped."""

_NEVER = float("inf")


class Supervision:
    """The loop around one command.

    Args:
        launched: The command, as it was started.
    """

    def __init__(self, launched: Launched) -> None:
        self._launched = launched
        self._command = launched.command
        self._leader = launched.leader
        self._inbox = launched.inbox
        self._terminal = launched.terminal
        self._output = launched.output
        self._say = launched.say
        self._asking = Asking(launched.command.grace_period)
        self._ended: tuple[int | None, int | None] | None = None
        self._asked: int | None = None
        self._clearing: Clearing | None = None
        self._adoption: Adoption | None = None
        self._settle_at = _NEVER
        self._linger_until = _NEVER
        self._held = False
        self._hurried = False
        self._copied = False
        self._pidfd = _pidfd(launched.process.pid)

    def run(self) -> Result:
        """Wait for the end of the command and of all that it started.

        In the main thread, signals are forwarded meanwhile.
        """
        self._inbox.catch()
        try:
            self._begin()
            while not self._finished():
                self._turn()
        except BaseException:
            kill(self._leader)
            raise
        finally:
            self._close()
        assert self._ended is not None
        assert self._clearing is not None
        return Result(
            exit_code=self._ended[0],
            signal=self._ended[1],
            asked=self._asked,
            log_complete=self._launched.log.complete,
            left_behind=self._clearing.names,
        )

    def _begin(self) -> None:
        if self._command.own_process:
            self._settle_at = time.monotonic() + _SETTLED
        if self._terminal is not None and self._inbox.catching:
            self._terminal.attach()

    def _close(self) -> None:
        if self._terminal is not None:
            self._terminal.close()
        reap(self._launched.process)
        if self._launched.guardian is not None:
            self._launched.guardian.dismiss()
        if self._adoption is not None:
            self._adoption.end()
        self._output.close()
        self._launched.log.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
        self._inbox.release()

    # One turn of the loop

    def _turn(self) -> None:
        ready = self._wait()
        now = time.monotonic()
        if self._inbox.fd in ready:
            for message in self._inbox.take():
                self._told(message, now)
        if self._terminal is not None:
            self._serve_terminal(ready, now)
        self._copied = self._output.serve(ready)
        if self._ended is None and (self._pidfd is None or self._pidfd in ready):
            self._look_for_end(now)
        self._do_what_is_due(now)

    def _wait(self) -> dict[int, int]:
        """Return what is ready, after the next event or when something is due."""
        awaited = dict(self._output.awaited())
        awaited[self._inbox.fd] = select.POLLIN
        if self._ended is None and self._pidfd is not None:
            awaited[self._pidfd] = select.POLLIN
        if self._terminal is not None and self._terminal.wants_keys:
            awaited[0] = select.POLLIN
        if self._terminal is not None and self._terminal.has_input:
            master = self._terminal.master
            awaited[master] = awaited.get(master, 0) | select.POLLOUT
        poll = select.poll()
        for descriptor, events in awaited.items():
            poll.register(descriptor, events)
        seconds = self._seconds_to_wait(time.monotonic())
        return dict(poll.poll(None if seconds == _NEVER else seconds * 1000))

    def _seconds_to_wait(self, now: float) -> float:
        asking = self._asking
        steps = [asking.kill_at - now, asking.notice_at - now, self._settle_at - now]
        if self._clearing is not None or self._held:
            steps.append(_STEP)
        if self._ended is None and self._pidfd is None:
            steps.append(_STEP)
        if self._terminal is not None and self._may_attach():
            steps.append(_FOREGROUND_STEP)
        return max(0.0, min(steps))

    def _do_what_is_due(self, now: float) -> None:
        if self._ended is None:
            self._do_while_running(now)
        elif self._clearing is not None and not self._clearing.done and self._clearing.step(now):
            self._linger_until = now + _LINGER
        if now >= self._settle_at:
            self._settle_at = now + _COLLECT_STEP
            self._adopt()
        if self._terminal is not None and self._may_attach():
            self._terminal.attach()

    def _do_while_running(self, now: float) -> None:
        asking = self._asking
        if now >= asking.kill_at:
            seconds = f"{self._command.grace_period:g}"
            self._kill(f"the command did not end within {seconds} s; killing it")
        if self._held:
            self._held = not release_shell(self._leader)
        if now >= asking.notice_at:
            asking.notice_at = _NEVER
            if self._terminal is not None and self._terminal.edits_lines:
                self._say(
                    "the command goes on after Ctrl-C; press it again to end it (SIGTERM), "
                    "a third time to kill it"
                )

    def _adopt(self) -> None:
        if self._adoption is not None:
            self._adoption.collect()
            return
        guardian = self._launched.guardian
        known = {self._leader.pid} | ({guardian.pid} if guardian is not None else set())
        self._adoption = Adoption(known)

    # What mlrun is told

    def _told(self, message: int, now: float) -> None:
        if message == CANCEL:
            self._ask(signal.SIGTERM, now)
        elif message in FORWARDED:
            self._ask(message, now)
        elif message == signal.SIGTSTP:
            send_to_group(self._leader, signal.SIGTSTP)
            self._suspend(whole_group=False)
        elif message == signal.SIGCONT:
            self._resume()
        elif message == signal.SIGWINCH and self._terminal is not None:
            self._terminal.resize()
            if not self._terminal.interactive:
                send_to_group(self._leader, signal.SIGWINCH)

    def _ask(self, number: int, now: float) -> None:
        if self._ended is not None:
            self._ask_late(number, now)
            return
        answer = self._asking.by_signal(number, now)
        if answer is Answer.KILL:
            self._kill("killing the command after a second Ctrl-C")
        elif answer is Answer.FORWARD:
            hold = self._terminal is not None and self._terminal.interactive
            self._held |= forward(self._leader, number, hold_shell=hold)

    def _ask_late(self, number: int, now: float) -> None:
        """The command has ended; what is left may be saving work, or hold us up."""
        assert self._clearing is not None
        answer = self._asking.by_signal(number, now)
        if answer is Answer.KILL or (answer is Answer.FORWARD and self._clearing.done):
            self._hurried = True
            self._clearing.hurry()
            self._output.give_up_delivery()
        elif answer is Answer.FORWARD:
            forward(self._leader, number, hold_shell=False)

    def _kill(self, reason: str) -> None:
        self._asking.kill_at = _NEVER
        self._say(reason)
        kill(self._leader)

    # The terminal

    def _may_attach(self) -> bool:
        terminal = self._terminal
        return terminal is not None and terminal.could_attach and self._inbox.catching

    def _serve_terminal(self, ready: dict[int, int], now: float) -> None:
        terminal = self._terminal
        assert terminal is not None
        if terminal.has_input and ready.get(terminal.master, 0) & select.POLLOUT:
            terminal.pass_input()
        if terminal.wants_keys and 0 in ready:
            self._act_on(terminal.take_keys(self._leader.pid), now)

    def _act_on(self, keys: Keys, now: float) -> None:
        if keys.hung_up and self._inbox.catches(signal.SIGHUP):
            self._ask(signal.SIGHUP, now)
        if keys.interrupt and self._ended is None:
            answer = self._asking.by_key(now)
            if answer is Answer.TERMINATE:
                self._say("asking the command to end (SIGTERM); Ctrl-C once more kills it")
                self._held |= forward(self._leader, signal.SIGTERM, hold_shell=True)
            elif answer is Answer.KILL:
                self._kill("killing the command after a third Ctrl-C")
        elif keys.interrupt:
            self._ask(signal.SIGINT, now)
        if keys.suspend:
            self._suspend(whole_group=True)

    def _suspend(self, *, whole_group: bool) -> None:
        """Stop the command and then ourselves; go on when continued.

        The command's session has nobody who could continue it but us, so that the system
        ignores SIGTSTP there (POSIX: an orphaned process group); SIGSTOP follows it.
        """
        time.sleep(_HANDLER_TIME)
        send_to_group(self._leader, signal.SIGSTOP)
        if self._terminal is not None:
            self._terminal.detach()
        self._inbox.stop_this_process(whole_group=whole_group)
        self._resume()

    def _resume(self) -> None:
        if self._terminal is not None and self._inbox.catching:
            self._terminal.reattach()
        send_to_group(self._leader, signal.SIGCONT)

    # The end

    def _look_for_end(self, now: float) -> None:
        self._ended = how_it_ended(self._launched.process)
        if self._ended is None:
            return
        self._asked = self._asking.asked_before(self._ended, now)
        if self._terminal is not None:
            self._terminal.release_slave()
        guardian, adoption = self._launched.guardian, self._adoption
        spared = set(adoption.known) if adoption is not None else set()
        self._clearing = Clearing(
            self._leader,
            now,
            patience_until=self._asking.patience_until() if self._asked is not None else None,
            adopter=os.getpid() if adoption is not None and adoption.active else None,
            spared=spared | ({guardian.pid} if guardian is not None else set()),
        )
        self._settle_at = self._asking.kill_at = self._asking.notice_at = _NEVER

    def _finished(self) -> bool:
        if self._clearing is None or not self._clearing.done:
            return False
        if self._hurried or (self._output.ended and self._output.delivered):
            return True
        now = time.monotonic()
        paused = self._output.delivered and not self._copied
        return now >= self._linger_until and (paused or now >= self._linger_until + _LINGER_LIMIT)


def _pidfd(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends, where there is one."""
    with contextlib.suppress(AttributeError, OSError):
        return os.pidfd_open(pid)
    return None
