"""mlrun's side of a container: what its attendant is told, and what is made of its report."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mlrun.errors import LaunchError
from mlrun.execution.container import specification, trace
from mlrun.execution.container.body import bodies, memory_limit
from mlrun.execution.container.container import ContainerCommand
from mlrun.execution.leftovers import MARK_VARIABLE
from mlrun.folders import runs_folder
from mlrun.lease import Lease, share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.execution.command import Result
    from mlrun.execution.container.specification import Report

TRACES = ".containers"
"""The folder, among those of the runs, that holds the traces of containers."""

_NEEDED = (*trace.TLS_VARIABLES, MARK_VARIABLE, "PATH", "LANG", "LC_ALL", "LC_CTYPE")
_ATTENDANT = f"{os.path.dirname(__file__)}/attendant.py"  # noqa: PTH120 - a string is wanted


class Told(NamedTuple):
    """What a container's ending has besides a process's.

    Attributes:
        exit_code: Of the run; None where a signal ended the attendant.
        asked: The signal by which someone asked for the end.
        note: What else is known of it, in words.
        started: Whether the command ran at all.
    """

    exit_code: int | None
    asked: int | None
    note: str | None
    started: bool


class Attended:
    """One container that an attendant is started for.

    Args:
        command: The container and what runs in it.
        run_id: The run's id.
        mark: What no other launch has.
        folder: The run's.
        environ: Where the attendant's own variables are.
        grace_period: Seconds between asking it to end and killing it.

    Raises:
        LaunchError: The files that it needs cannot be written.
    """

    def __init__(
        self,
        command: ContainerCommand,
        *,
        run_id: str,
        mark: str,
        folder: Path,
        environ: Mapping[str, str],
        grace_period: float,
    ) -> None:
        self._command = command
        name = f"container-{os.getpid()}-{time.monotonic_ns():x}"
        self._folder = str(folder)
        self._specification, self._report = (f"{folder}/{name}.{k}" for k in trace.KINDS)
        self.trace = str(runs_folder() / TRACES / f"{name}.json")
        self._hold: Lease | None = None
        try:
            self._leave_trace(mark, environ)
            self._specify(run_id, mark, grace_period)
        except OSError as error:
            self.forget()
            place = error.filename or self._specification
            message = f"{place} cannot be written: {error.strerror}"
            raise LaunchError(message) from error
        self.argv = (sys.executable, "-I", "-S", _ATTENDANT, self._specification)
        self.environ = {k: environ[k] for k in _NEEDED if k in environ}

    def _leave_trace(self, mark: str, environ: Mapping[str, str]) -> None:
        Path(self.trace).parent.mkdir(parents=True, exist_ok=True)
        container = self._command.container
        label = f"{trace.LAUNCH_LABEL}={mark}"
        # Another mlrun, which cleans up, must not find it before it is held.
        written = Path(f"{self._specification}.trace")
        try:
            trace.leave(
                str(written),
                container.engine,
                label,
                environ,
                keeps=container.keeps,
                folder=self._folder,
            )
            self._hold = share(written)
            written.rename(self.trace)
        except OSError:
            trace.forget(str(written))
            raise

    def _specify(self, run_id: str, mark: str, grace_period: float) -> None:
        command = self._command
        body, bare_body = bodies(command, run_id, mark)
        document: specification.Specification = {
            "engine": command.container.engine,
            "name": command.name,
            "may_rename": command.name == f"mlrun-{run_id}",
            "body": body,
            "bare_body": bare_body,
            "scripted": bare_body is not None,
            "terminal": bool(command.container.options.get("Tty")),
            "stdin": _has_input(),
            "keeps": command.container.keeps,
            "grace_period": grace_period,
            "mlrun": os.getpid(),
            "trace": self.trace,
            "report": self._report,
        }
        specification.write(self._specification, document)

    def forget(self) -> None:
        """Remove what was written: the attendant could not be started."""
        trace.forget(self.trace)
        self._let_go()

    def end(self, result: Result) -> Told:
        """Make sure that the container has ended, and return how it did.

        Args:
            result: How the attendant ended.
        """
        report: Report | None = specification.take(self._report)
        left: str | None = None
        if report is not None and report.get("settled"):
            trace.forget(self.trace)
        elif not trace.clear(self.trace, patience=0.0 if _has_run(report) else trace.LATE):
            left = f"its container {self._command.name} may still be there"
        self._let_go()
        if report is None:
            return Told(result.exit_code, result.asked, left, started=True)
        note = "; ".join(filter(None, (self._note(report), left)))
        asked = result.asked if result.asked is not None else report.get("asked")
        return Told(result.exit_code, asked, note or None, started=bool(report.get("started")))

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.release()
        with contextlib.suppress(OSError):
            os.unlink(self._specification)  # noqa: PTH108 - a string

    def _note(self, report: Report) -> str | None:
        if report.get("error"):
            return report["error"]
        if not report.get("out_of_memory"):
            return None
        limit = memory_limit(self._command)
        if not limit:
            return "the container ran out of memory"
        from mlrun.sizes import size_in_words

        return f"the container ran out of memory (limit {size_in_words(limit)})"


def clear_traces() -> None:
    """End the containers of mlruns that were killed with all that belonged to them."""
    from mlrun.lease import claim

    folder = runs_folder() / TRACES
    try:
        found = [folder / name for name in os.listdir(folder)]
    except OSError:
        return
    for path in found:
        with contextlib.suppress(OSError):
            hold = claim(path)
            if hold is not None:
                trace.clear(str(path))
                hold.release()


def _has_run(report: Report | None) -> bool:
    return report is not None and bool(report.get("started"))


def _has_input() -> bool:
    """Return whether our standard input is for the command.

    A terminal is not, while mlrun is in its background: the keys are meant for others.
    """
    if sys.__stdin__ is None:
        return False
    if not os.isatty(0):
        with contextlib.suppress(OSError):
            return os.fstat(0).st_rdev != os.stat(os.devnull).st_rdev  # noqa: PTH116 - light
        return False
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True  # not our controlling terminal: there is no job control on it
