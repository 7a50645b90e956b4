"""The MLflow that mlrun itself starts: one version, in an environment of its own."""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.layout import programs_folder
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.model import PythonEnv

VERSION = "3.17.2"
"""What `mlrun ui` and `mlrun server` start."""

SCHEMA_HEAD = "dc11669786a5"
"""The revision (alembic) of the databases that this version works on."""

_PYTHONS = ">=3.10,<3.14"
"""What this version, and all that it requires, has packages for."""

_NOWHERE = Path("/")
"""No project's settings have a say in this environment."""


def prepare_mlflow(report: Report, extra: tuple[str, ...] = ()) -> PreparedEnvironment:
    """Find the environment with MLflow, or build it, once for all who need it.

    Args:
        report: Takes a line when it has to be built.
        extra: Further requirements, such as a database's driver.

    Returns:
        The environment, held until `release` is called.

    Raises:
        EnvironmentBuildError: It cannot be built.
    """
    from mlrun.environments.errand import Errand, on_errand
    from mlrun.environments.python.environment import PythonEnvironment

    spec = PythonEnv(
        python=_PYTHONS,
        build_dependencies=(),
        dependencies=(f"mlflow=={VERSION}", *extra),
        folder=_NOWHERE,
        file=None,
        location=Location(_NOWHERE),
    )
    environment = PythonEnvironment(spec, "uv", exact_python=False, compiled=True)
    try:
        with on_errand(Errand(project=f"mlrun's own MLflow {VERSION}")):
            return environment.prepare(lambda line: report(f"MLflow {VERSION}: {line}"))
    except EnvironmentBuildError as error:
        raise EnvironmentBuildError(
            f"MLflow {VERSION} could not be made ready: {error.message}", hint=error.hint
        ) from error


def mlflow_program(environment: PreparedEnvironment) -> Path:
    """Return the `mlflow` program in an environment of `prepare_mlflow`'s."""
    assert environment.folder is not None
    return programs_folder(environment.folder) / "mlflow"
