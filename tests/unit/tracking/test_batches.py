"""What is logged is cut into requests that a server takes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.batches import make_batches

VALUES = st.dictionaries(st.text("abc", min_size=1, max_size=6), st.text(max_size=20), max_size=250)


@given(VALUES, VALUES)
def test_nothing_is_lost_and_every_batch_is_small_enough(
    tags: dict[str, str], parameters: dict[str, str]
) -> None:
    batches = make_batches("r", tags, parameters)
    for kind, values in (("tags", tags), ("params", parameters)):
        sent = [(entry["key"], entry["value"]) for batch in batches for entry in batch[kind]]
        assert sent == list(values.items())
        assert all(len(batch[kind]) <= 100 for batch in batches)
    assert all(batch["tags"] or batch["params"] for batch in batches)


def test_a_few_of_both_are_one_request() -> None:
    assert len(make_batches("r", {"a": "1"}, {"b": "2"})) == 1
    assert make_batches("r", {}, {}) == []


def test_requests_stay_below_a_megabyte() -> None:
    parameters = {f"p{i}": "\U0001f600" * 6000 for i in range(100)}
    batches = make_batches("r", {"a": "x" * 5000}, parameters)
    assert len(batches) > 1
    assert all(len(json.dumps(batch)) < 1_000_000 for batch in batches)
