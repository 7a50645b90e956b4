"""How often, and after what pause."""

from __future__ import annotations

import pytest

from mlrun.errors import InputUnavailableError
from mlrun.inputs.failures import NoServerError, PassingError
from mlrun.inputs.tries import pause_before, tried


def test_pauses_grow_and_heed_the_server() -> None:
    busy = PassingError("x")
    assert [pause_before(number, busy) for number in (2, 3, 4, 5)] == [0.5, 1, 2, 4]
    assert pause_before(2, PassingError("x", after=7)) == 7
    assert pause_before(2, PassingError("x", after=7000)) == 60
    assert pause_before(2, InputUnavailableError("x")) == 0.5


def failing(*errors: Exception) -> list[Exception]:
    return list(errors)


@pytest.mark.parametrize(("count", "ends_well"), [(4, True), (5, False)])
def test_five_tries(count: int, ends_well: bool) -> None:
    left = failing(*[PassingError("busy")] * count)
    waited: list[float] = []
    said: list[str] = []

    def attempt() -> str:
        if left:
            raise left.pop()
        return "done"

    if ends_well:
        assert tried(attempt, waited.append, said.append) == "done"
    else:
        with pytest.raises(InputUnavailableError, match=r"busy \(tried 5 times\)"):
            tried(attempt, waited.append, said.append)
    assert waited == [0.5, 1, 2, 4]
    assert said == [f"busy; asked again in {n} s" for n in ("0.5", "1", "2", "4")]


def test_nobody_waits_for_a_server_that_is_not_there() -> None:
    def attempt() -> str:
        raise NoServerError("no server")

    with pytest.raises(NoServerError):
        tried(attempt, lambda seconds: pytest.fail("waited"))
