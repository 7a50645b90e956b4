"""How long ago something was."""

from __future__ import annotations

from time import time

import pytest

from mlrun.ages import age


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 seconds"),
        (1.5, "1 second"),
        (59.5, "59 seconds"),
        (61, "1 minute"),
        (7300, "2 hours"),
        (86_401, "1 day"),
        (900_000, "10 days"),
    ],
)
def test_the_biggest_unit_that_fits(seconds: float, words: str) -> None:
    assert age(time() - seconds) == words
