"""How often something is tried again, and after what pause."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mlrun.errors import InputUnavailableError
from mlrun.inputs.failures import NoServerError, PassingError

MOST_TRIES = 5
_FIRST_PAUSE = 0.5
"""Seconds before the second try; twice as many before each further one."""
_LONGEST_PAUSE = 60.0
"""Seconds, also where a server asks for more: the next try says whether it meant that."""

T = TypeVar("T")


def pause_before(number: int, error: InputUnavailableError) -> float:
    """Return the seconds to wait.

    Args:
        number: Of the try that follows, from 2.
        error: Why the last one failed.
    """
    own = _FIRST_PAUSE * float(2 ** (number - 2))
    asked = error.after if isinstance(error, PassingError) else None
    return min(max(own, asked or 0.0), _LONGEST_PAUSE)


def given_up(error: InputUnavailableError, tries: int = MOST_TRIES) -> InputUnavailableError:
    """Return an error that says how often it was tried."""
    return InputUnavailableError(
        f"{error.message} (tried {tries} times)", hint=error.hint or "try again in a while"
    )


def tried(
    attempt: Callable[[], T],
    wait: Callable[[float], object],
    notice: Callable[[str], object] = lambda _: None,
) -> T:
    """Return what an attempt gives, which may fail for a while.

    Args:
        attempt: What to do.
        wait: Lets so many seconds pass.
        notice: Takes a line about why it is waited, and how long.

    Raises:
        InputUnavailableError: It has failed too often; at once where there is no server.
    """
    number = 1
    while True:
        try:
            return attempt()
        except NoServerError:  # noqa: PERF203 - each try may fail
            raise
        except InputUnavailableError as error:
            if number == MOST_TRIES:
                raise given_up(error) from error
            number += 1
            pause = pause_before(number, error)
            notice(f"{error.message}; asked again in {pause:g} s")
            wait(pause)
