"""The last step of the line: what became of the command is recorded, now or later.

How the run ended, and what is to be delivered, is first written to the run's folder, so that
whatever happens on the way (no answer, impatience, the end of mlrun itself), it is known, and
the next mlrun can deliver it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from time import time

from mlrun import run_folder, tags
from mlrun.backends.base import Ending, RunHandle
from mlrun.environments.base import PreparedEnvironment
from mlrun.errors import MlrunError, TrackingUnavailableError
from mlrun.events import Event, EventKind, Listener
from mlrun.gathering import Gathered
from mlrun.outcome import Outcome, describe_ending, exit_code_of, status_of
from mlrun.plan import Work
from mlrun.request import UndeliveredPolicy
from mlrun.run_folder import RunFolder
from mlrun.sources.base import Checkout
from mlrun.tracking.base import RunEnd, RunStatus, TrackedRun, TrackingStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.tracking.gateway.gateway import Gateway

PENDING = "pending.json"
OUTCOME = "outcome.json"
LOCK = "environment.lock.json"
LOCK_ARTIFACT = f"mlrun/{LOCK}"
"""Where a run has, among its artifacts, what its environment was made of."""

_PATIENCE = 2.0
"""Seconds of delivery at the end before that is said."""

_COURTESY = 0.5
"""Seconds that a finished run waits for the delivery of what earlier runs left undone."""


class LaunchedRun:
    """A run whose command has started.

    Args:
        handle: On the command.
        work: What is run.
        checkout: The project's folder.
        store: Where the run is recorded.
        gateway: What the command's MLflow client talks to, None for the store itself.
        tracked: The run there.
        folder: The run's folder.
        environment: What the command runs in.
        gathered: The remote paths among its values, on this machine.
        start_time: Milliseconds since the epoch.
        undelivered: What undelivered records mean for the exit code.
        flush_timeout: Seconds to go on delivering after the end; 0 for no limit.
        keep_workdir: Whether a folder that was made for this run alone stays.
        listen: Takes each event.
    """

    def __init__(
        self,
        *,
        handle: RunHandle,
        work: Work,
        checkout: Checkout,
        store: TrackingStore,
        gateway: Gateway | None,
        tracked: TrackedRun,
        folder: RunFolder,
        environment: PreparedEnvironment,
        gathered: Gathered,
        start_time: int,
        undelivered: UndeliveredPolicy,
        flush_timeout: float,
        keep_workdir: bool,
        listen: Listener,
    ) -> None:
        self.handle = handle
        self.tracked = tracked
        self._work = work
        self._checkout = checkout
        self._store = store
        self._gateway = gateway
        self._folder = folder
        self._environment = environment
        self._gathered = gathered
        self._start_time = start_time
        self._undelivered = undelivered
        self._flush_timeout = flush_timeout
        self._keep_workdir = keep_workdir
        self._listen = listen
        self._waiting = threading.Lock()
        self._outcome: Outcome | None = None
        self._start_complete = threading.Event()
        if gateway is not None:
            gateway.serve()
        self._beside = threading.Thread(target=self._work_beside, daemon=True)
        self._beside.start()

    def cancel(self) -> None:
        """Ask the command to end. Does not wait."""
        self.handle.cancel()

    def status(self) -> RunStatus:
        """Return the run's status, without waiting.

        A command that has ended counts as running until its end is recorded.
        """
        return self._outcome.status if self._outcome is not None else RunStatus.RUNNING

    def wait(self) -> Outcome:
        """Wait for the command's end, record it, and return how the run ended.

        Whoever interrupts the recording leaves the delivery to the next mlrun; the run is
        closed all the same, and a further call returns its outcome.
        """
        with self._waiting:
            if self._outcome is None:
                ending = self.handle.wait()
                self._environment.release()
                self._gathered.release()
                try:
                    self._outcome = self._finish(ending)
                    self._beside.join(_COURTESY)
                finally:
                    self._leave_checkout()
            return self._outcome

    def _leave_checkout(self) -> None:
        try:
            if not self._checkout.is_in_place and not self._keep_workdir:
                self._tell_of_files()
        finally:
            leave_checkout(self._checkout, self._listen, keep=self._keep_workdir)

    def _tell_of_files(self) -> None:
        """Say which files go with the run's own folder: somebody may have wanted them."""
        from mlrun.sources.leftovers import written_since

        files = written_since(self._checkout.path, self._start_time / 1000)
        if files:
            named = ", ".join(files[:3]) + f" and {len(files) - 3} more" * (len(files) > 3)
            line = f"removed with the run's folder: {named} (--keep-workdir keeps it)"
            self._listen(Event(EventKind.PROGRESS, line, {"phase": "finish", "files": files[:100]}))

    def _work_beside(self) -> None:
        """Do beside the command what need not be done before it starts."""
        from mlrun.recovery import settle_earlier_runs

        self._folder.reserve()
        try:
            self._log_rest_of_start()
            self._record_lock()
        except MlrunError as error:
            self._listen(Event(EventKind.WARNING, error.message, {"phase": "track"}))
        finally:
            self._start_complete.set()
        settle_earlier_runs()

    def _log_rest_of_start(self) -> None:
        try:
            self._store.after_launch()
        except TrackingUnavailableError:
            if self._gateway is None:
                raise
            from mlrun.serving import leave_to_gateway

            leave_to_gateway(self._store, self._gateway)

    def _record_lock(self) -> None:
        """Keep with the run what exactly its environment is made of."""
        lock = self._environment.lock
        if lock is None:
            return
        try:
            content = lock.read_bytes()
            self._folder.keep(LOCK, content)
        except OSError as error:
            _warn_of_folder(error, self._listen)
            return
        self._store.keep_artifact(self.tracked, LOCK_ARTIFACT, content)

    def _finish(self, ending: Ending) -> Outcome:
        end = RunEnd(self.tracked.run_id, status_of(ending), int(time() * 1000), self._tags(ending))
        keep(self._folder, self._store, end, self._outcome_of(ending, end), self._listen)
        delivered = False
        try:
            self._start_complete.wait()
            left = self._flush()
            status = status_of(ending, self._recorded_status(ending) if not left else None)
            end = RunEnd(end.run_id, status, end.end_time, end.tags)
            self._announce_end(ending, status)
            # The end comes after what the command has logged, or not yet.
            delivered = not left and deliver(self._store, self._folder, end, self._listen)
            self._store.close()
        finally:
            if self._gateway is not None:
                self._gateway.close(0)
            self._outcome = self._outcome_of(ending, end, delivered=delivered)
            close(self._folder, self._outcome, self._listen)
        return self._outcome

    def _flush(self) -> int:
        """Deliver what the gateway has kept, and return how many records it still has."""
        if self._gateway is None:
            return 0
        timer = threading.Timer(_PATIENCE, self._tell_of_waiting)
        timer.daemon = True
        timer.start()
        try:
            left = self._gateway.close(self._flush_timeout or None)
        except BaseException:  # somebody does not want to wait for the rest
            timer.cancel()
            self._tell_of_rest(self._gateway.close(0))
            raise
        finally:
            timer.cancel()
        self._tell_of_rest(left)
        return left

    def _tell_of_waiting(self) -> None:
        most = f"for up to {self._flush_timeout:g} s" if self._flush_timeout else "without limit"
        line = (
            f"delivering to {self._store.uri} what it has not got yet, {most} "
            "(Ctrl-C leaves the rest to `mlrun sync`)"
        )
        self._listen(Event(EventKind.PROGRESS, line, {"phase": "finish"}))

    def _tell_of_rest(self, left: int) -> None:
        if not left:
            return
        message = (
            f"{left} record{'s' * (left > 1)} and the end of run {self.tracked.run_id} are not "
            f"delivered to {self._store.uri} yet; they are kept in {self._folder.path}, and "
            "`mlrun sync` delivers them"
        )
        data = {"phase": "finish", "code": "undelivered", "records": left}
        self._listen(Event(EventKind.WARNING, message, data))

    def _outcome_of(self, ending: Ending, end: RunEnd, *, delivered: bool = False) -> Outcome:
        matters = not delivered and self._undelivered is UndeliveredPolicy.FAIL
        return Outcome(
            run_id=end.run_id,
            status=end.status,
            exit_code=exit_code_of(ending, end.status, undelivered_matters=matters),
            command_exit_code=ending.exit_code if ending.started else None,
            command_signal=ending.signal,
            asked=ending.asked,
            start_time=self._start_time,
            end_time=end.end_time,
            tracking_uri=self._store.uri or None,
            experiment_id=self.tracked.experiment_id,
            delivered=delivered,
            log=str(self._folder.log),
            web_url=self.tracked.web_url or _web_url(self._folder, self._store.uri, self.tracked),
            server_run_id=server_ids(self._folder).get(end.run_id),
            work_folder=str(self._checkout.path) if self._keeps_checkout else None,
            reason=_reason(ending),
        )

    @property
    def _keeps_checkout(self) -> bool:
        return self._keep_workdir and not self._checkout.is_in_place

    def _recorded_status(self, ending: Ending) -> RunStatus | None:
        """Return what the script itself recorded; only a code of 0 leaves it a say."""
        if ending.exit_code != 0 or ending.asked is not None:
            return None
        try:
            return self._store.status(self.tracked.run_id)
        except MlrunError:
            return None

    def _tags(self, ending: Ending) -> dict[str, str]:
        found = {tags.WORK_DIGEST: self._work.digest(), **self._environment.tags}
        found |= self._gathered.tags
        if self._environment.python_version is not None:
            found[tags.PYTHON_VERSION] = self._environment.python_version
        if self._environment.warnings:
            found[tags.WARNINGS] = "\n".join(w.message for w in self._environment.warnings)
        if ending.exit_code != 0:
            found[tags.FAILURE] = f"the command {describe_ending(ending)}"
        if self._work.environment.as_of is not None:
            found[tags.AS_OF] = self._work.environment.as_of
        return found

    def _announce_end(self, ending: Ending, status: RunStatus) -> None:
        data = {
            "exit_code": ending.exit_code,
            "signal": ending.signal,
            "asked": ending.asked,
            "left_behind": list(ending.left_behind),
            "log_complete": ending.log_complete,
            "status": status.value,
        }
        self._listen(Event(EventKind.ENDED, f"the command {describe_ending(ending)}", data))


def keep(
    folder: RunFolder, store: TrackingStore, end: RunEnd, outcome: Outcome, listen: Listener
) -> None:
    """Write to a run's folder how it ended and what is to be delivered, before anything else."""
    pending = {
        "tracking_uri": store.uri,
        "run_id": end.run_id,
        "status": end.status.value,
        "end_time": end.end_time,
        "tags": dict(end.tags),
    }
    folder.free_reserve()
    try:
        folder.write(PENDING, pending)
        folder.write(OUTCOME, outcome.to_dict())
    except OSError as error:
        _warn_of_folder(error, listen)


def deliver(store: TrackingStore, folder: RunFolder, end: RunEnd, listen: Listener) -> bool:
    """Record the end of a run in its store; what cannot be recorded now waits in its folder.

    Returns:
        Whether the store has it.
    """
    try:
        store.finish(end)
    except MlrunError as error:
        later = "; the next mlrun delivers it" if folder.read(PENDING) is not None else ""
        message = f"the end of run {end.run_id} could not be recorded: {error.message}{later}"
        listen(Event(EventKind.WARNING, message, {"phase": "finish", "code": error.code}))
        return False
    with suppress(OSError):
        folder.remove(PENDING)
    return True


def close(folder: RunFolder, outcome: Outcome, listen: Listener) -> None:
    """Write a run's outcome to its folder, and let go of the folder."""
    folder.free_reserve()
    try:
        folder.write(OUTCOME, outcome.to_dict())
        if outcome.delivered:
            folder.settle()
    except OSError as error:
        _warn_of_folder(error, listen)
    message = f"run {outcome.run_id} {outcome.status.value.lower()}"
    listen(Event(EventKind.FINISHED, message, outcome.to_dict()))
    folder.let_go()


def close_unlaunched(
    store: TrackingStore,
    tracked: TrackedRun,
    folder: RunFolder,
    listen: Listener,
    reason: str,
    *,
    start_time: int,
    status: RunStatus,
    exit_code: int,
) -> None:
    """Record a run whose command never started: FAILED, or KILLED where that was asked for."""
    end = RunEnd(tracked.run_id, status, int(time() * 1000), {tags.FAILURE: reason})
    if not folder.has_id:
        with suppress(MlrunError):
            run_folder.name(folder, tracked.run_id)

    def outcome(*, delivered: bool) -> Outcome:
        return Outcome(
            run_id=tracked.run_id,
            status=status,
            exit_code=exit_code,
            command_exit_code=None,
            command_signal=None,
            asked=None,
            start_time=start_time,
            end_time=end.end_time,
            tracking_uri=store.uri or None,
            experiment_id=tracked.experiment_id,
            delivered=delivered,
            log=str(folder.log),
            web_url=tracked.web_url,
            reason=reason,
        )

    keep(folder, store, end, outcome(delivered=False), listen)
    delivered = False
    try:
        delivered = deliver(store, folder, end, listen)
        store.close()
    finally:
        close(folder, outcome(delivered=delivered), listen)


def leave_checkout(checkout: Checkout, listen: Listener, *, keep: bool) -> None:
    """Remove a run's own folder, or leave it to the user and say where it is."""
    if checkout.is_in_place:
        return
    from mlrun.sources.own_folder import sweep_own_folders

    checkout.release(keep=keep)
    sweep_own_folders()
    if keep:
        line = f"the working folder is kept: {checkout.path}"
        data = {"phase": "finish", "folder": str(checkout.path)}
        listen(Event(EventKind.PROGRESS, line, data))


def _reason(ending: Ending) -> str | None:
    return ending.note if ending.started else f"could not be started: {ending.note}"


def server_ids(folder: RunFolder) -> Mapping[str, str]:
    """Return the server's ids by those that a run began with, where it was made later."""
    journal = folder.path / "journal"
    if not journal.is_dir():
        return {}
    from mlrun.tracking.gateway.identities import Identities

    return Identities(journal).known


def _web_url(folder: RunFolder, uri: str, tracked: TrackedRun) -> str | None:
    """Return where to look at a run that was made after its command had begun."""
    ids = server_ids(folder)
    if tracked.run_id not in ids:
        return None
    experiment_id = ids.get(tracked.experiment_id, tracked.experiment_id)
    return f"{uri}/#/experiments/{experiment_id}/runs/{ids[tracked.run_id]}"


def _warn_of_folder(error: OSError, listen: Listener) -> None:
    message = f"the run's folder cannot be written: {error.strerror}"
    listen(Event(EventKind.WARNING, message, {"phase": "finish"}))
