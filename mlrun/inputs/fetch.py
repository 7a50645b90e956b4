"""From a remote path to a place on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from mlrun.errors import InputError, MlrunError
from mlrun.inputs.addresses import shown
from mlrun.inputs.base import Input, InputRequest, Report, Resolve


@contextmanager
def fetch_input(request: InputRequest, report: Report, resolve: Resolve) -> Iterator[Input]:
    """Bring a remote path to this machine, or find it there, and keep it while in the context.

    Args:
        request: What to bring, and where to.
        report: Takes a line about what is done; with `passing=True` one that the next replaces.
        resolve: Says what an address of the tracking server's means.

    Raises:
        InputUnavailableError: No answer of a server after all tries.
        InputError: There is no such thing, or what it needs is not installed, or the disk is full.
    """
    from mlrun.inputs.filesystems import open_data
    from mlrun.inputs.holding import hold

    with _named(request):
        data = open_data(request.uri, resolve)
        if isinstance(data, Path):
            local = _local(data, request)
        else:
            held = hold(data, request, report)
    if isinstance(data, Path):
        with _own(local.path, request) as path:
            yield replace(local, path=path)
        return
    content = held.content
    try:
        with _own(content.path, request) as path:
            _tell(request, held.is_new, content.size, held.seconds, report)
            yield Input(request.parameter, data.shown, path, content.size, content.digest)
    finally:
        held.lease.release()


@contextmanager
def _named(request: InputRequest) -> Iterator[None]:
    """Say in an error which parameter it is about, and where its address is written."""
    try:
        yield
    except MlrunError as error:
        error.problems = tuple(
            replace(
                problem,
                message=f"parameter '{request.parameter}': {problem.message}",
                location=problem.location or request.location,
            )
            for problem in error.problems
        )
        error.args = (error.message,)
        raise


@contextmanager
def _own(path: Path, request: InputRequest) -> Iterator[Path]:
    """Give where the run reads: what is kept or lies here, or a copy of its own."""
    if request.storage is None:
        yield path
        return
    from mlrun.inputs.own_copy import own_copy

    with ExitStack() as held:
        with _named(request):
            copy = held.enter_context(own_copy(request.storage, request.number, path))
        yield copy


def _tell(request: InputRequest, is_new: bool, size: int, seconds: float, report: Report) -> None:
    from mlrun.inputs.progress import time_in_words
    from mlrun.sizes import size_in_words

    if is_new:
        words = f"{size_in_words(size)} in {time_in_words(seconds)}"
        report(f"fetched {request.parameter}: {words}")
    elif not request.offline:
        report(f"{request.parameter}: as fetched before")


def _local(path: Path, request: InputRequest) -> Input:
    """Return what is on this machine already; it is not read."""
    from mlrun.inputs.local import size_of_all

    try:
        size = size_of_all(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}", hint="is the path right?"
        ) from None
    return Input(request.parameter, shown(request.uri), path, size, None)
