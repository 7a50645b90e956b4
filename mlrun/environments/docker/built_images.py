"""The images that mlrun has built from projects, and taking them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mlrun.environments.docker.building import LABEL, tag_of
from mlrun.errors import EnvironmentBuildError
from mlrun.execution.container.address import engine_address
from mlrun.execution.container.engine import Engine, EngineError

_IN_USE = 409
_GONE = 404


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """One image.

    Attributes:
        name: By which it is removed: the tag that mlrun gave it.
        size: Bytes, with those that it shares with the image that it is based on.
        created: Seconds since the epoch.
    """

    name: str
    size: int
    created: float


def built_images(environ: Mapping[str, str]) -> tuple[BuiltImage, ...]:
    """Return the images that mlrun has built, the oldest first.

    Raises:
        EnvironmentBuildError: No engine answers.
        NotSupportedError: The engine is named in a way that mlrun does not speak.
    """
    query = {"filters": {"label": [LABEL]}}
    found = _call(Engine(engine_address(environ), environ), "GET", "/images/json", query)
    images = [
        BuiltImage(name, int(one["Size"]), float(one["Created"]))
        for one in found
        for name in _names(one)
    ]
    return tuple(sorted(images, key=lambda image: image.created))


def remove_image(environ: Mapping[str, str], image: BuiltImage) -> bool:
    """Remove an image; returns False where a container uses it.

    Raises:
        EnvironmentBuildError: The engine refused, for another reason.
    """
    engine = Engine(engine_address(environ), environ)
    try:
        engine.call("DELETE", f"/images/{quote(image.name, safe=':@/')}")
    except EngineError as error:
        if error.status == _IN_USE:
            return False
        if error.status != _GONE:
            raise _refused(engine, error) from error
    return True


def _names(document: Mapping[str, Any]) -> list[str]:
    """Return the names that mlrun gave to an image.

    What others build on it inherits its label, but not its name; and it may have further names.
    """
    tag = tag_of((document.get("Labels") or {}).get(LABEL) or "")
    return [name for name in document.get("RepoTags") or () if name.endswith(f":{tag}")]


def _call(engine: Engine, method: str, path: str, query: Mapping[str, Any]) -> Any:
    try:
        return engine.call(method, path, query=query)
    except EngineError as error:
        raise _refused(engine, error) from error


def _refused(engine: Engine, error: EngineError) -> EnvironmentBuildError:
    return EnvironmentBuildError(
        f"the container engine at {engine.address} does not do that: {error.message}",
        hint="leave out --images where there is no engine",
    )
