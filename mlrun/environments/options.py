"""What the user says about the environment, and what a kind of environment must know besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from mlrun.light_dataclass import dataclass
from mlrun.request import DockerArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from mlrun.environments.lock.model import ProjectLock


@dataclass(frozen=True)
class EnvironmentOptions:
    """How an environment is to be made.

    Attributes:
        manager: `local`, `uv`, `virtualenv`, `conda`; None for what the project asks for.
        exact_python: Refuse another patch version of Python than the one asked for.
        existing: An environment or a prefix to use as it is (`--env`); nothing is built then.
        conda_exe: A conda, mamba or micromamba to use in place of rattler.
        as_of: Packages are chosen as if it were then; timezone-aware.
        locked: Refuse where the project's lock is missing or does not fit its specification.
        lock: The project's lock, None where it has none.
        folder: The project's folder.
        project: Its name, None where it has none.
        cwd: Where the user stands: relative paths among the options are relative to it.
        docker_args: What `-A` says.
        build_image: Build an image with the project's code in it.
        docker_auth: Credentials (`username`, `password`...) for a `registry`, Docker Hub where it
            names none, as Docker's library takes them; empty for those of the user's
            `docker login`.
    """

    manager: str | None = None
    exact_python: bool = False
    existing: Path | None = None
    conda_exe: str | None = None
    as_of: datetime | None = None
    locked: bool = False
    lock: ProjectLock | None = None
    folder: Path = field(default_factory=Path)
    project: str | None = None
    cwd: Path = field(default_factory=Path)
    docker_args: Mapping[str, DockerArgument] = field(default_factory=dict, repr=False)
    build_image: bool = False
    docker_auth: Mapping[str, str] = field(default_factory=dict, repr=False)
