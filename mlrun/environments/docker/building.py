"""An image with the project's code in it, built once for each content.

It is named by the project, and tagged by a hash of the base image and all files. An image that
has that name, and the hash in its label, is the one; so nothing is built twice, by whomever.
"""

from __future__ import annotations

import os
import tarfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlrun.environments.base import Report
from mlrun.environments.docker.content import (
    Entry,
    content_hash,
    images_folder,
    list_entries,
    unreadable,
)
from mlrun.environments.docker.image import Image, find_image
from mlrun.environments.docker.reference import repository_name
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.container.container import WORK_FOLDER
from mlrun.execution.container.engine import Engine
from mlrun.hashing import hash_of
from mlrun.sizes import size_in_words

LABEL = "mlrun.image"
"""The label of images that mlrun builds: `docker image prune --all --filter label=mlrun.image`."""

_RECIPE = "1"
"""Counts the ways in which images have been built."""

_TAIL = 15
_CHUNK = 1 << 20
_BIG = 256 << 20
"""Bytes from which the user is told how much is sent to the engine."""


def obtain_project_image(
    engine: Engine,
    base: Image,
    folder: Path,
    project: str | None,
    location: Location,
    report: Report,
) -> Image:
    """Find the image of a project's content, or build it.

    Args:
        engine: Builds it.
        base: The image that the project asks for.
        folder: The project's.
        project: Its name.
        location: Of the project's `docker_env`.
        report: Takes a line when it is built.

    Raises:
        EnvironmentBuildError: The build failed, or a file cannot be read.
        EngineError: The engine does not answer.
    """
    entries = list_entries(folder)
    text = "\0".join((_RECIPE, base.id, WORK_FOLDER, content_hash(folder, entries)))
    content = hash_of(text)
    name = f"{repository_name(project)}:{tag_of(content)}"
    found = _built(engine, name, content)
    if found is not None:
        return found
    from filelock import FileLock

    log = images_folder() / f"{name.replace(':', '-')}.log"
    lock = FileLock(_lock_file(log))
    if not _is_free(lock):
        report(f"waiting for another mlrun that builds the image {name}")
        lock.acquire()
    try:
        found = _built(engine, name, content)
        if found is None:
            _report_start(name, entries, report)
            _Build(engine, log, location).run(base, folder, entries, name, content)
            found = _built(engine, name, content)
    finally:
        lock.release()
    if found is None:
        raise EnvironmentBuildError(f"the image {name} was built, and is gone", location=location)
    return found


def tag_of(content: str) -> str:
    """Return the tag of an image with a content."""
    return content[:16]


def _built(engine: Engine, name: str, content: str) -> Image | None:
    found = find_image(engine, name)
    return found if found is not None and found.labels.get(LABEL) == content else None


def _lock_file(log: Path) -> Path:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        from mlrun.folders import MOVE_CACHE

        raise EnvironmentBuildError(
            f"the log of the image's build cannot be kept in {log.parent}: {error.strerror}",
            hint=MOVE_CACHE,
        ) from None
    return log.with_suffix(".lock")


def _is_free(lock: Any) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _report_start(name: str, entries: Sequence[Entry], report: Report) -> None:
    size = sum(entry.status.st_size for entry in entries if entry.kind == "f")
    more = f"; .dockerignore can leave out what it does not need of {size_in_words(size)}"
    report(f"building the image {name} with the project's code" + (more if size > _BIG else ""))


class _Build:
    """One build.

    Args:
        engine: Builds the image.
        log: The file for what it says.
        location: Of the project's `docker_env`.
    """

    def __init__(self, engine: Engine, log: Path, location: Location) -> None:
        self._engine = engine
        self._log = log
        self._location = location
        self._tail: deque[str] = deque(maxlen=_TAIL)

    def run(
        self, base: Image, folder: Path, entries: Sequence[Entry], name: str, content: str
    ) -> None:
        """Build an image and name it.

        Raises:
            EnvironmentBuildError: It failed; the message ends with the log's tail.
        """
        import requests
        from docker.errors import DockerException

        from mlrun.environments.docker.library import engine_client

        with suppress(OSError):
            self._log.write_bytes(b"")
        try:
            with engine_client(self._engine.address) as client:
                events = client.build(
                    fileobj=build_context(base, folder, entries),  # type: ignore[arg-type]
                    custom_context=True,
                    tag=name,
                    labels={LABEL: content},
                    rm=True,
                    forcerm=True,
                    decode=True,
                )
                # Read to its end, also after an error: what is left unread stays open.
                errors = [error for event in events if (error := self._take(event))]
        except (DockerException, requests.RequestException) as error:
            raise self._failure(str(getattr(error, "explanation", None) or error)) from None
        if errors:
            raise self._failure(errors[0])

    def _take(self, event: Any) -> str | None:
        """Keep what an event says; returns the error, where it is one."""
        for line in str(event.get("stream") or event.get("status") or "").splitlines():
            self._keep(line)
        return str(event["error"]) if "error" in event else None

    def _keep(self, line: str) -> None:
        if not line.strip():
            return
        self._tail.append(line)
        with suppress(OSError), self._log.open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    def _failure(self, message: str) -> EnvironmentBuildError:
        self._keep(message)
        tail = "\n".join(f"  {line}" for line in self._tail)
        return EnvironmentBuildError(
            f"the image with the project's code could not be built:\n{tail}",
            location=self._location,
            hint=f"the whole log is in {self._log}",
        )


def build_context(base: Image, folder: Path, entries: Sequence[Entry]) -> Iterator[bytes]:
    """Yield a tar archive with all that a build needs, as it is read.

    The files may be read and written by anyone: who runs the command in the container is not
    known to the image, and they are the container's own.

    Raises:
        EnvironmentBuildError: A file cannot be read.
    """
    dockerfile = f"FROM {base.id.partition(':')[2]}\nCOPY code/ /\nWORKDIR {WORK_FOLDER}\n".encode()
    yield _header("Dockerfile", size=len(dockerfile)) + _padded(dockerfile)
    prefix = "code"
    for part in WORK_FOLDER.strip("/").split("/"):
        yield _header(prefix, tarfile.DIRTYPE, 0o755)
        prefix = f"{prefix}/{part}"
    yield _header(prefix, tarfile.DIRTYPE, 0o777)
    for entry in entries:
        yield from _packed(folder / entry.path, f"{prefix}/{entry.path}", entry)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _packed(path: Path, name: str, entry: Entry) -> Iterator[bytes]:
    time = entry.status.st_mtime
    if entry.kind == "d":
        yield _header(name, tarfile.DIRTYPE, 0o777, time=time)
        return
    try:
        if entry.kind == "l":
            yield _header(name, tarfile.SYMTYPE, 0o777, time=time, link=os.readlink(path))  # noqa: PTH115
            return
        with path.open("rb", buffering=0) as stream:
            size = os.fstat(stream.fileno()).st_size
            mode = 0o777 if entry.is_executable else 0o666
            yield _header(name, mode=mode, size=size, time=time)
            yield from _exactly(stream, size)
    except OSError as error:
        raise unreadable(path, error) from None


def _exactly(stream: Any, size: int) -> Iterator[bytes]:
    """Yield so many bytes, padded to whole blocks, even where a file gets shorter meanwhile."""
    left = size
    while left:
        data = stream.read(min(left, _CHUNK))
        if not data:
            yield bytes(left)
            break
        yield data
        left -= len(data)
    yield bytes(-size % tarfile.BLOCKSIZE)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % tarfile.BLOCKSIZE)


def _header(
    name: str,
    kind: bytes = tarfile.REGTYPE,
    mode: int = 0o644,
    *,
    size: int = 0,
    time: float = 0.0,
    link: str = "",
) -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname = kind, mode, size, link
    member.mtime = int(max(time, 0.0))
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
