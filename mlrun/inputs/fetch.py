"""From a remote path to a place on this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from mlrun.inputs.base import Input, InputRequest, Resolve


def fetch_input(
    request: InputRequest, report: Callable[..., None], resolve: Resolve
) -> AbstractContextManager[Input]:
    """Bring a remote path to this machine, or find it there, and keep it while in the context.

    Args:
        request: What to bring, and where to.
        report: Takes a line about what is done; with `passing=True` one that the next replaces.
        resolve: Says what an address of the tracking server's means.

    Raises:
        InputUnavailableError: No answer of a server after all tries.
        InputError: There is no such thing, or what it needs is not installed, or the disk is full.
    """
    raise NotImplementedError(request, report, resolve)
