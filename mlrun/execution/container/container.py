"""A container that is ready to be made for one command.

Named tuples, as in all of this package: they are made on the way to the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

WORK_FOLDER = "/mlflow/projects/code"
"""Where a project's code is in its container, as MLflow has it."""


class Mount(NamedTuple):
    """A folder or file of this machine in a container.

    Attributes:
        source: On the engine's machine; absolute. A name without a slash is a volume's.
        target: In the container; absolute.
        options: Of the engine (`ro`, `z`, `delegated`); empty for none.
    """

    source: str
    target: str
    options: tuple[str, ...] = ()


class Container(NamedTuple):
    """What a command's container is made of, before it is known what runs in it.

    Attributes:
        engine: The engine's address: `unix:///var/run/docker.sock`, `tcp://HOST:PORT`.
        image: The image's id (`sha256:...`).
        image_name: As a person names it.
        entrypoint: The image's own entry point, or the one that the user asked for.
        mounts: The project's code, where it is no part of the image, and the volumes.
        environment: Variables to set: what the project file says and the user asks for.
        options: The rest of the body of the engine's `POST /containers/create`
            (`HostConfig`, `User`, `Tty`...): what `-A` asks for, user, HOME, labels.
        host_address: An address of this machine on which a container can reach it: the
            loopback's, without a name, where they share a network; None where it cannot.
        host_name: The name by which containers know that address (`host.docker.internal`).
        keeps: Whether the container stays after its end (`-A rm=false`).
    """

    engine: str
    image: str
    image_name: str
    entrypoint: tuple[str, ...]
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str]
    options: Mapping[str, Any]
    host_address: str | None = None
    host_name: str | None = None
    keeps: bool = False


class ContainerCommand(NamedTuple):
    """One command in its container, ready to start.

    Attributes:
        container: What to make.
        argv: What runs in it, after the image's entry point.
        environment: All variables, the container's own included.
        mounts: All mounts, the container's own included.
        name: The container's name; `mlrun-` and the run's id where the user gave none.
    """

    container: Container
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    name: str
