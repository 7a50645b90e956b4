"""Names for runs that nobody named."""

from __future__ import annotations

import re

from mlrun.tracking.names import random_name


def test_names_are_sayable_and_differ() -> None:
    names = {random_name() for _ in range(200)}
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", name) for name in names)
    assert len(names) > 150
