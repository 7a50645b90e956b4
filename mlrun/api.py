"""The Python API: the line without the command line.

The argument names are those of `mlflow.projects.run` (MLflow 3.17), so that
`mlflow.run(...)` becomes `mlrun.run(...)`.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlrun import runner
from mlrun.errors import MlrunError, RunFailedError
from mlrun.finishing import LaunchedRun
from mlrun.outcome import Outcome
from mlrun.project.parameters.binding import text_of
from mlrun.request import FLUSH_TIMEOUT, DockerArgument, RunRequest
from mlrun.tracking.base import RunStatus

DockerOption = str | bool | int | float | list[str] | tuple[str, ...]
"""A value of `docker_args`."""


class SubmittedRun:
    """A run that was started: its id, and its end.

    Args:
        launched: The run on its way.
        wait_beside: Whether a thread waits for the end, so that it is recorded even if nobody
            calls `wait`. Python itself then waits for that thread when it exits.
    """

    def __init__(self, launched: LaunchedRun, *, wait_beside: bool = False) -> None:
        self._launched = launched
        if wait_beside:
            threading.Thread(target=launched.wait, name=f"mlrun {self.run_id}").start()

    @property
    def run_id(self) -> str:
        """The run's id in the tracking store."""
        return self._launched.tracked.run_id

    def wait(self) -> bool:
        """Wait for the end; return whether the run finished successfully."""
        return self.outcome().status is RunStatus.FINISHED

    def outcome(self) -> Outcome:
        """Wait for the end; return how the run ended."""
        return self._launched.wait()

    def cancel(self) -> None:
        """Ask the command to end, and wait until it has."""
        self._launched.cancel()
        self._launched.wait()

    def get_status(self) -> str:
        """Return the run's status in MLflow's words, without waiting."""
        return self._launched.status().value


def run(
    uri: str,
    entry_point: str = "main",
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, DockerOption] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: str | Mapping[str, object] | None = None,
    storage_dir: str | None = None,
    synchronous: bool = True,
    run_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    build_image: bool = False,
    docker_auth: Mapping[str, str] | None = None,
    *,
    params_file: str | Path | None = None,
    parent_run_id: str | None = None,
    tracking_uri: str | None = None,
    tracking: bool = True,
    tags: Mapping[str, str] | None = None,
    log_params: bool = True,
    exact_python: bool = False,
    environment: str | Path | None = None,
    conda_exe: str | None = None,
    as_of: str | None = None,
    locked: bool = False,
    env_limit: int | None = None,
    grace_period: float = 30.0,
    buffer_tracking: bool = False,
    flush_timeout: float = FLUSH_TIMEOUT,
    best_effort: bool = False,
    offline: bool = False,
    keep_workdir: bool = False,
) -> SubmittedRun:
    """Run a project.

    Args:
        uri: A folder, a Git repository or an archive, each with an optional `#subfolder`.
        entry_point: Name of an entry point, or of a script in the project.
        version: Branch, tag or commit.
        parameters: Values by name; what is not text becomes text by `str`, as in MLflow. None
            leaves an optional parameter without a value.
        docker_args: Options of `docker run` by name: a text or a number; True for an option
            without a value; a list where it is repeated.
        experiment_name: Made if missing. Excludes `experiment_id`.
        experiment_id: Must exist.
        backend: Where to run.
        backend_config: A mapping, a JSON text, or the path of a JSON file.
        storage_dir: Where copies of remote `path` parameters go; None to use them in the cache.
        synchronous: Whether to wait for the end. If not, Python waits for it when it exits.
        run_id: Continue this run instead of making one.
        run_name: The run's name.
        env_manager: `local`, `virtualenv`, `uv` or `conda`; None for what the project asks.
        build_image: Build a Docker image with the project's code in it.
        docker_auth: Credentials (`username`, `password`) for the image's `registry`, Docker Hub
            where it names none, as Docker's library takes them; by default those of
            `docker login`.
        params_file: YAML or JSON file with parameters, weaker than `parameters`.
        parent_run_id: The run to nest this one in; by default the active MLflow run, or the
            run that this process is part of.
        tracking_uri: Where to record.
        tracking: False to record nothing but the run's own folder.
        tags: Further tags.
        log_params: Whether the parameters are logged to the run.
        exact_python: Refuse another patch version of Python than the one asked for.
        environment: An environment or prefix to use as it is.
        conda_exe: A conda, mamba or micromamba that makes conda environments.
        as_of: A date, or `commit`: packages are chosen as if it were then.
        locked: Refuse where the project's lock is missing or does not fit.
        env_limit: Bytes that all environments may take; the least used go after a build.
        grace_period: Seconds between asking the command to end and killing it.
        buffer_tracking: Keep what a tracking server does not take, and deliver it later.
        flush_timeout: Seconds to go on delivering after the end; 0 for no limit.
        best_effort: Start although the tracking server cannot be used, and keep all for it.
        offline: Use what is cached of the project, and ask no server.
        keep_workdir: Keep the run's own folder of a project that was fetched.

    Returns:
        A handle on the run.

    Raises:
        RunFailedError: `synchronous`, and the command failed.
        KeyboardInterrupt: `synchronous`, and Ctrl-C ended the command.
        MlrunError: The command could not be brought to run.
    """
    request = RunRequest(
        uri=str(uri),
        entry_point=entry_point,
        version=version,
        parameters={str(name): _text(value) for name, value in (parameters or {}).items()},
        params_file=Path(params_file) if params_file is not None else None,
        docker_args={name: _argument(value) for name, value in (docker_args or {}).items()},
        experiment_name=experiment_name,
        experiment_id=str(experiment_id) if experiment_id is not None else None,
        backend=backend,
        backend_config=backend_config,
        storage_dir=Path(storage_dir) if storage_dir is not None else None,
        run_id=run_id,
        run_name=run_name,
        env_manager=env_manager,
        build_image=build_image,
        parent_run_id=parent_run_id if parent_run_id or run_id else _active_mlflow_run(),
        tracking_uri=tracking_uri,
        tracking=tracking,
        tags=tags or {},
        log_params=log_params,
        exact_python=exact_python,
        environment=Path(environment) if environment is not None else None,
        conda_exe=conda_exe,
        as_of=as_of,
        locked=locked,
        env_limit=env_limit,
        docker_auth=docker_auth or {},
        grace_period=grace_period,
        buffer_tracking=buffer_tracking,
        flush_timeout=flush_timeout,
        best_effort=best_effort,
        offline=offline,
        keep_workdir=keep_workdir,
        terminal=synchronous,
    )
    submitted = None
    try:
        submitted = SubmittedRun(runner.start(request), wait_beside=not synchronous)
        if synchronous:
            _raise_if_failed(submitted.outcome())
    except KeyboardInterrupt:
        if submitted is not None:
            submitted.cancel()
        raise
    except MlrunError as error:
        _note(error)
        raise
    return submitted


def _note(error: MlrunError) -> None:
    """Let a traceback show where each problem is, and what to do; Python 3.10 has no notes."""
    add: Callable[[str], None] = getattr(error, "add_note", lambda _: None)
    for problem in error.problems:
        if problem.location is not None:
            add(f"{problem.location}: {problem.message}")
        if problem.hint is not None:
            add(f"  hint: {problem.hint}")


def _text(value: Any) -> str | None:
    return None if value is None else text_of(value)


def _argument(value: DockerOption) -> DockerArgument:
    if isinstance(value, (list, tuple)):
        return tuple(map(str, value))
    # What is none of these is refused by the option's name, further in.
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else value  # type: ignore[return-value]


def _raise_if_failed(outcome: Outcome) -> None:
    if outcome.asked == signal.SIGINT:
        raise KeyboardInterrupt
    if outcome.status is not RunStatus.FINISHED:
        message = f"run {outcome.run_id} {outcome.status.value.lower()}; its output: {outcome.log}"
        raise RunFailedError(message, run_id=outcome.run_id, exit_code=outcome.exit_code)


def _active_mlflow_run() -> str | None:
    """Return the run that the calling script has open, if it uses MLflow at all."""
    # Where another thread is importing it, or another module has its name, it has no such thing.
    active_run = getattr(sys.modules.get("mlflow"), "active_run", None)
    active = active_run() if active_run is not None else None
    return active.info.run_id if active is not None else None
