"""The failures of fetching that a program acts on; a person reads them as input errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlrun.disk import is_for_want_of_room
from mlrun.errors import InputError, InputUnavailableError
from mlrun.folders import MAKE_ROOM, MOVE_CACHE


class PassingError(InputUnavailableError):
    """A failure that may be over in a moment.

    Attributes:
        after: Seconds that the server asks to wait, None where it asks for none.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class NoServerError(InputUnavailableError):
    """There is no connection to the server at all, for which nobody should wait at first."""


class ChangedError(InputError):
    """What is read is another one by now than what was listed."""


class StoppedError(Exception):
    """Nobody waits for it any more."""


@contextmanager
def disk_errors(
    folder: Path, *, full: str = MAKE_ROOM, otherwise: str = MOVE_CACHE
) -> Iterator[None]:
    """Turn what the disk refuses into an error that names the folder.

    Args:
        folder: Where something was to be kept.
        full: What to do where the disk is full.
        otherwise: What to do where the folder cannot be written for another reason.

    Raises:
        InputError: In place of an OSError: full, read-only, no permission.
    """
    try:
        yield
    except OSError as error:
        is_full = is_for_want_of_room(error)
        raise InputError(
            f"it cannot be kept in {folder}: {error.strerror or error}",
            hint=full if is_full else otherwise,
        ) from error
