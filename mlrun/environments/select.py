"""From what a project asks for, and `--env-manager`, to one way of making the environment.

==================  =============  ==================  =====================
the project has     no flag        uv, virtualenv      local
==================  =============  ==================  =====================
nothing             the system's   an empty one        the system's
python_env          uv             as asked            the system's
conda_env           not supported  not supported       the system's
docker_env          not supported  not supported       not supported
several             a choice       the one that fits   the system's
==================  =============  ==================  =====================

A project with nothing but `docker_env` stays one: in MLflow such a project runs in its container
whatever `--env-manager` says, and a command that was written for a container must not
find itself on the machine because of a flag that was without effect until then.
"""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.base import EnvironmentKind
from mlrun.environments.system import SystemEnvironment
from mlrun.errors import Location, NotSupportedError, UsageError
from mlrun.project.model import CondaEnv, DockerEnv, Environment, PythonEnv, PythonEnvFile

MANAGERS = ("local", "uv", "virtualenv", "conda")
"""What `--env-manager` takes."""

DEFAULT_PYTHON_MANAGER = "uv"


def choose_environment(
    environments: tuple[Environment, ...], env_manager: str | None, *, exact_python: bool
) -> EnvironmentKind:
    """Decide what a command will run in. Reads the environment's file, and starts nothing.

    Args:
        environments: What the project asks for.
        env_manager: One of `MANAGERS`, or None for what the project asks for.
        exact_python: Refuse another patch version of Python than the one asked for.

    Raises:
        UsageError: The manager cannot make what the project asks for, or the project asks
            for several and the user has to choose.
        NotSupportedError: It would take conda or Docker.
        ProjectError: The environment's file is wrong.
    """
    _refuse_unknown(env_manager)
    if env_manager == "local" and not _is_docker_only(environments):
        return SystemEnvironment()
    if not environments:
        return _without_specification(env_manager, exact_python)
    environment = _only_one(environments, env_manager)
    if isinstance(environment, DockerEnv):
        raise _docker_refused(environment)
    if isinstance(environment, CondaEnv):
        raise _conda_refused(environment.location)
    if env_manager == "conda":
        raise UsageError(
            "conda cannot make the environment of a project with a python_env",
            location=environment.location,
            hint="use --env-manager uv (the default), virtualenv, or local",
        )
    return _python_environment(environment, env_manager, exact_python)


def _refuse_unknown(env_manager: str | None) -> None:
    if env_manager is None or env_manager in MANAGERS:
        return
    from mlrun.near_miss import near_miss

    meant = near_miss(env_manager, MANAGERS)
    raise UsageError(
        f"there is no environment manager {env_manager!r}",
        hint=f"did you mean {meant!r}?" if meant else f"known are: {', '.join(MANAGERS)}",
    )


def _is_docker_only(environments: tuple[Environment, ...]) -> bool:
    return bool(environments) and all(isinstance(e, DockerEnv) for e in environments)


def _without_specification(env_manager: str | None, exact_python: bool) -> EnvironmentKind:
    if env_manager is None:
        return SystemEnvironment()
    if env_manager == "conda":
        raise _conda_refused(None)
    nowhere = Path.cwd()
    empty = PythonEnv(
        python=None,
        build_dependencies=(),
        dependencies=(),
        folder=nowhere,
        file=None,
        location=Location(nowhere),
    )
    return _python_environment(empty, env_manager, exact_python)


def _only_one(environments: tuple[Environment, ...], env_manager: str | None) -> Environment:
    """Return the environment that the manager is for; without a manager there may be only one."""
    if len(environments) == 1:
        return environments[0]
    wanted = CondaEnv if env_manager == "conda" else (PythonEnv, PythonEnvFile)
    if env_manager is not None:
        fitting = [e for e in environments if isinstance(e, wanted)]
        # MLflow makes a Python environment from a conda file as well.
        fitting += [e for e in environments if not isinstance(e, DockerEnv)]
        return fitting[0]
    kinds = " and ".join(_kind(environment) for environment in environments)
    raise UsageError(
        f"the project asks for several environments: {kinds}",
        location=environments[1].location,
        hint="choose one: --env-manager uv (or virtualenv, conda), or local for the system's own",
    )


def _kind(environment: Environment) -> str:
    if isinstance(environment, DockerEnv):
        return "docker_env"
    return "conda_env" if isinstance(environment, CondaEnv) else "python_env"


def _docker_refused(environment: DockerEnv) -> NotSupportedError:
    return NotSupportedError(
        f"the project runs in a container ({environment.image}), and mlrun cannot start one yet",
        location=environment.location,
        hint="to run its commands on this machine, give the project a python_env in place of"
        " docker_env",
    )


def _conda_refused(location: Location | None) -> NotSupportedError:
    return NotSupportedError(
        "mlrun cannot make conda environments yet",
        location=location,
        hint="--env-manager local runs the project in the environment that you stand in, such as"
        " one that you made with conda and activated",
    )


def _python_environment(
    environment: PythonEnv | PythonEnvFile, env_manager: str | None, exact_python: bool
) -> EnvironmentKind:
    from mlrun.environments.python import PythonEnvironment

    if isinstance(environment, PythonEnvFile):
        from mlrun.project.environment_files import read_python_env

        environment = read_python_env(environment)
    return PythonEnvironment(environment, env_manager or DEFAULT_PYTHON_MANAGER, exact_python)
