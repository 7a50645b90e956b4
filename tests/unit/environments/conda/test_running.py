"""rattler's coroutines run from plain code, and from within a notebook's event loop."""

from __future__ import annotations

import asyncio

import pytest

from mlrun.environments.conda.running import run_to_end


async def doubled(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def failing() -> None:
    await asyncio.sleep(0)
    raise LookupError("no")


def test_from_plain_code() -> None:
    assert run_to_end(lambda: doubled(2)) == 4
    with pytest.raises(LookupError):
        run_to_end(failing)


def test_from_within_a_loop() -> None:
    async def notebook() -> int:
        return run_to_end(lambda: doubled(3))

    assert asyncio.run(notebook()) == 6
