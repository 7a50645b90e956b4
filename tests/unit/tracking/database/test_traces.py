from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database import traces
from mlrun.tracking.database.search import traces as search
from mlrun.tracking.database.session import Database
from tests.operations import LocalApi

THREE = "/api/3.0/mlflow/traces"
LATER_COLUMNS = "trace_name session_id client_request_id request_preview total_tokens input_tokens"


@pytest.fixture(params=["3.1", "later"])
def api(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalApi]:
    """Operations over the schema of 3.1, and over one with the columns of later ones."""
    database = Database(tmp_path / "mlflow.db", "/artifacts")
    if request.param == "later":
        with database.writing() as session:
            for column in LATER_COLUMNS.split():
                session.change(f"ALTER TABLE trace_info ADD COLUMN {column}")
            session.forget()
    yield LocalApi(database, [*search.ROUTES, *traces.ROUTES])
    database.close()


def ask(api: LocalApi, method: str, path: str, **fields: Any) -> dict[str, Any]:
    status, answer = api.ask(method, path, fields)
    assert status == 200, answer
    return answer


def refusal(api: LocalApi, method: str, path: str, **fields: Any) -> str:
    status, answer = api.ask(method, path, fields)
    assert status >= 400, answer
    return str(answer["error_code"])


def start_3(api: LocalApi, trace_id: str, **fields: Any) -> dict[str, Any]:
    info = {
        "trace_id": trace_id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": "0"},
        },
        "request_time": "2023-11-14T22:13:20.123Z",
        "execution_duration": "1.500s",
        "state": "OK",
        **fields,
    }
    answer = ask(api, "POST", THREE, trace={"trace_info": info})
    found: dict[str, Any] = answer["trace"]["trace_info"]
    return found


def found_2(api: LocalApi, **fields: Any) -> list[str]:
    answer = ask(api, "GET", "/traces", **{"experiment_ids": "0", **fields})
    return [trace["request_id"] for trace in answer.get("traces", [])]


def test_a_trace_of_the_older_protocol(api: LocalApi) -> None:
    tags = [{"key": "mlflow.traceName", "value": "f"}]
    started = ask(api, "POST", "/traces", experiment_id="0", timestamp_ms="1000", tags=tags)
    info = started["trace_info"]
    assert (info["status"], info["timestamp_ms"]) == ("IN_PROGRESS", 1000)
    trace_id = info["request_id"]
    tagged = {tag["key"]: tag["value"] for tag in info["tags"]}
    assert tagged["mlflow.traceName"] == "f"
    location = f"/artifacts/0/traces/{trace_id}/artifacts"
    assert tagged["mlflow.artifactLocation"] == location
    metadata = [{"key": "mlflow.trace.session", "value": "s"}, {"key": "m", "value": "1"}]
    ended = ask(
        api,
        "PATCH",
        f"/traces/{trace_id}",
        timestamp_ms=1250,
        status="ERROR",
        request_metadata=metadata,
    )
    assert ended["trace_info"]["execution_time_ms"] == 250
    assert ended["trace_info"]["status"] == "ERROR"
    known = ask(api, "GET", f"/traces/{trace_id}/info")["trace_info"]
    assert known == ended["trace_info"]
    entries = {entry["key"]: entry["value"] for entry in known["request_metadata"]}
    assert entries == {"mlflow.trace.session": "s", "m": "1"}


def test_a_trace_of_the_later_protocol_is_whole_and_may_be_sent_twice(api: LocalApi) -> None:
    usage = '{"input_tokens": 3, "total_tokens": 5}'
    fields = {
        "tags": {"mlflow.traceName": "f", "a": "b"},
        "trace_metadata": {"mlflow.trace.tokenUsage": usage, "c": "d"},
    }
    first = start_3(api, "tr-1", **fields)
    assert start_3(api, "tr-1", **fields) == first
    assert first["request_time"] == "2023-11-14T22:13:20.123Z"
    assert first["execution_duration"] == "1.500s"
    assert first["trace_metadata"] == fields["trace_metadata"]
    assert first["tags"] == {
        **fields["tags"],
        "mlflow.artifactLocation": "/artifacts/0/traces/tr-1/artifacts",
    }
    assert ask(api, "GET", f"{THREE}/tr-1")["trace"]["trace_info"] == first
    infos = ask(api, "POST", f"{THREE}/batchGetInfos", trace_ids=["tr-1", "x"])["trace_infos"]
    assert infos == [first]


@pytest.mark.parametrize("key", ["mlflow.traceName", "mine"])
def test_tags_are_set_and_deleted(api: LocalApi, key: str) -> None:
    start_3(api, "tr-1")
    for path in ("/traces/tr-1/tags", f"{THREE}/tr-1/tags"):
        ask(api, "PATCH", path, key=key, value="v")
        tags = ask(api, "GET", f"{THREE}/tr-1")["trace"]["trace_info"]["tags"]
        assert tags[key] == "v"
        ask(api, "DELETE", path, key=key)
        assert refusal(api, "DELETE", path, key=key) == "RESOURCE_DOES_NOT_EXIST"


def test_search(api: LocalApi) -> None:
    for number, name in enumerate(["f", "g", "f"]):
        start_3(
            api,
            f"tr-{number}",
            request_time=f"1970-01-01T00:00:0{number}Z",
            state="OK" if number else "ERROR",
            tags={"mlflow.traceName": name, "n": str(number)},
            trace_metadata={"mlflow.sourceRun": "r"} if number == 1 else {},
        )
    assert found_2(api) == ["tr-2", "tr-1", "tr-0"]
    assert found_2(api, order_by=["timestamp_ms ASC"]) == ["tr-0", "tr-1", "tr-2"]
    assert found_2(api, order_by=["name DESC", "timestamp ASC"]) == ["tr-1", "tr-0", "tr-2"]
    assert found_2(api, filter="name = 'f' AND status = 'OK'") == ["tr-2"]
    assert found_2(api, filter="run_id = 'r'") == ["tr-1"]
    assert found_2(api, filter="metadata.`mlflow.sourceRun` IS NULL") == ["tr-2", "tr-0"]
    assert found_2(api, filter="tags.n != '2' AND end_time_ms > 2000") == ["tr-1"]
    assert found_2(api, filter="tag.`mlflow.traceName` LIKE 'g%'") == ["tr-1"]
    assert found_2(api, experiment_ids=["5"]) == []
    place = {"mlflow_experiment": {"experiment_id": "0"}}
    first = ask(api, "POST", f"{THREE}/search", locations=[place], max_results=2)
    again = {"locations": [place], "page_token": first["next_page_token"]}
    second = ask(api, "POST", f"{THREE}/search", **again)
    ids = [trace["trace_id"] for trace in (*first["traces"], *second["traces"])]
    assert ids == ["tr-2", "tr-1", "tr-0"]
    assert refusal(api, "GET", "/traces", filter="what = 1") == "INVALID_PARAMETER_VALUE"


def test_deletion_takes_the_oldest_or_those_named(api: LocalApi) -> None:
    for number in range(4):
        start_3(api, f"tr-{number}", request_time=f"1970-01-01T00:00:0{number}Z", tags={"a": "b"})
    path = "/traces/delete-traces"
    named = ask(api, "POST", path, experiment_id="0", request_ids=["tr-3", "other"])
    assert named == {"traces_deleted": 1}
    limits = {"max_timestamp_millis": 2000, "max_traces": 2}
    assert ask(api, "POST", path, experiment_id="0", **limits) == {"traces_deleted": 2}
    assert found_2(api) == ["tr-2"]
    assert refusal(api, "POST", path, experiment_id="0") == "INVALID_PARAMETER_VALUE"
    assert refusal(api, "GET", "/traces/tr-0/info") == "RESOURCE_DOES_NOT_EXIST"


def test_a_schema_without_traces_has_none(tmp_path: Path) -> None:
    database = Database(tmp_path / "mlflow.db", "/artifacts")
    with database.writing() as session:
        for table in ("trace_tags", "trace_request_metadata", "trace_info"):
            session.change(f"DROP TABLE {table}")
        session.forget()
    api = LocalApi(database, [*search.ROUTES, *traces.ROUTES])
    assert found_2(api) == []
    assert refusal(api, "GET", f"{THREE}/x") == "RESOURCE_DOES_NOT_EXIST"
    assert refusal(api, "POST", "/traces", experiment_id="0") == "BAD_REQUEST"
    database.close()
