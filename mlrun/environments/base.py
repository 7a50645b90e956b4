"""What every kind of environment takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from mlrun.errors import Problem
from mlrun.light_dataclass import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.execution.container.container import Container

Report = Callable[[str], None]
"""Takes one calm line for the user: what is being waited for, or built."""


@dataclass(frozen=True)
class PreparedEnvironment:
    """What to put before a command so that it runs in its environment.

    Attributes:
        manager: The name that goes into the tag `mlflow.project.env`, or None for the
            system's own environment.
        path: Folders to put before the user's PATH, first one first.
        variables: Variables to set.
        unset: Variables to remove.
        python: The interpreter, where the environment has one.
        python_version: Its full version (`3.11.7`).
        digest: What the environment was made from, as one hash; None for the system's own.
        folder: Where it lies, None for the system's own.
        container: What the command runs in, where that is a container.
        lock: The file that names exactly what is in the environment, where there is one.
        tags: What the run should record of it.
        warnings: What the run should record (another patch version of Python...).
        release: Ends the lease that keeps the environment from being removed.
        hand_over: Keeps that lease for a program that takes this process over (exec).
    """

    manager: str | None = None
    path: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    python: Path | None = None
    python_version: str | None = None
    digest: str | None = None
    folder: Path | None = None
    container: Container | None = None
    lock: Path | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    release: Callable[[], None] = lambda: None
    hand_over: Callable[[], None] = lambda: None


class EnvironmentKind(Protocol):
    """One way to make an environment.

    `digest` is called when the plan is made and must be cheap: it reads files, and starts
    nothing. `prepare` may take minutes; it reports what it does.
    """

    manager: str
    """`local`, `uv`, `virtualenv`, `conda` or `docker`: what a plan names."""

    def digest(self) -> str | None:
        """Return the hash of the specification's content, None where there is none."""

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Make the environment, or find it made.

        Raises:
            EnvironmentBuildError: It cannot be made; the message ends with the log's tail.
        """
