"""`mlrun run`: words into a request, an outcome into words and an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mlrun.cli.misplaced_values import TakesParameters
from mlrun.cli.output import Output
from mlrun.cli.seconds import Seconds
from mlrun.cli.shared_options import (
    AS_OF,
    BUILD_IMAGE,
    CONDA_EXE,
    ENV_LIMIT,
    ENV_MANAGER,
    EXACT_PYTHON,
    LOCKED,
    OFFLINE,
    VERSION,
)
from mlrun.errors import MlrunError, UsageError
from mlrun.execution.interruption import Interrupted, exit_code_after, signals_raise
from mlrun.project.parameters.assignments import parse_assignments
from mlrun.request import FLUSH_TIMEOUT, DockerArgument, RunRequest, UndeliveredPolicy

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("uri"),
    click.option(
        "-e", "--entry-point", metavar="NAME", default="main", show_default=True,
        help="Entry point, or a script of the project.",
    ),
    VERSION,
    OFFLINE,
    click.option(
        "--keep-workdir", is_flag=True,
        help="Keep the run's own folder of a project that was fetched, and print where it is.",
    ),
    click.option(
        "-P", "--param-list", "parameters", metavar="NAME=VALUE", multiple=True,
        help="A parameter; may be repeated.",
    ),
    click.option(
        "--params-file", type=click.Path(path_type=Path), metavar="FILE",
        help="YAML or JSON file with parameters; -P comes before it.",
    ),
    click.option(
        "-A", "--docker-args", metavar="NAME[=VALUE]", multiple=True,
        help="An option of `docker run` for the project's container; may be repeated.",
    ),
    click.option(
        "--experiment-name", metavar="NAME",
        help="Experiment to record in, made if missing. [env: MLFLOW_EXPERIMENT_NAME]",
    ),
    click.option(
        "--experiment-id", metavar="ID",
        help="Experiment to record in. [env: MLFLOW_EXPERIMENT_ID]",
    ),
    click.option(
        "-b", "--backend", metavar="NAME", default="local", show_default=True,
        help="Where to run.",
    ),
    click.option(
        "-c", "--backend-config", metavar="FILE|JSON", help="The backend's options."
    ),
    click.option("--no-conda", is_flag=True, help="Same as --env-manager local."),
    ENV_MANAGER,
    click.option(
        "--env", "environment", type=click.Path(path_type=Path), metavar="PATH",
        help="Use this environment (a virtual environment, a conda prefix) as it is.",
    ),
    CONDA_EXE,
    AS_OF,
    LOCKED,
    ENV_LIMIT,
    EXACT_PYTHON,
    click.option(
        "--storage-dir", type=click.Path(path_type=Path), metavar="FOLDER",
        help="Where copies of remote `path` parameters go; by default they stay in the cache.",
    ),
    click.option("--run-id", metavar="ID", help="Continue this run instead of making one."),
    click.option("--run-name", metavar="NAME", help="The run's name."),
    click.option("--parent-run-id", metavar="ID", help="The run to nest this one in."),
    BUILD_IMAGE,
    click.option(
        "--tracking-uri", metavar="URI", help="Where to record. [env: MLFLOW_TRACKING_URI]"
    ),
    click.option("--tag", "tags", metavar="NAME=VALUE", multiple=True, help="A tag for the run."),
    click.option("--no-log-params", is_flag=True, help="Do not log the parameters to the run."),
    click.option("--no-tracking", is_flag=True, help="Record nothing but the run's own folder."),
    click.option(
        "--grace-period", type=Seconds(), metavar="SECONDS",
        envvar="MLRUN_GRACE_PERIOD", default=30.0, show_default=True,
        help="Time between asking the command to end and killing it. [env: MLRUN_GRACE_PERIOD]",
    ),
    click.option(
        "--buffer-tracking/--no-buffer-tracking", envvar="MLRUN_BUFFER_TRACKING",
        help="Keep what a tracking server does not take, and deliver it later."
        " [env: MLRUN_BUFFER_TRACKING]",
    ),
    click.option(
        "--tracking", type=click.Choice(["required", "best-effort"]), default="required",
        show_default=True, envvar="MLRUN_TRACKING",
        help="best-effort: start although the tracking server cannot be used, and keep all"
        " for it. [env: MLRUN_TRACKING]",
    ),
    click.option(
        "--flush-timeout", type=Seconds(), metavar="SECONDS",
        envvar="MLRUN_FLUSH_TIMEOUT", default=FLUSH_TIMEOUT, show_default=True,
        help="Time to go on delivering after the command has ended; 0: no limit."
        " [env: MLRUN_FLUSH_TIMEOUT]",
    ),
    click.option(
        "--undelivered", envvar="MLRUN_UNDELIVERED",
        type=click.Choice([policy.value for policy in UndeliveredPolicy]),
        help="Whether records that could not be delivered make the exit code 123"
        " [default: fail if CI is set, else warn; env: MLRUN_UNDELIVERED]",
    ),
    click.option("--dry-run", is_flag=True, help="Print the plan, and do nothing."),
    click.option(
        "--output", "form", type=click.Choice(["text", "json", "json-lines"]), default="text",
        show_default=True, help="What goes to standard output.",
    ),
    click.option(
        "--result-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Write the result, as JSON, to this file too.",
    ),
    click.option("--quiet", is_flag=True, help="Print nothing of mlrun's own but errors."),
    click.option("--verbose", is_flag=True, help="Print each step."),
)  # fmt: skip


def _with_options(function: _Command) -> _Command:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_HELP = """Run a project: a folder, a Git repository or an archive with an MLproject file, or with
scripts.

\b
mlrun run . -P alpha=0.5
mlrun run path/to/project -e train --env-manager local
mlrun run https://host/team/project.git#folder -v v1.2 -P alpha=0.5
"""


@click.command(cls=TakesParameters, help=_HELP)
@_with_options
def command(**words: Any) -> int:
    """Run a project, and return the exit code."""
    output = Output(
        words["form"], words["result_file"], quiet=words["quiet"], verbose=words["verbose"]
    )
    try:
        with signals_raise():
            return _run(_request(words), output, dry_run=words["dry_run"])
    except MlrunError as error:
        output.failed(error)
        raise
    except (Interrupted, KeyboardInterrupt) as interruption:
        output.interrupted(exit_code_after(interruption))
        raise


def _run(request: RunRequest, output: Output, *, dry_run: bool) -> int:
    from mlrun import runner

    output.begin()
    if dry_run:
        output.planned(runner.dry_run(request, output.listen))
        return 0
    outcome = runner.run(request, output.listen)
    output.finished(outcome)
    return outcome.exit_code


def _request(words: dict[str, Any]) -> RunRequest:
    """Return the request that the words on the command line make.

    Raises:
        UsageError: Words that contradict each other, or have not the form NAME=VALUE.
    """
    if words["no_conda"] and words["env_manager"] not in (None, "local"):
        raise UsageError("--no-conda means --env-manager local; give one of the two")
    if words["dry_run"] and words["result_file"] is not None:
        raise UsageError("--dry-run has no result that --result-file could take")
    return RunRequest(
        uri=words["uri"],
        entry_point=words["entry_point"],
        version=words["version"],
        parameters=parse_assignments(words["parameters"], "-P"),
        params_file=words["params_file"],
        docker_args=_docker_args(words["docker_args"]),
        experiment_name=words["experiment_name"],
        experiment_id=words["experiment_id"],
        backend=words["backend"],
        backend_config=words["backend_config"],
        env_manager="local" if words["no_conda"] else words["env_manager"],
        exact_python=words["exact_python"],
        environment=words["environment"],
        conda_exe=words["conda_exe"],
        as_of=words["as_of"],
        locked=words["locked"],
        env_limit=words["env_limit"],
        storage_dir=words["storage_dir"],
        build_image=words["build_image"],
        run_id=words["run_id"],
        run_name=words["run_name"],
        parent_run_id=words["parent_run_id"],
        tracking_uri=words["tracking_uri"],
        tracking=not words["no_tracking"],
        tags=parse_assignments(words["tags"], "--tag"),
        log_params=not words["no_log_params"],
        grace_period=words["grace_period"],
        own_process=True,
        stdout_to_stderr=words["form"] != "text",
        undelivered=_undelivered(words["undelivered"]),
        buffer_tracking=words["buffer_tracking"],
        flush_timeout=words["flush_timeout"],
        best_effort=words["tracking"] == "best-effort",
        offline=words["offline"],
        keep_workdir=words["keep_workdir"],
    )


def _undelivered(word: str | None) -> UndeliveredPolicy:
    if word is not None:
        return UndeliveredPolicy(word)
    return UndeliveredPolicy.FAIL if os.environ.get("CI") else UndeliveredPolicy.WARN


def _docker_args(words: tuple[str, ...]) -> dict[str, DockerArgument]:
    """Return the options by name; one that is repeated has all its values."""
    found: dict[str, DockerArgument] = {}
    for word in words:
        name, sign, value = word.partition("=")
        before = found.get(name)
        if sign and isinstance(before, (str, tuple)):
            found[name] = (*((before,) if isinstance(before, str) else before), value)
        else:
            found[name] = value if sign else True
    return found
