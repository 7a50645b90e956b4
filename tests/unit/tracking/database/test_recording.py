"""Metrics, parameters, tags, and batches of them, on a real database."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.database import experiments, metric_history, recording, runs
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.metrics import LARGEST, MetricRow, read_metric, write_metrics
from mlrun.tracking.database.session import Database
from tests.operations import Json, LocalApi


class Api:
    """Asks operations, about one run where nothing else is said."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, "/artifacts")
        modules = (experiments, runs, recording, metric_history)
        self._api = LocalApi(self.database, [route for m in modules for route in m.ROUTES])
        self.run = self.ask("POST", "/runs/create", experiment_id="0")["run"]["info"]["run_id"]

    def ask(self, method: str, path: str, **fields: Any) -> Json:
        status, answer = self._api.ask(method, path, fields)
        assert status == 200, answer
        return answer

    def refusal(self, method: str, path: str, **fields: Any) -> tuple[str, str]:
        status, answer = self._api.ask(method, path, fields)
        assert status >= 400, answer
        return answer["error_code"], answer["message"]

    def log(self, what: str, **fields: Any) -> Json:
        return self.ask("POST", f"/runs/{what}", **{"run_id": self.run, **fields})

    def no(self, what: str, **fields: Any) -> str:
        code, text = self.refusal("POST", f"/runs/{what}", **{"run_id": self.run, **fields})
        assert code == "INVALID_PARAMETER_VALUE"
        return text

    def data(self) -> Json:
        data: Json = self.ask("GET", "/runs/get", run_id=self.run)["run"]["data"]
        return data

    def pairs(self, kind: str) -> dict[str, str]:
        return {entry["key"]: entry["value"] for entry in self.data().get(kind, [])}

    def history(self, key: str, **fields: Any) -> Json:
        return self.ask("GET", "/metrics/get-history", run_id=self.run, metric_key=key, **fields)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    api = Api(tmp_path / "mlflow.db")
    yield api
    api.database.close()


def metric(**fields: Any) -> Json:
    return {"key": "m", "value": 1.5, "timestamp": 5, "step": 0, **fields}


def test_newest_value_is_that_of_step_then_time_then_value(api: Api) -> None:
    for step, time, value in ((1, 9, 3.0), (2, 5, 1.0), (2, 5, 2.0), (2, 4, 9.0), (0, 10, 9.0)):
        api.log("log-metric", **metric(step=step, timestamp=time, value=value))
    assert api.data()["metrics"] == [metric(step=2, timestamp=5, value=2.0)]
    assert len(api.history("m")["metrics"]) == 5


def test_same_metric_is_kept_once(api: Api) -> None:
    for _ in range(3):
        api.log("log-metric", **metric())
    api.log("log-batch", metrics=[metric(), metric(), metric(step=1)])
    assert api.history("m") == {"metrics": [metric(), metric(step=1)]}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        *((math.nan, "NaN"), ("NaN", "NaN"), ("Infinity", LARGEST), (-math.inf, -LARGEST)),
        *((1, 1.0), ("2.5", 2.5), (5e-324, 5e-324), (-(10**400), -LARGEST)),
    ],
)
def test_numbers_of_all_kinds(api: Api, given: object, shown: object) -> None:
    api.log("log-metric", **metric(value=given))
    api.log("log-metric", **metric(value=given))
    assert api.data()["metrics"] == api.history("m")["metrics"] == [metric(value=shown)]


def test_numbers_as_text_of_the_oldest_clients(api: Api) -> None:
    fields = {"key": "m", "value": 1.5, "timestamp": "7", "step": "3"}
    api.ask("POST", "/runs/log-metric", run_uuid=api.run, **fields)
    assert api.data()["metrics"] == [metric(timestamp=7, step=3)]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"key": ""}, "required parameter 'key'"),
        ({"key": "a$"}, "parameter 'name' supplied: Names may only contain"),
        ({"key": "../a"}, "would resolve to '../a'"),
        ({"key": "k" * 251}, "'Metric name' exceeds the maximum length of 250 characters"),
        ({"value": None}, "required parameter 'value'"),
        ({"timestamp": -1}, "Timestamp must be a nonnegative long"),
        ({"timestamp": 2**63}, "64 bits"),
        ({"step": "x"}, "an integer"),
    ],
)
def test_metrics_that_are_refused(api: Api, fields: Json, part: str) -> None:
    assert part in api.no("log-metric", **metric(**fields))
    assert "metrics" not in api.data()


ROWS = st.tuples(
    st.sampled_from(["a", "b"]),
    st.floats(-2, 2) | st.just(0.0),
    st.integers(0, 3),
    st.integers(-2, 2),
    st.just(0),
)


@given(batches=st.lists(st.lists(ROWS, max_size=8), max_size=5))
def test_batches_leave_what_one_by_one_would(
    batches: list[list[MetricRow]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    api = Api(tmp_path_factory.mktemp("x") / "mlflow.db")
    with api.database.writing() as session:
        for batch in batches:
            write_metrics(session, api.run, batch)
    rows = [row for batch in batches for row in batch]
    newest = {key: max((r[3], r[2], r[1]) for r in rows if r[0] == key) for key, *_ in rows}
    found = {
        m["key"]: (m["step"], m["timestamp"], m["value"]) for m in api.data().get("metrics", [])
    }
    assert found == newest
    for key in newest:
        unique = {r for r in rows if r[0] == key}
        assert len(api.history(key)["metrics"]) == len(unique)
    api.database.close()


@given(value=st.floats())
def test_any_number_is_stored_as_one_that_a_database_can_hold(value: float) -> None:
    _, stored, _, _, is_nan = read_metric(Message(metric(value=value)))
    assert math.isfinite(stored)
    assert is_nan == math.isnan(value)
    assert math.isnan(value) or stored == max(-LARGEST, min(LARGEST, value))


def test_parameter_is_written_once(api: Api) -> None:
    api.log("log-parameter", key="p", value="1")
    api.log("log-parameter", key="p", value="1")
    assert api.no("log-parameter", key="p", value="2") == (
        "Changing param values is not allowed. Param with key='p' was already logged with "
        f"value='1' for run ID='{api.run}'. Attempted logging new value '2'."
    )
    text = api.no("log-batch", params=[{"key": "q", "value": "1"}, {"key": "p", "value": "2"}])
    assert "[{'key': 'p', 'old_value': '1', 'new_value': '2'}]" in text
    assert api.pairs("params") == {"p": "1"}
    api.log("log-batch", params=[{"key": "q"}, {"key": "p", "value": "1"}])
    assert api.pairs("params") == {"p": "1", "q": ""}


def test_long_values_are_cut(api: Api) -> None:
    api.log("log-parameter", key="p", value="ü" * 6001)
    api.log("set-tag", key="t", value="ü" * 8001)
    assert api.pairs("params")["p"] == "ü" * 6000
    assert api.pairs("tags")["t"] == "ü" * 8000
    api.log("log-parameter", key="p", value="ü" * 6002)


def test_long_values_are_refused_where_an_old_schema_has_no_room(api: Api) -> None:
    with api.database.writing() as session:
        session.change("DROP TABLE params")
        session.change(
            "CREATE TABLE params (key VARCHAR(250), value VARCHAR(500), run_uuid VARCHAR(32))"
        )
    api.log("log-parameter", key="p", value="x" * 500)
    text = api.no("log-batch", params=[{"key": "q", "value": "x" * 501}])
    assert text == "'Param value' exceeds the maximum length of 500 characters"


def test_tags_are_replaced_and_deleted(api: Api) -> None:
    api.log("set-tag", key="t", value="1")
    api.log("log-batch", tags=[{"key": "t", "value": "2"}, {"key": "t", "value": "3"}])
    assert api.pairs("tags")["t"] == "3"
    api.log("delete-tag", key="t")
    assert "t" not in api.pairs("tags")
    code, text = api.refusal("POST", "/runs/delete-tag", run_id=api.run, key="t")
    assert code == "RESOURCE_DOES_NOT_EXIST"
    assert text == f"No tag with name: t in run with id {api.run}"


@pytest.mark.parametrize("way", ["set-tag", "log-batch", "update"])
def test_name_and_tag_of_a_run_stay_equal(api: Api, way: str) -> None:
    tag = {"key": "mlflow.runName", "value": "oak"}
    fields: dict[str, Json] = {
        "set-tag": tag,
        "log-batch": {"tags": [tag]},
        "update": {"run_name": "oak"},
    }
    api.log(way, **fields[way])
    run = api.ask("GET", "/runs/get", run_id=api.run)["run"]
    assert run["info"]["run_name"] == api.pairs("tags")["mlflow.runName"] == "oak"
    api.log("set-tag", key="mlflow.runName", value="")
    assert api.pairs("tags")["mlflow.runName"] == "oak"


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"metrics": [metric(step=i) for i in range(1001)]}, "at most 1000 metrics. Got 1001"),
        ({"params": [{"key": f"p{i}"} for i in range(101)]}, "at most 100 params. Got 101"),
        ({"tags": [{"key": f"t{i}"} for i in range(101)]}, "at most 100 tags. Got 101"),
        (
            {
                "metrics": [metric(step=i) for i in range(950)],
                "params": [{"key": f"p{i}"} for i in range(60)],
            },
            "at most 1000 metrics, params, and tags. Got 1011",
        ),
        ({"params": [{"key": "p"}, {"key": "p"}]}, "Duplicate parameter keys"),
        ({"params": [{"value": "1"}]}, "'params[0].key'"),
        ({"tags": [{"key": "t"}, {"key": "$"}]}, "'tags[1].key'"),
        ({"tags": [{"key": "k" * 251}]}, "'tags[0].key' exceeds"),
        ({"metrics": [metric(), {"key": "m", "timestamp": 1}]}, "'metrics[1].value'"),
        ({"metrics": [metric(key="$")]}, "'metrics[0].name'"),
        ({"metrics": "m"}, "'metrics'"),
        ({"run_id": "$"}, "'run_id'"),
        ({"run_id": ""}, "'run_id'"),
    ],
)
def test_batches_that_are_refused_leave_nothing(api: Api, fields: Json, part: str) -> None:
    good = {"tags": [{"key": "good", "value": "1"}], "metrics": [metric(key="good")]}
    assert part in api.no("log-batch", **{**good, **fields})
    assert "metrics" not in api.data()
    assert set(api.pairs("tags")) == {"mlflow.runName"}


def test_models_of_clients_before_3_are_noted_in_a_tag(api: Api) -> None:
    model = {"artifact_path": "m", "utc_time_created": "x", "run_id": api.run, "model_uuid": "u"}
    flavors = {"python_function": {"loader_module": "x", "config": {"secret": 1}}}
    for _ in range(2):
        api.log("log-model", model_json=json.dumps({**model, "flavors": flavors, "else": 1}))
    noted = json.loads(api.pairs("tags")["mlflow.log-model.history"])
    assert noted == [{**model, "flavors": {"python_function": {"loader_module": "x"}}}] * 2
    assert "not a valid JSON" in api.no("log-model", model_json="{")
    assert "missing mandatory fields" in api.no("log-model", model_json="{}")
    for other in ("mine", "1", ""):
        api.log("set-tag", key="mlflow.log-model.history", value=other)
        text = json.dumps({**model, "flavors": {}})
        assert "not a list of models" in api.no("log-model", model_json=text)


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("log-metric", metric()),
        ("log-parameter", {"key": "p", "value": "1"}),
        ("set-tag", {"key": "t", "value": "1"}),
        ("delete-tag", {"key": "t"}),
        ("log-batch", {}),
        ("update", {"status": "FINISHED"}),
    ],
)
def test_deleted_and_unknown_runs_take_nothing(api: Api, what: str, fields: Json) -> None:
    api.log("delete")
    assert api.no(what, **fields) == (
        f"The run {api.run} must be in the 'active' state. Current state is deleted."
    )
    unknown = api.refusal("POST", f"/runs/{what}", run_id="unknown", **fields)
    assert unknown == ("RESOURCE_DOES_NOT_EXIST", "Run with id=unknown not found")


def test_history_in_pages(api: Api) -> None:
    api.log("log-batch", metrics=[metric(step=i, timestamp=i) for i in range(5)])
    steps, token = [], ""
    while True:
        page = api.history("m", max_results=2, **({"page_token": token} if token else {}))
        steps += [m["step"] for m in page["metrics"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert steps == [0, 1, 2, 3, 4]
    assert api.history("none") == {}
    for fields in ({"max_results": 0}, {"page_token": "?"}):
        code, _ = api.refusal(
            "GET", "/metrics/get-history", run_id=api.run, metric_key="m", **fields
        )
        assert code == "INVALID_PARAMETER_VALUE"


def test_history_of_many_runs(api: Api) -> None:
    first, second = api.run, api.ask("POST", "/runs/create")["run"]["info"]["run_id"]
    api.log("log-metric", **metric(value="NaN"))
    api.log("log-metric", run_id=second, **metric())
    asked = {"run_id": [first, second], "metric_key": "m"}
    found = api.ask("GET", "/metrics/get-history-bulk", **asked)["metrics"]
    values = {m["run_id"]: m["value"] for m in found}
    assert math.isnan(values[first])
    assert values[second] == 1.5
    assert [m["run_id"] for m in found] == sorted((first, second))


@pytest.mark.parametrize(
    ("most", "expected"),
    [(2500, list(range(10))), (3, [0, 4, 9]), (1, [9]), (10, list(range(10)))],
)
def test_history_is_sampled_evenly_with_its_end(api: Api, most: int, expected: list[int]) -> None:
    api.log("log-batch", metrics=[metric(step=i) for i in range(10)])
    asked = {"run_ids": [api.run], "metric_key": "m", "max_results": most}
    found = api.ask("GET", "/metrics/get-history-bulk-interval", **asked)["metrics"]
    assert [m["step"] for m in found] == expected
    assert {m["run_id"] for m in found} == {api.run}


def test_history_between_steps(api: Api) -> None:
    api.log("log-batch", metrics=[metric(step=i) for i in range(10)])
    asked = {"run_ids": [api.run], "metric_key": "m"}
    path = "/metrics/get-history-bulk-interval"
    found = api.ask("GET", path, **asked, start_step="3", end_step="5")["metrics"]
    assert [m["step"] for m in found] == [3, 4, 5]
    for steps in ({"start_step": 1}, {"start_step": 5, "end_step": 3}, {"max_results": 2501}):
        assert api.refusal("GET", path, **{**asked, **steps})[0] == "INVALID_PARAMETER_VALUE"
