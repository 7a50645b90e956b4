"""A container's image: found among those of the engine, or pulled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mlrun.environments.base import Report
from mlrun.environments.docker.reference import is_image_id
from mlrun.errors import EnvironmentBuildError, Location, Problem
from mlrun.execution.container.engine import Engine, EngineError

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i386": "386",
    "i686": "386",
}
"""The kernel's names of processors, and those of images."""


class Image(NamedTuple):
    """An image that the engine has.

    Attributes:
        name: As a person names it.
        id: `sha256:...`.
        entrypoint: What runs before the command.
        architecture: Of the processor that it is for; empty where it does not say.
        labels: What its makers say about it.
    """

    name: str
    id: str
    entrypoint: tuple[str, ...]
    architecture: str
    labels: Mapping[str, str]


def find_image(engine: Engine, name: str) -> Image | None:
    """Return an image that the engine has, None where it has no such image.

    Raises:
        EngineError: The engine does not answer, or answers something else.
    """
    try:
        found = engine.call("GET", f"/images/{name}/json")
    except EngineError as error:
        if error.status == 404:
            return None
        raise
    config: Mapping[str, Any] = found.get("Config") or {}
    entrypoint = config.get("Entrypoint") or ()
    if isinstance(entrypoint, str):
        entrypoint = (entrypoint,)
    return Image(
        name=name,
        id=_full_id(str(found["Id"])),
        entrypoint=tuple(entrypoint),
        architecture=str(found.get("Architecture") or ""),
        labels=config.get("Labels") or {},
    )


def obtain_image(
    engine: Engine,
    name: str,
    *,
    pull: str,
    platform: str | None,
    login: Mapping[str, str],
    location: Location,
    report: Report,
) -> Image:
    """Find an image, or pull it.

    Args:
        engine: Has it, or gets it.
        name: As the project has it.
        pull: `always`, `missing` or `never`.
        platform: `linux/amd64`; None for that of the engine's machine.
        login: Credentials for its registry; empty for those of the user's `docker login`.
        location: Where the project names it.
        report: Takes a line from time to time.

    Raises:
        EnvironmentBuildError: It is not here, and cannot be had.
        EngineError: The engine does not answer.
    """
    found = find_image(engine, name)
    if found is not None and (pull != "always" or is_image_id(name)):
        return found
    if pull == "never" or is_image_id(name):
        raise _not_here(engine, name, location)
    from mlrun.environments.docker.pulling import pull_image

    pull_image(engine, name, platform=platform, login=login, location=location, report=report)
    found = find_image(engine, name)
    if found is None:
        raise _not_here(engine, name, location)
    return found


def local_names(engine: Engine) -> list[str]:
    """Return the names of all images that the engine has."""
    images = engine.call("GET", "/images/json") or ()
    return [name for image in images for name in image.get("RepoTags") or ()]


def foreign_processor(image: Image, info: Mapping[str, Any], location: Location) -> Problem | None:
    """Return a warning where an image is for another processor than the engine's.

    It may run all the same, where the machine emulates that processor: slowly.
    """
    machine = str(info.get("Architecture") or "")
    own = _ARCHITECTURES.get(machine, machine)
    if not image.architecture or not own or image.architecture == own:
        return None
    if (own, image.architecture) in (("amd64", "386"), ("arm64", "arm")):
        return None
    return Problem(
        f"the image {image.name} is for {image.architecture}, and this machine is {own}: "
        "it runs by emulation, or not at all",
        location,
        f"pull one for {own}, or say -A platform=linux/{image.architecture} to have it so",
    )


def _not_here(engine: Engine, name: str, location: Location) -> EnvironmentBuildError:
    from mlrun.near_miss import near_miss

    meant = near_miss(name, local_names(engine), 0.8)
    what_to_do = "bring it here by `docker pull`, `docker load` or `docker build`"
    return EnvironmentBuildError(
        f"the image {name} is not on this machine",
        location=location,
        hint=f"did you mean {meant!r}? {what_to_do}" if meant else what_to_do,
    )


def _full_id(text: str) -> str:
    return text if text.startswith("sha256:") else f"sha256:{text}"
