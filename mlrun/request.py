"""What a user asks for, before anything is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from mlrun.folders import current_folder

FLUSH_TIMEOUT = 30.0
"""Seconds to go on delivering after the command has ended, where nobody said."""

LONGEST_TIME = 31_536_000
"""Seconds of a year: of much more, and of infinity, no clock of the system's knows."""


DockerArgument = str | bool | tuple[str, ...]
"""An option's value; True for an option without one, several where it is repeated."""


class UndeliveredPolicy(str, Enum):
    """What a finished run whose records stayed behind means for the exit code."""

    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class RunRequest:
    """One run, as asked for. The names are those of `mlflow.projects.run` where it has them.

    Attributes:
        uri: The project: a folder, a Git URL, an archive, each with an optional `#subfolder`.
        entry_point: Name of an entry point, or of a script in the project.
        version: Branch, tag or commit.
        parameters: Values given one by one (`-P`), as text; None for no value of an optional
            parameter.
        params_file: A YAML or JSON file with values, weaker than `parameters`.
        docker_args: Options for `docker run`.
        experiment_name: Made if missing. Excludes `experiment_id`.
        experiment_id: Must exist.
        backend: Where to run.
        backend_config: JSON object, or path of a JSON file.
        env_manager: `local`, `virtualenv`, `uv`, `conda`, or None for what the project asks.
        exact_python: Refuse another patch version of Python than the one asked for.
        environment: An environment or prefix to use as it is, in place of what is asked for.
        conda_exe: A conda, mamba or micromamba that makes conda environments.
        as_of: A date (ISO 8601), or `commit` for that of the project's commit: packages are
            chosen as if it were then.
        env_limit: Bytes that all environments may take; the least used go after a build. None
            for no limit.
        locked: Refuse where the project's lock is missing or does not fit.
        storage_dir: Where copies of remote `path` parameters go; None to use them in the cache.
        build_image: Build a Docker image with the project's code in it.
        docker_auth: Credentials for the image's registry.
        run_id: Continue this run instead of making one.
        run_name: Its name.
        parent_run_id: The run that this one is nested in.
        tracking_uri: Where to record, or None for the usual order.
        tracking: False for a run that is recorded nowhere but in its own folder.
        tags: Further tags.
        log_params: Whether mlrun logs the parameters to the run.
        cwd: Where the user stands: relative paths in values are relative to it.
        grace_period: Seconds between asking the command to end and killing it.
        stdout_to_stderr: Whether the command's standard output goes to standard error, because
            mlrun's standard output carries a document.
        own_process: Whether this process exists for this run alone, as the command line's
            does: then signals that it gets are the command's, and orphans are adopted.
        terminal: Whether the command may get a pseudo-terminal, where mlrun has a terminal.
        undelivered: What undelivered records mean for the exit code.
        buffer_tracking: Whether the command talks to a tracking server through mlrun, which
            keeps what that server does not take.
        flush_timeout: Seconds to go on delivering after the command has ended; 0 for no limit.
        best_effort: Whether the command starts although the tracking server cannot be used;
            what it logs is kept. Includes `buffer_tracking`.
        offline: Whether projects of servers are taken from the cache, without asking anybody.
        keep_workdir: Whether the run's own folder, of a project that was fetched, stays.
    """

    uri: str
    entry_point: str = "main"
    version: str | None = None
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    params_file: Path | None = None
    docker_args: Mapping[str, DockerArgument] = field(default_factory=dict, repr=False)
    experiment_name: str | None = None
    experiment_id: str | None = None
    backend: str = "local"
    backend_config: str | Mapping[str, object] | None = None
    env_manager: str | None = None
    exact_python: bool = False
    environment: Path | None = None
    conda_exe: str | None = None
    as_of: str | None = None
    locked: bool = False
    env_limit: int | None = None
    storage_dir: Path | None = None
    build_image: bool = False
    docker_auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    run_id: str | None = None
    run_name: str | None = None
    parent_run_id: str | None = None
    tracking_uri: str | None = None
    tracking: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    log_params: bool = True
    cwd: Path = field(default_factory=current_folder)
    grace_period: float = 30.0
    stdout_to_stderr: bool = False
    own_process: bool = False
    terminal: bool = True
    undelivered: UndeliveredPolicy = UndeliveredPolicy.WARN
    buffer_tracking: bool = False
    flush_timeout: float = FLUSH_TIMEOUT
    best_effort: bool = False
    offline: bool = False
    keep_workdir: bool = False
