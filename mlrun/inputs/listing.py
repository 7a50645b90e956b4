"""Whether the files that a server lists can lie in one folder of this machine, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlrun.errors import InputError
from mlrun.inputs.addresses import is_name
from mlrun.inputs.base import RemoteFile


def checked(files: Sequence[RemoteFile], shown: str) -> tuple[RemoteFile, ...]:
    """Return the files, sorted by their paths.

    Args:
        files: As a server lists them.
        shown: The address of all, for messages.

    Raises:
        InputError: There are none, or one cannot be written below a folder as it is called.
    """
    if not files:
        raise InputError(f"{shown} is empty: there is no file in it")
    if len(files) > 1 or files[0].path:
        for file in files:
            if not all(is_name(part) for part in file.path.split("/")):
                raise InputError(
                    f"{shown} has a file with a name that is not safe here: {file.path!r}",
                    hint="no name may be empty, `.` or `..`, or hold a backslash",
                )
        _require_apart([file.path for file in files], shown)
    return tuple(sorted(files))


def _require_apart(paths: Sequence[str], shown: str) -> None:
    seen = set(paths)
    if len(seen) < len(paths):
        raise InputError(f"{shown} has two files of one name")
    for path in paths:
        for folder in _above(path):
            if folder in seen:
                raise InputError(
                    f"{shown} has {folder!r} as a file and as a folder, which no disk can hold",
                    hint="give the address of one of the two",
                )


def _above(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
