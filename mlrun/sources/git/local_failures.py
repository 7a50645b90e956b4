"""Turns what fails on this machine, while a repository is handled, into errors for users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlrun.disk import is_for_want_of_room
from mlrun.errors import SourceError
from mlrun.execution.redact import mask_text
from mlrun.folders import MAKE_ROOM, MOVE_CACHE
from mlrun.sources.git.process import GitError, GitMissingError

# Of a file that it could open and not write, git does not say why: there was no room.
_FULL = ("No space left on device", "Disk quota exceeded", "unable to write file")
_DAMAGED = ("missing blob", "missing tree", "unable to read", "bad object", "corrupt", "is empty")


@contextmanager
def local_failures(shown: str, damaged_hint: str | None = None) -> Iterator[None]:
    """Say what failed, of which repository.

    Args:
        shown: The repository's address, without credentials.
        damaged_hint: What to do where objects are missing.

    Raises:
        SourceError: Something failed.
    """
    try:
        yield
    except GitMissingError:
        raise no_git(shown) from None
    except GitError as error:
        raise _explained(error, shown, damaged_hint) from None
    except OSError as error:
        raise SourceError(
            f"{shown} cannot be written to the cache: {error.strerror or error}",
            hint=MAKE_ROOM if is_for_want_of_room(error) else MOVE_CACHE,
        ) from None


def no_git(shown: str) -> SourceError:
    """Return the error of a machine without git."""
    return SourceError(
        f"{shown} is a Git repository, and there is no git on this machine",
        hint="install git, so that the command `git` is found",
    )


def _explained(error: GitError, shown: str, damaged_hint: str | None) -> SourceError:
    text = mask_text(error.text).strip()
    last = text.splitlines()[-1] if text else f"git ended with code {error.code}"
    line = last.removeprefix("fatal: ").removeprefix("error: ")
    if any(full in text for full in _FULL):
        return SourceError(f"the disk is full while {shown} is checked out", hint=MAKE_ROOM)
    if damaged_hint and any(word in text for word in _DAMAGED):
        return SourceError(f"the copy of {shown} is damaged: {line}", hint=damaged_hint)
    return SourceError(f"{shown} cannot be checked out: {line}")
