"""The line: a request becomes a plan, and a plan becomes a tracked run.

    bind  →  track  →  gather  →  prepare  →  materialise  →  launch  →  finish

Each step is a function: the first in `planning.py`, the third in `gathering.py`, the last in
`finishing.py`, the others here. `serving.py` puts a gateway between the command and the
tracking store. What a step does lives in the package that it calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Timer
from time import time

from mlrun import run_folder, tags
from mlrun.backends.base import LaunchRequest, RunHandle
from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.errand import Errand, on_errand
from mlrun.errors import MlrunError, Problem
from mlrun.events import Event, EventKind, Listener, ignore
from mlrun.execution.interruption import Deferral, Interrupted, exit_code_after
from mlrun.execution.user import user_name
from mlrun.finishing import LaunchedRun, close_unlaunched, leave_checkout
from mlrun.gathering import gather
from mlrun.outcome import Outcome
from mlrun.plan import Plan
from mlrun.planning import ENCLOSING_RUN, BoundRun, bind_run
from mlrun.project.parameters.binding import recorded_text, secret_bytes, secret_variables
from mlrun.request import RunRequest
from mlrun.run_folder import RunFolder
from mlrun.serving import choose_store, open_gateway, reached_through, serves_artifacts
from mlrun.sources.naming import named_by_address, renamed
from mlrun.tracking.base import RunStart, RunStatus, TrackedRun, TrackingStore

_PATIENCE = 2.0
"""Seconds without an answer of the tracking server before that is said."""


def run(request: RunRequest, listen: Listener = ignore) -> Outcome:
    """Run a project and wait for its end.

    Args:
        request: What to run.
        listen: Takes each event as it happens.

    Raises:
        MlrunError: The command could not be brought to run.
    """
    launched = start(request, listen)
    try:
        return launched.wait()
    except (Interrupted, KeyboardInterrupt):
        launched.cancel()
        return launched.wait()


def start(request: RunRequest, listen: Listener = ignore) -> LaunchedRun:
    """Bring a project's command to run, and return while it runs.

    Raises:
        MlrunError: The command could not be brought to run.
    """
    environ = dict(os.environ)
    bound = plan(request, listen)
    try:
        with named_by_address(bound.checkout):
            return _start(bound, request, environ, listen)
    except BaseException:
        leave_checkout(bound.checkout, listen, keep=request.keep_workdir)
        raise


def _start(
    bound: BoundRun, request: RunRequest, environ: Mapping[str, str], listen: Listener
) -> LaunchedRun:
    start_time = int(time() * 1000)
    folder = run_folder.create(bound.plan.to_dict())
    store = choose_store(bound.plan.delivery.tracking_uri, request, folder, environ)
    for warning in bound.warnings:
        folder.record(_as_event(warning))
    listen = _also_recorded(listen, folder)
    with _ended_if_not_launched(store, folder, start_time, listen):
        run_start = _run_start(bound, request, start_time)
        tracked = track(run_start, store, folder, listen)
        _announce_tracked(tracked, store, listen)
        gathered = gather(bound, request, environ, listen)
        gateway = environment = None
        try:
            environment = prepare(bound, request, listen)
            container = environment.container
            gateway = open_gateway(
                request, store, run_start, tracked, folder, environ, listen, container
            )
            tracked = reached_through(gateway, tracked, environ, container)
            launch_request = materialise(
                bound,
                request,
                environment,
                tracked,
                folder,
                environ,
                gathered.places,
                serves_artifacts=serves_artifacts(gateway, store),
            )
            handle = launch(bound, launch_request, listen)
        except BaseException:
            gathered.release()
            if environment is not None:
                environment.release()
            if gateway is not None:
                gateway.close(0)
            raise

    def launched() -> LaunchedRun:
        return LaunchedRun(
            handle=handle,
            work=bound.plan.work,
            checkout=bound.checkout,
            store=store,
            gateway=gateway,
            tracked=tracked,
            folder=folder,
            environment=environment,
            gathered=gathered,
            start_time=start_time,
            undelivered=request.undelivered,
            flush_timeout=request.flush_timeout,
            keep_workdir=request.keep_workdir,
            listen=listen,
        )

    try:
        listen(Event(EventKind.STARTED, "the command has started", {"pid": handle.pid}))
        return launched()
    except (Interrupted, KeyboardInterrupt):
        # Nobody has the run in hand yet who could end it and record its end.
        handle.cancel()
        launched().wait()
        raise


def plan(request: RunRequest, listen: Listener = ignore) -> BoundRun:
    """Decide all of a run and check all that can be checked, without starting anything.

    Whoever gets the result releases its checkout.

    Raises:
        MlrunError: The request, the project or a value is wrong.
    """

    def report(line: str, *, passing: bool = False) -> None:
        listen(Event(EventKind.PROGRESS, line, {"phase": "fetch", "passing": passing}))

    bound = bind_run(request, os.environ, report)
    try:
        for warning in bound.warnings:
            listen(_as_event(warning))
        if not bound.checkout.is_in_place:
            report(_what_was_fetched(bound.plan))
        message = f"{bound.plan.work.entry_point} of {bound.checkout.path.name}"
        listen(Event(EventKind.PLANNED, message, {"plan": bound.plan.to_dict()}))
    except BaseException:
        bound.checkout.release()
        raise
    return bound


def dry_run(request: RunRequest, listen: Listener = ignore) -> Plan:
    """Return what would be done, and leave nothing behind.

    Raises:
        MlrunError: The request, the project or a value is wrong.
    """
    bound = plan(request, listen)
    leave_checkout(bound.checkout, listen, keep=request.keep_workdir)
    return bound.plan


def _what_was_fetched(plan: Plan) -> str:
    source = plan.work.source
    if source.commit is None:
        return f"{source.uri} (sha256 {(source.digest or '')[:12]})"
    branch = f", branch {source.branch}" if source.branch is not None else ""
    return f"{source.uri} at {source.commit[:12]}{branch}"


def _as_event(warning: Problem, phase: str = "bind") -> Event:
    place = str(warning.location) if warning.location else None
    data = {"phase": phase, "at": place, "hint": warning.hint}
    return Event(EventKind.WARNING, warning.message, data)


def track(
    run_start: RunStart, store: TrackingStore, folder: RunFolder, listen: Listener
) -> TrackedRun:
    """Make the run, or continue the one that was asked for, and give the folder its id.

    Raises:
        TrackingError: The store did not answer, or refused.
    """

    def notice() -> None:
        line = "asked to end; waiting for the tracking store's answer (once more: at once)"
        listen(Event(EventKind.PROGRESS, line, {"phase": "track"}))

    with Deferral(notice) as deferral, _told_of_waiting(store, listen):
        tracked = store.start(run_start)
        run_folder.name(folder, tracked.run_id, os.environ.get(ENCLOSING_RUN))
    deferral.end()
    return tracked


@contextmanager
def _told_of_waiting(store: TrackingStore, listen: Listener) -> Iterator[None]:
    """Say what is being waited for, if it takes long enough to make a person wonder."""
    line = f"waiting for {store.uri}"
    event = Event(EventKind.PROGRESS, line, {"phase": "track"})
    timer = Timer(_PATIENCE, listen, (event,))
    timer.daemon = True
    if not store.uri.startswith("file:"):
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _run_start(bound: BoundRun, request: RunRequest, start_time: int) -> RunStart:
    delivery = bound.plan.delivery
    user = user_name(os.environ)
    return RunStart(
        start_time=start_time,
        user=user,
        tags=tags.run_tags(bound.plan, bound.checkout, bound.provenance, user),
        parameters=_logged(bound) if delivery.log_parameters else {},
        run_id=request.run_id,
        experiment_name=delivery.experiment_name,
        experiment_id=delivery.experiment_id,
        run_name=delivery.run_name,
    )


def _logged(bound: BoundRun) -> dict[str, str]:
    """Return the parameters to log: no secrets, not even where they were taken from."""
    return {v.name: recorded_text(v) for v in bound.values if v.secret is None}


def prepare(bound: BoundRun, request: RunRequest, listen: Listener) -> PreparedEnvironment:
    """Make the environment, or find it made.

    Raises:
        EnvironmentBuildError: It cannot be made.
    """

    def report(line: str, *, passing: bool = False) -> None:
        listen(Event(EventKind.PROGRESS, line, {"phase": "prepare", "passing": passing}))

    errand = Errand(
        project=bound.checkout.known_as,
        offline=request.offline,
        limit=request.env_limit,
        progress=partial(report, passing=True),
    )
    with on_errand(errand):
        environment = bound.environment.prepare(report)
    for warning in environment.warnings:
        listen(_as_event(renamed(warning, bound.checkout), "prepare"))
    listen(
        Event(
            EventKind.PREPARED,
            f"environment: {environment.manager or 'local'}",
            {"manager": environment.manager or "local", "python": environment.python_version},
        )
    )
    return environment


def materialise(
    bound: BoundRun,
    request: RunRequest,
    environment: PreparedEnvironment,
    tracked: TrackedRun,
    folder: RunFolder,
    environ: Mapping[str, str],
    places: Mapping[str, str],
    *,
    serves_artifacts: bool = False,
) -> LaunchRequest:
    """Put plan, environment and run together into one command with its variables.

    Args:
        bound: What is run.
        request: What the user asked for.
        environment: What it runs in.
        tracked: The run.
        folder: The run's folder.
        environ: The user's variables.
        places: Where its remote paths are on this machine, by the parameter's name.
        serves_artifacts: Whether a gateway stands before the folder with the artifacts.

    Raises:
        CommandError: A value cannot be put into its place safely.
    """
    container = None
    if environment.container is not None:
        from mlrun.containing import container_command

        container = container_command(
            bound,
            environment.container,
            tracked,
            environ,
            places,
            serves_artifacts=serves_artifacts,
        )
    in_shell = ("bash", "-c", bound.render(places)) if container is None else ()
    return LaunchRequest(
        argv=in_shell,
        cwd=bound.checkout.path,
        env=_variables(bound, environment, tracked, environ) if container is None else environ,
        run_id=tracked.run_id,
        log=folder.log,
        grace_period=request.grace_period,
        stdout_to_stderr=request.stdout_to_stderr,
        terminal=request.terminal,
        own_process=request.own_process,
        container=container,
        secrets=secret_bytes(bound.values),
    )


def _variables(
    bound: BoundRun,
    environment: PreparedEnvironment,
    tracked: TrackedRun,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return the whole environment of a command on this machine."""
    variables = {
        name: value
        for name, value in environ.items()
        if name not in environment.unset and name not in tracked.unset
    }
    variables |= environment.variables
    if environment.path:
        path = [*map(str, environment.path), variables.get("PATH", os.defpath)]
        variables["PATH"] = os.pathsep.join(path)
    return {
        **variables,
        **secret_variables(bound.values),
        **tracked.variables,
        **_enclosing(bound, tracked),
    }


def _enclosing(bound: BoundRun, tracked: TrackedRun) -> dict[str, str]:
    """Return what makes this run the parent of those that its command starts."""
    is_recorded = bound.plan.delivery.tracking_uri is not None
    return {ENCLOSING_RUN: tracked.run_id} if is_recorded else {}


def launch(bound: BoundRun, request: LaunchRequest, listen: Listener) -> RunHandle:
    """Start the command.

    Raises:
        LaunchError: It could not be started.
    """
    return bound.backend.launch(
        request, lambda line: listen(Event(EventKind.PROGRESS, line, {"phase": "run"}))
    )


@contextmanager
def _ended_if_not_launched(
    store: TrackingStore, folder: RunFolder, start_time: int, listen: Listener
) -> Iterator[None]:
    """Record the truth about a run whose command never started."""
    try:
        yield
    except BaseException as error:
        if store.begun is None:
            folder.discard()
            raise
        was_asked = isinstance(error, (Interrupted, KeyboardInterrupt))
        close_unlaunched(
            store,
            store.begun,
            folder,
            listen,
            _reason(error),
            start_time=start_time,
            status=RunStatus.KILLED if was_asked else RunStatus.FAILED,
            exit_code=_exit_code(error),
        )
        raise


def _reason(error: BaseException) -> str:
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return "interrupted before the command started"
    return error.message if isinstance(error, MlrunError) else type(error).__name__


def _exit_code(error: BaseException) -> int:
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return exit_code_after(error)
    return error.exit_code if isinstance(error, MlrunError) else 1


def _announce_tracked(tracked: TrackedRun, store: TrackingStore, listen: Listener) -> None:
    for warning in tracked.warnings:
        listen(Event(EventKind.WARNING, warning.message, {"phase": "track"}))
    listen(
        Event(
            EventKind.TRACKED,
            f"run {tracked.run_id}",
            {
                "run_id": tracked.run_id,
                "experiment_id": tracked.experiment_id,
                "tracking_uri": store.uri,
            },
        )
    )


def _also_recorded(listen: Listener, folder: RunFolder) -> Listener:
    def both(event: Event) -> None:
        folder.record(event)
        listen(event)

    return both
