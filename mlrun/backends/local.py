"""This machine: the command runs as a child of mlrun."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mlrun.backends.base import Ending, LaunchRequest, RunHandle, RunState
from mlrun.errors import NotSupportedError

if TYPE_CHECKING:
    from mlrun.execution.container.attended import Attended
    from mlrun.execution.launching import Launched


class LocalBackend:
    """Runs commands on this machine, each in a session of its own."""

    name = "local"

    def launch(self, request: LaunchRequest, notify: Callable[[str], None]) -> RunHandle:
        """Start the command and return at once.

        Args:
            request: What to start.
            notify: Takes one line for the user.

        Raises:
            LaunchError: It could not be started.
            NotSupportedError: This is Windows.
        """
        if os.name != "posix":
            raise NotSupportedError(
                "mlrun does not run commands on this system yet: it needs POSIX"
            )
        from mlrun.execution.command import Command
        from mlrun.execution.launching import launch
        from mlrun.execution.leftovers import MARK_VARIABLE

        if not request.own_process:
            # Ctrl-C that falls into an import, while another thread imports too, leaves Python's
            # import lock taken for good. So what `wait` needs is there before threads are.
            import mlrun.execution.supervise  # noqa: F401

        mark = _mark(request.run_id)
        attended = _attended(request, mark)
        environ = request.env if attended is None else attended.environ
        outer = environ.get(MARK_VARIABLE)
        command = Command(
            argv=request.argv if attended is None else attended.argv,
            cwd=request.cwd,
            env={**environ, MARK_VARIABLE: f"{outer}:{mark}" if outer else mark},
            mark=mark,
            log=request.log,
            grace_period=request.grace_period,
            stdout_to_stderr=request.stdout_to_stderr,
            terminal=request.terminal,
            own_process=request.own_process,
            trace=attended.trace if attended is not None else None,
            secrets=request.secrets,
        )
        try:
            return LocalRun(launch(command, notify), attended)
        except BaseException:
            if attended is not None:
                attended.forget()
            raise


class LocalRun:
    """A command on this machine.

    Its output is copied and its end noticed by whoever calls `wait` first; without a call,
    the command stops as soon as it has filled the pipe that its output goes through.

    Args:
        launched: The command, as it was started.
        attended: The container that it stands for, if it does.
    """

    def __init__(self, launched: Launched, attended: Attended | None = None) -> None:
        self._launched: Launched | None = launched
        self._attended = attended
        self._pid = launched.process.pid
        self._waiting = threading.Lock()
        self._ending: Ending | None = None

    @property
    def pid(self) -> int:
        """The command's first process."""
        return self._pid

    def wait(self) -> Ending:
        """Block until the command has ended and its output is copied. May be called again.

        In the main thread, signals that reach mlrun meanwhile are passed on to the command.
        """
        with self._waiting:
            if self._ending is None:
                assert self._launched is not None
                self._ending = self._supervise(self._launched)
                if not self._launched.inbox.catching:
                    # Who keeps many ended runs keeps no open files with them.
                    self._launched = None
            return self._ending

    def cancel(self) -> None:
        """Ask the command to end, and kill it after the grace period. Does not wait."""
        launched = self._launched
        if self._ending is not None or launched is None:
            return
        launched.inbox.cancel()
        if not self._waiting.locked():
            threading.Thread(target=self.wait, name="mlrun cancel", daemon=True).start()

    def state(self) -> RunState:
        """Return where it stands, without blocking."""
        from mlrun.execution.process import how_it_ended

        launched = self._launched
        has_ended = (
            self._ending is not None
            or launched is None
            or how_it_ended(launched.process) is not None
        )
        return RunState.ENDED if has_ended else RunState.RUNNING

    def _supervise(self, launched: Launched) -> Ending:
        from mlrun.execution.supervise import Supervision

        result = Supervision(launched).run()
        ending = Ending(
            exit_code=result.exit_code,
            signal=result.signal,
            asked=result.asked,
            log_complete=result.log_complete,
            left_behind=result.left_behind,
        )
        if self._attended is None:
            return ending
        told = self._attended.end(result)
        return replace(ending, asked=told.asked, note=told.note, started=told.started)


def _attended(request: LaunchRequest, mark: str) -> Attended | None:
    """Return what stands for the request's container on this machine, None where it has none."""
    if request.container is None:
        return None
    from mlrun.execution.container.attended import Attended

    return Attended(
        request.container,
        run_id=request.run_id,
        mark=mark,
        folder=request.log.parent,
        environ=request.env,
        grace_period=request.grace_period,
    )


def _mark(run_id: str) -> str:
    """Return a text that no other launch has, not even of the same run."""
    return f"{run_id.replace(':', '_')}.{os.getpid()}.{time.monotonic_ns():x}"
