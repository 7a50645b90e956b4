"""What is fetched, from where, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from mlrun.errors import Location


class RemoteFile(NamedTuple):
    """One file at an address.

    Attributes:
        path: Below the address, with slashes; empty where the address is that of one file.
        size: In bytes; None where the server does not say.
        version: What changes when the content does (an ETag, a time of change); None where
            the server says nothing of the kind.
    """

    path: str
    size: int | None
    version: str | None


class RemoteData(Protocol):
    """A file or a folder on another machine."""

    shown: str
    """Its address, without credentials."""

    name: str
    """The last part of its address, which the copy is called after."""

    key: str
    """What is equal for the same address, and holds no secret."""

    def files(self) -> tuple[RemoteFile, ...]:
        """Return what is there: one file with an empty path, or all files of a folder.

        Raises:
            InputUnavailableError: No answer; another try may help.
            InputError: There is no such thing, or nobody may read it.
        """

    def read(self, file: RemoteFile, offset: int) -> AbstractContextManager[Iterator[bytes]]:
        """Return the content from an offset, in blocks.

        Raises:
            InputUnavailableError: No answer, a stalled or cut-off transfer.
            InputError: It may not be read, or is another one than `file` says by now.
        """


@dataclass(frozen=True)
class InputRequest:
    """One remote path of a run.

    Attributes:
        parameter: Name of the parameter, for messages.
        number: Which of the run's remote paths it is, from 0.
        uri: As given, with credentials if it has any.
        storage: The folder that gets a copy of its own, as `param_<number>/<name>`; None for
            the copy in the cache, which nobody may change.
        offline: Whether what is cached is taken without asking anybody.
        location: Where the address is written, if that is in a file.
    """

    parameter: str
    number: int
    uri: str
    storage: Path | None = None
    offline: bool = False
    location: Location | None = None


@dataclass(frozen=True)
class Input:
    """A remote path that is on this machine now.

    Attributes:
        parameter: Name of the parameter.
        shown: The address, without credentials.
        path: Absolute path of the file or folder.
        size: In bytes, of all files.
        digest: SHA-256, as hexadecimal digits: of a file's content; of a folder, of its
            files' paths and contents. None for what lies on this machine anyway.
    """

    parameter: str
    shown: str
    path: Path
    size: int
    digest: str | None


Report = Callable[..., None]
"""Takes a line about what is done; with `passing=True` one that the next replaces."""

Resolve = Callable[[str], RemoteData | Path | str]
"""From a `runs:/`, `models:/` or `mlflow-artifacts:/` address to what it means: something that
the tracking server passes on, a place on this machine, or an address elsewhere (`s3://...`)."""
