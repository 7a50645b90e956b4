"""From what a project asks for, and `--env-manager`, to one way of making the environment.

==================  =============  ==================  =============  =====================
the project has     no flag        uv, virtualenv      conda          local
==================  =============  ==================  =============  =====================
nothing             the system's   an empty one        refused        the system's
python_env          uv             as asked            refused        the system's
uv.lock             uv             uv                  refused        the system's
conda_env           conda          from the index      conda          the system's
renv.lock           the system's   an empty one        refused        the system's
docker_env          a container    a container         a container    a container
several             a choice       the one that fits   conda_env      the system's
==================  =============  ==================  =============  =====================

A project with nothing but `docker_env` stays one: in MLflow such a project runs in its container
whatever `--env-manager` says, and a command that was written for a container must not
find itself on the machine because of a flag that was without effect until then. An environment that
the user has made (`--env`) takes the place of all but a container.
"""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.base import EnvironmentKind
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.system import SystemEnvironment
from mlrun.errors import Location, UsageError
from mlrun.project.model import (
    CondaEnv,
    DockerEnv,
    Environment,
    PythonEnv,
    PythonEnvFile,
    RenvEnv,
    UvLockEnv,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.environments.lock.model import EnvironmentLock
    from mlrun.environments.solved import SolvedEnvironment

MANAGERS = ("local", "uv", "virtualenv", "conda")
"""What `--env-manager` takes."""

DEFAULT_PYTHON_MANAGER = "uv"


def choose_environment(
    environments: tuple[Environment, ...], options: EnvironmentOptions
) -> EnvironmentKind:
    """Decide what a command will run in. Reads the environment's file, and starts nothing.

    Args:
        environments: What the project, or the entry point, asks for.
        options: What the user says about it.

    Raises:
        UsageError: The manager cannot make what the project asks for, or the project asks
            for several and the user has to choose.
        ProjectError: The environment's file is wrong.
    """
    manager = options.manager
    _refuse_unknown(manager)
    if options.existing is not None and not _is_docker_only(environments):
        return _existing(options)
    r_packages = [e for e in environments if isinstance(e, RenvEnv)]
    if r_packages and manager in (None, "local"):
        return _with_r(r_packages[0])
    environments = tuple(e for e in environments if not isinstance(e, RenvEnv))
    if manager == "local" and not _is_docker_only(environments):
        return SystemEnvironment()
    if not environments:
        return _without_specification(options)
    environment = _only_one(environments, manager)
    assert not isinstance(environment, RenvEnv)
    if isinstance(environment, DockerEnv):
        from mlrun.environments.docker.environment import DockerEnvironment

        return DockerEnvironment(environment, options)
    if isinstance(environment, CondaEnv):
        return _conda_environment(environment, options)
    if manager == "conda":
        raise UsageError(
            f"conda cannot make the environment of a project with {_named(environment)}",
            location=environment.location,
            hint="use --env-manager uv (the default), virtualenv, or local",
        )
    if isinstance(environment, UvLockEnv):
        return _locked_by_uv(environment, options)
    return _python_environment(environment, options)


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


def _existing(options: EnvironmentOptions) -> EnvironmentKind:
    from mlrun.environments.existing import ExistingEnvironment

    assert options.existing is not None
    if options.manager not in (None, "local"):
        raise UsageError(
            f"--env uses an environment as it is, and --env-manager {options.manager} makes one",
            hint="give one of the two",
        )
    return ExistingEnvironment(options.existing)


def _with_r(environment: RenvEnv) -> EnvironmentKind:
    from mlrun.environments.renv import RenvEnvironment

    return RenvEnvironment(environment)


def _without_specification(options: EnvironmentOptions) -> EnvironmentKind:
    if options.manager is None:
        return SystemEnvironment()
    if options.manager == "conda":
        raise UsageError(
            "the project names no conda environment that --env-manager conda could make",
            hint="name one by `conda_env: conda.yaml`, or leave the option out",
        )
    nowhere = Path.cwd()
    empty = PythonEnv(
        python=None,
        build_dependencies=(),
        dependencies=(),
        folder=nowhere,
        file=None,
        location=Location(nowhere),
    )
    return _python_environment(empty, options)


def _only_one(environments: tuple[Environment, ...], env_manager: str | None) -> Environment:
    """Return the environment that the manager is for; without a manager there may be only one."""
    if len(environments) == 1:
        return environments[0]
    wanted = CondaEnv if env_manager == "conda" else (PythonEnv, PythonEnvFile, UvLockEnv)
    if env_manager is not None:
        fitting: list[Environment] = [e for e in environments if isinstance(e, wanted)]
        # MLflow makes a Python environment from a conda file as well.
        fitting += [e for e in environments if not isinstance(e, DockerEnv)]
        return fitting[0]
    kinds = " and ".join(kind_of(environment) for environment in environments)
    raise UsageError(
        f"the project asks for several environments: {kinds}",
        location=environments[1].location,
        hint="choose one: --env-manager uv (or virtualenv, conda), or local for the system's own",
    )


def kind_of(environment: Environment) -> str:
    """Return the key of a project file that asks for such an environment."""
    if isinstance(environment, DockerEnv):
        return "docker_env"
    return "conda_env" if isinstance(environment, CondaEnv) else "python_env"


def _named(environment: Environment) -> str:
    """Return what a Python project says its environment by."""
    if isinstance(environment, UvLockEnv):
        return "a uv.lock"
    file = environment.file if isinstance(environment, (PythonEnvFile, PythonEnv)) else None
    is_other = file is not None and file.suffix not in (".yaml", ".yml")
    return f"a {file.name}" if file is not None and is_other else "a python_env"


def _conda_environment(environment: CondaEnv, options: EnvironmentOptions) -> EnvironmentKind:
    from mlrun.project.environments.conda_file import read_conda_env

    spec = read_conda_env(environment)
    if options.manager in ("uv", "virtualenv"):
        from mlrun.environments.conda.from_index import as_python_env

        return _python_environment(as_python_env(spec), options)
    from mlrun.environments.conda.environment import CondaEnvironment

    kind = CondaEnvironment(spec, conda_exe=options.conda_exe, as_of=options.as_of)
    pinned = _pinned(kind, options)
    if pinned is None:
        return kind
    return CondaEnvironment(spec, conda_exe=options.conda_exe, as_of=options.as_of, pinned=pinned)


def _locked_by_uv(environment: UvLockEnv, options: EnvironmentOptions) -> EnvironmentKind:
    from mlrun.environments.uv_lock.environment import UvLockEnvironment

    if options.manager == "virtualenv":
        raise UsageError(
            "the project's uv.lock can only be installed by uv",
            location=environment.location,
            hint="leave out --env-manager, or use --env-manager local",
        )
    return UvLockEnvironment(environment, exact_python=options.exact_python)


def _python_environment(
    environment: PythonEnv | PythonEnvFile, options: EnvironmentOptions
) -> EnvironmentKind:
    from mlrun.environments.python.environment import PythonEnvironment

    if isinstance(environment, PythonEnvFile):
        from mlrun.project.environments.python_env_file import read_python_env

        environment = read_python_env(environment)
    manager = options.manager or DEFAULT_PYTHON_MANAGER
    kind = PythonEnvironment(environment, manager, options.exact_python, as_of=options.as_of)
    pinned = _pinned(kind, options)
    if pinned is None:
        return kind
    return PythonEnvironment(
        environment, manager, options.exact_python, as_of=options.as_of, pinned=pinned
    )


def _pinned(kind: SolvedEnvironment, options: EnvironmentOptions) -> EnvironmentLock | None:
    """Return what the project's lock says about an environment."""
    if options.lock is None and not options.locked:
        return None
    from mlrun.environments.lock.fitting import pinned_by

    return pinned_by(options.lock, kind, must_fit=options.locked)
