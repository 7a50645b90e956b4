from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.database import assessments
from mlrun.tracking.database.api_error import MISSING, ApiError
from mlrun.tracking.database.message import Message
from tests.unit.tracking.database.registry_store import Store

TRACE = "tr-0"


@pytest.fixture
def traced(store: Store) -> Store:
    """A database of the schema that new ones have, with one trace."""
    store.change(
        "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) "
        f"VALUES ('{TRACE}', 0, 1, 'OK')"
    )
    return store


def test_a_schema_without_assessments_says_how_it_could_have_them(traced: Store) -> None:
    with traced.database.writing() as session, pytest.raises(ApiError, match="mlflow db upgrade"):
        assessments.add_assessment(session, TRACE, Message({"feedback": {"value": 1}}))


def test_a_schema_without_assessments_has_none(traced: Store) -> None:
    with traced.database.reading() as session:
        assert assessments.assessments_json(session, [TRACE])[TRACE] == []
        get = next(route for route in assessments.ROUTES if route.method == "GET")
        with pytest.raises(ApiError) as caught:
            get.operation(session, Message({"trace_id": TRACE, "assessment_id": "a-0"}))
    assert caught.value.code == MISSING


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_times_come_back_as_they_were_sent(milliseconds: int) -> None:
    text = assessments.time_text(milliseconds)
    assert (
        assessments.milliseconds_of(Message({"create_time": text}), "create_time") == milliseconds
    )


def test_times_are_cut_to_milliseconds() -> None:
    message = Message({"create_time": "1970-01-01T00:00:01.123999999Z"})
    assert assessments.milliseconds_of(message, "create_time") == 1123


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "2026-01-31"])
def test_no_other_times(text: str) -> None:
    with pytest.raises(ApiError, match="a time like"):
        assessments.milliseconds_of(Message({"create_time": text + "T"}), "create_time")
