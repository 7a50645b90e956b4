"""What a tracking server is asked, in which order, and what becomes of its refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import TrackingRefusedError, TrackingUnavailableError
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackingStore
from mlrun.tracking.target import open_store
from tests.stub_server import Received, Reply, StubServer

RUN = "0123456789abcdef" * 2
INFO = {
    "run_id": RUN,
    "run_uuid": RUN,
    "experiment_id": "7",
    "artifact_uri": "mlflow-artifacts:/7/x",
    "lifecycle_stage": "active",
    "status": "RUNNING",
}
RUN_ANSWER = Reply(body={"run": {"info": INFO, "data": {}}})
MISSING = Reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such thing"})


class Server:
    """A tracking server with fixed answers, for each endpoint its own."""

    def __init__(self, **answers: Reply | list[Reply]) -> None:
        self.answers: dict[str, list[Reply]] = {
            "runs/create": [RUN_ANSWER],
            "runs/get": [RUN_ANSWER],
            "runs/update": [Reply()],
            "runs/log-batch": [Reply()],
            "experiments/get-by-name": [
                Reply(body={"experiment": {"experiment_id": "7", "lifecycle_stage": "active"}})
            ],
            "experiments/create": [Reply(body={"experiment_id": "7"})],
            "runs/search": [Reply()],
        }
        for name, reply in answers.items():
            endpoint = name.replace("__", "/").replace("_", "-")
            self.answers[endpoint] = reply if isinstance(reply, list) else [reply]
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, received: Received) -> Reply:
        path = received.path.removeprefix("/api/2.0/mlflow/")
        endpoint, _, query = path.partition("?")
        self.asked.append((endpoint, received.json if received.body else query))
        replies = self.answers[endpoint]
        return replies.pop(0) if len(replies) > 1 else replies[0]

    @property
    def endpoints(self) -> list[str]:
        return [endpoint for endpoint, _ in self.asked]

    def bodies(self, endpoint: str) -> list[Any]:
        return [body for name, body in self.asked if name == endpoint]


@contextmanager
def store_of(server: Callable[[Received], Reply], **environ: str) -> Iterator[TrackingStore]:
    settings = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "HOME": "/nonexistent", **environ}
    with StubServer(server) as stub:
        store = open_store(stub.url, settings)
        try:
            yield store
        finally:
            store.close()


def begin(**changes: Any) -> RunStart:
    given = {"start_time": 5, "user": "ada", "tags": {"t": "1"}, "parameters": {"p": "2"}}
    return RunStart(**{**given, **changes})


def test_a_run_by_the_experiments_name_takes_three_requests() -> None:
    server = Server()
    with store_of(server) as store:
        run = store.start(begin(experiment_name="trees", run_name="oak"))
        assert server.endpoints == ["experiments/get-by-name", "runs/create", "runs/log-batch"]
        store.after_launch()
        assert len(server.asked) == 3
        assert run.web_url == f"{store.uri}/#/experiments/7/runs/{RUN}"
        assert run.variables == {
            "MLFLOW_TRACKING_URI": store.uri,
            "MLFLOW_RUN_ID": RUN,
            "MLFLOW_EXPERIMENT_ID": "7",
        }
    assert run.unset == ("MLFLOW_EXPERIMENT_NAME",)
    assert run.warnings == ()
    created = server.bodies("runs/create")[0]
    tags = {tag["key"]: tag["value"] for tag in created.pop("tags")}
    assert len(tags.pop("mlrun.launch")) == 32
    assert tags == {"t": "1", "mlflow.runName": "oak"}
    assert created == {
        "experiment_id": "7",
        "user_id": "ada",
        "start_time": 5,
        "run_name": "oak",
    }
    batch = server.bodies("runs/log-batch")[0]
    assert batch["params"] == [{"key": "p", "value": "2"}]


@pytest.mark.parametrize("given", [{}, {"experiment_id": "7"}])
def test_an_id_is_not_looked_up(given: dict[str, str]) -> None:
    server = Server()
    with store_of(server) as store:
        store.start(begin(**given))
    assert server.endpoints == ["runs/create", "runs/log-batch"]
    assert server.bodies("runs/create")[0]["experiment_id"] == given.get("experiment_id", "0")
    assert "run_name" not in server.bodies("runs/create")[0]


def test_nothing_to_log_is_not_sent() -> None:
    server = Server()
    with store_of(server) as store:
        store.start(begin(parameters={}))
    assert server.endpoints == ["runs/create"]


def test_a_missing_experiment_is_made_and_the_parameters_wait() -> None:
    server = Server(experiments__get_by_name=MISSING)
    with store_of(server) as store:
        store.start(begin(experiment_name="new"))
        assert server.endpoints == [
            "experiments/get-by-name",
            "experiments/create",
            "runs/create",
        ]
        store.after_launch()
        store.after_launch()
    assert server.endpoints[3:] == ["runs/log-batch"]


def test_an_experiment_that_another_made_meanwhile_is_used() -> None:
    found = Server().answers["experiments/get-by-name"][0]
    server = Server(
        experiments__get_by_name=[MISSING, found],
        experiments__create=Reply(400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "x"}),
    )
    with store_of(server) as store:
        assert store.start(begin(experiment_name="new")).experiment_id == "7"


def test_a_deleted_experiment_says_how_to_restore_it() -> None:
    experiment = {"experiment_id": "7", "lifecycle_stage": "deleted"}
    server = Server(experiments__get_by_name=Reply(body={"experiment": experiment}))
    with store_of(server) as store, pytest.raises(TrackingRefusedError, match="deleted") as caught:
        store.start(begin(experiment_name="old"))
    assert "restore --experiment-id 7" in str(caught.value.hint)
    assert server.endpoints == ["experiments/get-by-name"]


def test_an_unknown_experiment_id() -> None:
    with store_of(Server(runs__create=MISSING)) as store:
        with pytest.raises(TrackingRefusedError, match="no experiment with the id 9"):
            store.start(begin(experiment_id="9"))


def test_a_lost_creation_is_found_again() -> None:
    found = {"info": INFO, "data": {}}
    server = Server(
        runs__create=[Reply(drop=True), RUN_ANSWER], runs__search=Reply(body={"runs": [found]})
    )
    with store_of(server) as store:
        assert store.start(begin(parameters={})).run_id == RUN
    assert server.endpoints == ["runs/create", "runs/search"]
    mark = [tag for tag in server.bodies("runs/create")[0]["tags"] if tag["key"] == "mlrun.launch"]
    search = server.bodies("runs/search")[0]
    assert mark[0]["value"] in search["filter"]
    assert search["experiment_ids"] == ["0"]


def test_a_creation_that_never_arrived_is_repeated_with_the_same_mark() -> None:
    server = Server(runs__create=[Reply(502), RUN_ANSWER])
    with store_of(server) as store:
        store.start(begin(parameters={}))
    assert server.endpoints == ["runs/create", "runs/search", "runs/create"]
    first, second = server.bodies("runs/create")
    assert first == second


def test_values_are_shortened_for_an_old_server() -> None:
    too_long = Reply(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "too long"})
    server = Server(runs__log_batch=[too_long, too_long, Reply()])
    with store_of(server) as store:
        run = store.start(begin(parameters={"p": "x" * 600, "q": "y"}))
    sent = [[len(p["value"]) for p in b["params"]] for b in server.bodies("runs/log-batch")]
    assert sent == [[600, 1], [500, 1], [250, 1]]
    assert len(run.warnings) == 1
    assert "600 characters" in run.warnings[0].message


def test_refused_parameters_do_not_keep_a_run_from_starting() -> None:
    refusal = Reply(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no such luck"})
    with store_of(Server(runs__log_batch=refusal)) as store:
        run = store.start(begin())
    assert run.run_id == RUN
    assert "no such luck" in run.warnings[0].message


def test_many_parameters_are_several_batches() -> None:
    server = Server()
    with store_of(server) as store:
        store.start(begin(parameters={f"p{i}": "1" for i in range(250)}))
    assert [len(b["params"]) for b in server.bodies("runs/log-batch")] == [100, 100, 50]


def test_a_run_is_continued_in_three_requests() -> None:
    data = {"params": [{"key": "p", "value": "old"}, {"key": "same", "value": "s"}]}
    old = Reply(body={"run": {"info": {**INFO, "end_time": 4}, "data": data}})
    server = Server(runs__get=old)
    with store_of(server) as store:
        run = store.start(
            begin(run_id=RUN, parameters={"p": "new", "same": "s", "more": "m"}, run_name="again")
        )
    assert server.endpoints == ["runs/get", "runs/update", "runs/log-batch"]
    update = server.bodies("runs/update")[0]
    assert (update["status"], update["end_time"], update["run_name"]) == ("RUNNING", 4, "again")
    batch = server.bodies("runs/log-batch")[0]
    assert batch["params"] == [{"key": "more", "value": "m"}]
    assert batch["tags"] == [{"key": "t", "value": "1"}]
    assert [w.message for w in run.warnings if "'p' as 'old'" in w.message]
    assert run.experiment_id == "7"


@pytest.mark.parametrize("given", [{"experiment_id": "8"}, {"experiment_name": "other"}])
def test_a_continued_run_stays_in_its_experiment(given: dict[str, str]) -> None:
    other = {"experiment_id": "8", "lifecycle_stage": "active"}
    server = Server(experiments__get_by_name=Reply(body={"experiment": other}))
    with store_of(server) as store:
        run = store.start(begin(run_id=RUN, **given))
        assert len(server.asked) == 3
        store.after_launch()
    assert server.endpoints[-1] == "runs/log-batch"
    assert run.experiment_id == "7"
    assert "stays in its experiment 7" in run.warnings[-1].message


def test_a_run_that_is_not_there_or_deleted() -> None:
    with store_of(Server(runs__get=MISSING)) as store:
        with pytest.raises(TrackingRefusedError, match=f"no run {RUN}"):
            store.start(begin(run_id=RUN))
    deleted = Reply(body={"run": {"info": {**INFO, "lifecycle_stage": "deleted"}}})
    with store_of(Server(runs__get=deleted)) as store:
        with pytest.raises(TrackingRefusedError, match="deleted") as caught:
            store.start(begin(run_id=RUN))
    assert "restore" in str(caught.value.hint)


def test_a_server_of_mlflow_1_knows_runs_by_uuid() -> None:
    old = {name: value for name, value in INFO.items() if name != "run_id"}
    server = Server(runs__create=Reply(body={"run": {"info": old}}))
    with store_of(server) as store:
        run = store.start(begin(parameters={}))
        store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 9))
    assert run.run_id == RUN
    assert server.bodies("runs/update")[0]["run_uuid"] == RUN


@pytest.mark.parametrize(
    "body", [{}, {"run": 1}, {"run": {"info": {}}}, {"run": {"info": {"run_id": "x"}}}]
)
def test_an_answer_without_a_run(body: object) -> None:
    with store_of(Server(runs__create=Reply(body=body))) as store:
        with pytest.raises(TrackingRefusedError, match="not as an MLflow tracking server"):
            store.start(begin())


def test_an_end_is_one_request_or_two() -> None:
    server = Server()
    with store_of(server) as store:
        store.finish(RunEnd(RUN, RunStatus.FAILED, 9))
        assert server.endpoints == ["runs/update"]
        store.finish(RunEnd(RUN, RunStatus.KILLED, 9, {"why": "asked"}))
    assert server.endpoints == ["runs/update", "runs/update", "runs/log-batch"]
    update = server.bodies("runs/update")[1]
    assert (update["run_id"], update["status"], update["end_time"]) == (RUN, "KILLED", 9)
    assert server.bodies("runs/log-batch")[0]["tags"] == [{"key": "why", "value": "asked"}]


def test_what_could_not_be_sent_after_the_start_is_sent_at_the_end() -> None:
    server = Server(
        experiments__get_by_name=MISSING,
        runs__log_batch=[Reply(500), Reply(500), Reply(500), Reply()],
    )
    with store_of(server) as store:
        run = store.start(begin(experiment_name="new"))
        with pytest.raises(TrackingUnavailableError):
            store.after_launch()
        store.finish(RunEnd(run.run_id, RunStatus.FINISHED, 9))
    assert server.endpoints[-2:] == ["runs/update", "runs/log-batch"]
    assert server.bodies("runs/log-batch")[-1]["params"] == [{"key": "p", "value": "2"}]


def test_parameters_on_which_the_start_broke_off_are_sent_later() -> None:
    server = Server(runs__log_batch=[Reply(500), Reply(500), Reply(500), Reply()])
    with store_of(server) as store:
        with pytest.raises(TrackingUnavailableError):
            store.start(begin())
        assert store.begun is not None
        store.after_launch()
        store.after_launch()
    assert server.bodies("runs/log-batch")[-1]["params"] == [{"key": "p", "value": "2"}]
    assert len(server.bodies("runs/log-batch")) == 4


@pytest.mark.parametrize(
    ("text", "status"),
    [("FINISHED", RunStatus.FINISHED), ("KILLED", RunStatus.KILLED), ("SCHEDULED", None)],
)
def test_the_status_is_read(text: str, status: RunStatus | None) -> None:
    answer = Reply(body={"run": {"info": {**INFO, "status": text}}})
    with store_of(Server(runs__get=answer)) as store:
        assert store.status(RUN) is status


def test_credentials_that_the_client_would_not_find_are_injected(tmp_path: Path) -> None:
    server = Server()
    with StubServer(server) as stub:
        address = stub.url.replace("//", "//ada:hush-hush@")
        for uri, environ, asked in (
            (address, {}, None),
            (stub.url, {"MLFLOW_TRACKING_URI": address}, None),
            (stub.url, {}, address),
        ):
            store = open_store(uri, {**environ, "HOME": str(tmp_path)}, asked=asked)
            run = store.start(begin())
            store.close()
            assert run.variables["MLFLOW_TRACKING_URI"] == store.uri == stub.url
            assert run.variables["MLFLOW_TRACKING_USERNAME"] == "ada"
            assert run.variables["MLFLOW_TRACKING_PASSWORD"] == "hush-hush"
            assert "hush" not in str(run.web_url)
        sent = {received.headers["authorization"] for received in stub.received}
    assert sent == {"Basic YWRhOmh1c2gtaHVzaA=="}


def test_credentials_of_another_address_are_not_used(tmp_path: Path) -> None:
    with StubServer(Server()) as stub:
        environ = {"MLFLOW_TRACKING_URI": "http://ada:hush@elsewhere", "HOME": str(tmp_path)}
        store = open_store(stub.url, environ)
        run = store.start(begin())
        store.close()
        assert all("authorization" not in received.headers for received in stub.received)
    assert "MLFLOW_TRACKING_PASSWORD" not in run.variables


def test_a_user_without_a_password_stays_in_the_clients_address(tmp_path: Path) -> None:
    with StubServer(Server()) as stub:
        address = stub.url.replace("//", "//token@")
        store = open_store(address, {"HOME": str(tmp_path)})
        run = store.start(begin())
        store.close()
    assert run.variables["MLFLOW_TRACKING_URI"] == address
    assert store.uri == stub.url
