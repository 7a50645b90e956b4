"""Assessments of traces, with the newest schema: each answer is that of a real server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database import assessments
from mlrun.tracking.database.session import Database
from tests.mlflow_databases import MlflowDatabases, mlflow_databases
from tests.operations import Api, Json, LocalApi, ServerApi

__all__ = ["mlflow_databases"]

_TRACE = "tr-0123456789abcdef0123456789abcdef"
_PATH = f"/api/3.0/mlflow/traces/{_TRACE}/assessments"
_ID = re.compile(r"a-[0-9a-f]{32}")

_TIMES = {"create_time": "2026-01-31T12:00:00Z", "last_update_time": "2026-01-31T12:00:00.250Z"}
_SOURCE = {"source_type": "HUMAN", "source_id": "someone"}
_BASE = {"assessment_name": "n", "trace_id": _TRACE, "source": _SOURCE, "valid": True, **_TIMES}
_ERROR = {"error_code": "E", "error_message": "bad", "stack_trace": "line"}
_LIST = {"serialization_format": "JSON_FORMAT", "value": '[1, {"a": 2}]'}

_VALUES: list[Json] = [
    *({"feedback": {"value": v}} for v in (5, 0.5, True, "yes", "No", "text", ["a"], {"k": "v"})),
    {"feedback": {"value": None, "error": _ERROR}},
    {"expectation": {"value": "right"}},
    {"expectation": {"serialized_value": _LIST}},
    {"feedback": {"value": 1}, "rationale": "why", "metadata": {"k": "v"}, "span_id": "s"},
]


@pytest.fixture
def local(mlflow_databases: MlflowDatabases, tmp_path: Path) -> LocalApi:
    """A database of the newest schema, with one trace."""
    database = Database(mlflow_databases.copy("3.17", tmp_path / "mlflow.db"), "/artifacts")
    with database.writing() as session:
        experiment = {"experiment_id": 0, "name": "Default", "lifecycle_stage": "active"}
        session.insert("experiments", [experiment], on_conflict="DO NOTHING")
        trace = {"request_id": _TRACE, "experiment_id": 0, "timestamp_ms": 1, "status": "OK"}
        session.insert("trace_info", [trace])
    return LocalApi(database, assessments.ROUTES)


@pytest.fixture
def server(mlflow_server: str) -> ServerApi:
    """A server with the same trace."""
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    info = {"trace_id": _TRACE, "trace_location": place, "state": "OK"}
    trace = {"trace_info": {**info, "request_time": "1970-01-01T00:00:00.001Z"}}
    api = ServerApi(mlflow_server)
    assert api.ask("POST", "/api/3.0/mlflow/traces", {"trace": trace})[0] == 200
    return api


def test_answers_are_those_of_a_server(local: LocalApi, server: ServerApi) -> None:
    ours, theirs = _walk(local), _walk(server)
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert our == their


def _walk(api: Api) -> list[Any]:
    """Make, look up, change and delete assessments, and return all answers, ids made equal."""
    answers: list[Any] = []

    def ask(method: str, path: str, **fields: Any) -> str:
        status, answer = api.ask(method, path, fields)
        answers.append((status, answer.get("error_code"), _plain(answer.get("assessment"))))
        return str(answer.get("assessment", {}).get("assessment_id"))

    for value in _VALUES:
        made = ask("POST", _PATH, assessment={**_BASE, **value})
        ask("GET", f"{_PATH}/{made}")
    feedback = ask("POST", _PATH, assessment={**_BASE, "feedback": {"value": 1}})
    better = {**_BASE, "feedback": {"value": 2}, "overrides": feedback}
    second = ask("POST", _PATH, assessment=better)
    ask("GET", f"{_PATH}/{feedback}")
    ask("DELETE", f"{_PATH}/{second}")
    ask("GET", f"{_PATH}/{feedback}")
    ask("GET", f"{_PATH}/{second}")
    ask("DELETE", f"{_PATH}/{second}")
    ask("POST", _PATH, assessment={**better, "overrides": "a-0"})
    for mask, change in (
        ("feedback", {"feedback": {"value": "new"}}),
        ("rationale,metadata", {"rationale": "because", "metadata": {"a": "b"}}),
        ("metadata", {"metadata": {"c": "d"}}),
        ("assessmentName", {"assessment_name": "other"}),
        ("expectation", {"expectation": {"value": 3}}),
    ):
        ask("PATCH", f"{_PATH}/{feedback}", assessment=change, update_mask=mask)
    ask("POST", _PATH)
    ask("POST", _PATH, assessment=_BASE)
    ask("POST", _PATH.replace("tr-", "none-"), assessment={**_BASE, "feedback": {"value": 1}})
    ask("GET", _PATH.replace("tr-", "none-") + "/a-0")
    return answers


def _plain(assessment: Any) -> Any:
    if not assessment:
        return assessment
    if assessment["last_update_time"] != _TIMES["last_update_time"]:
        assessment = {**assessment, "last_update_time": "*"}
    return json.loads(_ID.sub("*", json.dumps(assessment)))
