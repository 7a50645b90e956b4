"""What mlrun tells its attendant, and what that reports: two private files.

The first holds variables with secrets, which must stand on no command line. It is written in
the form of Python's own compiled files, which needs no import to be read, for the same Python.
"""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypedDict

    class Specification(TypedDict):
        """What an attendant has to know.

        Attributes:
            engine: The engine's address.
            name: The container's name.
            may_rename: Whether another name does as well, where that one is taken.
            body: What to make, as JSON.
            bare_body: What to make where the image has no shell; None where that is the body.
            scripted: Whether mlrun's script is the first process (of `body`).
            terminal: Whether the container gets a terminal in any case.
            stdin: Whether our standard input is for the container.
            keeps: Whether the container stays after its end.
            grace_period: Seconds between asking it to end and killing it.
            mlrun: Process number of the mlrun that started the attendant.
            trace: The file by which others know that the container may be there.
            report: The file to write the report to.
        """

        engine: str
        name: str
        may_rename: bool
        body: bytes
        bare_body: bytes | None
        scripted: bool
        terminal: bool
        stdin: bool
        keeps: bool
        grace_period: float
        mlrun: int
        trace: str
        report: str

    class Report(TypedDict, total=False):
        """What became of a container.

        Attributes:
            started: Whether it ran at all.
            exit_code: What its first process left with, None where that is not known.
            out_of_memory: Whether the system killed something in it for lack of memory.
            asked: The signal by which keys asked for its end, None where they did not.
            error: What went wrong, in words; None for nothing.
            settled: Whether it is gone, or ended and to be kept.
        """

        started: bool
        exit_code: int | None
        out_of_memory: bool
        asked: int | None
        error: str | None
        settled: bool


def write(path: str, document: Any) -> None:
    """Write a file that only this user can read.

    Raises:
        OSError: It cannot be written, or is there already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        marshal.dump(document, file)


def take(path: str) -> Any:
    """Read such a file and remove it; None where there is none, or it was cut off."""
    try:
        with open(path, "rb") as file:
            document = marshal.load(file)  # noqa: S302 - from a folder of this user's alone
    except (OSError, EOFError, ValueError, TypeError):
        document = None
    try:
        os.unlink(path)  # noqa: PTH108 - no pathlib in the attendant
    except OSError:
        return document  # there is none, which the document says as well
    return document
