"""Runs rattler's coroutines from plain code, also where an event loop runs already (a notebook)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_to_end(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine and return what it returns; a signal's exception ends it.

    Args:
        begin: Makes the coroutine, in the thread in which it will run.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(lambda: asyncio.run(begin())).result()
