"""Folders of this machine in a container, as `HOST:CONTAINER[:OPTIONS]` names them."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mlrun.environments.docker.expansion import COLON, expand
from mlrun.errors import EnvironmentBuildError, Location, MlrunError, ProjectError, UsageError
from mlrun.execution.container.container import Mount

_OPTIONS = frozenset(
    {
        *("ro", "rw", "z", "Z", "U", "O", "consistent", "cached", "delegated", "nocopy", "copy"),
        *("private", "rprivate", "shared", "rshared", "slave", "rslave", "exec", "noexec"),
        *("suid", "nosuid", "dev", "nodev"),
    }
)
_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_FORM = "write `/host/folder:/container/folder`, with `:ro` after it for one that is only read"


class Volume(NamedTuple):
    """One volume: what to mount, and who wrote it.

    Attributes:
        mount: What to mount. A mount without a source is a new, unnamed volume.
        text: As written.
        location: Where; None for an option of the user's.
    """

    mount: Mount
    text: str
    location: Location | None


def project_volumes(
    texts: Iterable[str], folder: Path, environ: Mapping[str, str], location: Location
) -> tuple[Volume, ...]:
    """Return a project's volumes; what its author wrote for a shell means what it means there.

    Raises:
        ProjectError: One cannot be understood, or two are for one place.
    """
    found: dict[str, Volume] = {}
    for text in texts:
        try:
            mount = _mount(expand(text, str(folder), environ), folder)
        except ValueError as error:
            raise ProjectError(
                f"the volume `{text}` {error}",
                location=_written_at(location, text),
                hint=_hint(text, str(error)),
            ) from None
        before = found.setdefault(mount.target, Volume(mount, text, location))
        if before.text != text:
            raise ProjectError(
                f"the volumes `{before.text}` and `{text}` are both for {mount.target}",
                location=_written_at(location, text),
                hint="leave one of them out",
            )
    return tuple(found.values())


def user_volumes(
    texts: Iterable[str], folder: Path, environ: Mapping[str, str]
) -> tuple[Volume, ...]:
    """Return the volumes of `-A v=...`; relative paths are relative to where the user stands.

    A shell has seen most of them. But `mlflow run` puts them before one once more, so that
    `v='$(pwd)/data:/data'`, or the same in a script's `docker_args`, works there.

    Raises:
        UsageError: One cannot be understood.
    """
    found: dict[str, Volume] = {}
    for text in texts:
        try:
            mount = _mount(_expanded(text, folder, environ), folder)
        except ValueError as error:
            raise UsageError(f"-A volume={text} {error}", hint=_hint(text, str(error))) from None
        found[mount.target] = Volume(mount, text, None)
    return tuple(found.values())


def _expanded(text: str, folder: Path, environ: Mapping[str, str]) -> str:
    """Return a user's volume without variables; a folder with such a name is taken as it is."""
    if "$" in text and os.path.lexists(folder / text.partition(":")[0]):
        return text
    return expand(text, str(folder), environ)


def together(first: Sequence[Volume], then: Sequence[Volume]) -> tuple[Volume, ...]:
    """Return all volumes; where two are for one place, that of `then`."""
    return tuple({volume.mount.target: volume for volume in (*first, *then)}.values())


def make_folders(volumes: Iterable[Volume]) -> list[str]:
    """Make the folders that are mounted and not there, as the user's own; return which.

    Engines would make them too, silently, and as root.

    Raises:
        EnvironmentBuildError: One cannot be made, or is only to be read, and so was meant to
            be there.
    """
    made = []
    for mount, text, location in volumes:
        source = mount.source
        if not source.startswith("/") or os.path.lexists(source):
            continue
        if "ro" in mount.options:
            raise _missing(source, text, location, "it is only read, so it must be there")
        try:
            os.makedirs(source)  # noqa: PTH103
        except OSError as error:
            raise _missing(source, text, location, f"it cannot be made: {error.strerror}") from None
        made.append(source)
    return made


def _missing(source: str, text: str, location: Location | None, reason: str) -> MlrunError:
    return EnvironmentBuildError(
        f"the volume `{text}` is for {source}, which is not there; {reason}",
        location=location and _written_at(location, text),
        hint="make the folder, or correct the volume",
    )


def _written_at(location: Location, text: str) -> Location:
    from mlrun.environments.written_at import key_at, written_at

    return written_at(key_at(location, "volumes"), text)


def _hint(text: str, reason: str) -> str:
    if "is not set" in reason:
        return "set it, or give a value for where it is not: ${NAME:-/folder}"
    if _WINDOWS.match(text):
        return "this machine has no drives: write the folder's path here"
    return _FORM


def _mount(text: str, folder: Path) -> Mount:
    """Return the mount of a volume without variables.

    Raises:
        ValueError: It is none; the message continues a sentence that began with it.
    """
    if _WINDOWS.match(text):
        raise ValueError("has a path of Windows")
    parts = [part.replace(COLON, ":") for part in text.split(":")]
    if len(parts) > 3 or not all(parts):
        raise ValueError("is not of the form HOST:CONTAINER[:OPTIONS]")
    if len(parts) == 1 or (len(parts) == 2 and _are_options(parts[1])):
        parts.insert(0, "")
    source, target, *options = parts
    if not target.startswith("/"):
        raise ValueError(f"has {target!r} as its place in the container, which must be absolute")
    target = posixpath.normpath(target)
    if target in ("/", "//"):
        raise ValueError("would replace all of the container's files")
    return Mount(_source(source, folder), target, _checked(options))


def _are_options(text: str) -> bool:
    return all(word in _OPTIONS for word in text.split(","))


def _source(text: str, folder: Path) -> str:
    """Return an absolute path, or a volume's name; a name with a slash or a dot first is a path."""
    if not text or ("/" not in text and text not in (".", "..") and _VOLUME_NAME.fullmatch(text)):
        return text
    if "/" in text or text in (".", ".."):
        return os.path.normpath(folder / text)
    raise ValueError(
        f"has {text!r}, which is neither a folder (write ./{text}) nor a volume's name"
    )


def _checked(options: list[str]) -> tuple[str, ...]:
    words = tuple(options[0].split(",")) if options else ()
    for word in words:
        if word not in _OPTIONS:
            raise ValueError(f"has the option {word!r}; known are: {', '.join(sorted(_OPTIONS))}")
    return words
