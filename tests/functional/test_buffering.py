"""A tracking server that fails: what is kept, what is said, what mlrun exits with."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.functional.commands import MLRUN, Place
from tests.functional.test_local_database import script
from tests.stub_server import Received, Reply, StubServer

RUN_ID = "0123456789abcdef" * 2


class Server:
    """A tracking server of one run, which can be told to fail."""

    def __init__(self) -> None:
        self.fails: Callable[[], bool] = lambda: False
        self.metrics: list[tuple[str, float, int]] = []
        self.status = ""

    def __call__(self, received: Received) -> Reply:
        endpoint = received.path.partition("/api/2.0/mlflow/")[2].partition("?")[0]
        if self.fails():
            return Reply(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "away"})
        if endpoint == "experiments/get-by-name":
            missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"}
            return Reply(404, missing)
        body = received.json if received.method == "POST" else {}
        return Reply(body=self._answer(endpoint, body))

    def _answer(self, endpoint: str, body: Any) -> Any:
        if endpoint in ("runs/create", "runs/get"):
            info = {"run_id": RUN_ID, "run_uuid": RUN_ID, "experiment_id": "0"}
            more = {"status": self.status or "RUNNING", "artifact_uri": "mlflow-artifacts:/0/x"}
            return {"run": {"info": {**info, **more}, "data": {}}}
        if endpoint == "experiments/create":
            return {"experiment_id": "0"}
        if endpoint == "runs/log-metric":
            self.metrics.append((body["key"], body["value"], body["step"]))
        if endpoint == "runs/log-batch":
            self.metrics += [(m["key"], m["value"], m["step"]) for m in body.get("metrics", [])]
        if endpoint == "runs/update":
            self.status = body["status"]
        if endpoint == "metrics/get-history":
            return {"metrics": []}
        return {}


@pytest.fixture
def server() -> Iterator[tuple[Server, StubServer]]:
    answers = Server()
    with StubServer(answers) as stub:
        yield answers, stub


@pytest.fixture
def scripted(place: Place) -> Place:
    place.write(f"entry_points: {{main: {{command: '{sys.executable} script.py'}}}}")
    return place


def unused_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


LOG = """
for step in range(5):
    metric = {"run_id": RUN, "key": "loss", "value": 1.5, "timestamp": 1, "step": step}
    assert call("POST", "runs/log-metric", metric) == (200, {})
"""


def test_requests_pass_through(scripted: Place, server: tuple[Server, StubServer]) -> None:
    answers, stub = server
    script(scripted, LOG + "assert call('GET', 'runs/get?run_id=' + RUN)[0] == 200\n")
    answer = scripted.run_project("--tracking-uri", stub.url, "--buffer-tracking")
    assert answer.returncode == 0, answer.stderr
    assert answers.metrics == [("loss", 1.5, step) for step in range(5)]
    assert answers.status == "FINISHED"


@pytest.mark.parametrize("option", ["--buffer-tracking", "--tracking=best-effort"])
def test_bad_budget_is_an_error_before_anything_starts(scripted: Place, option: str) -> None:
    script(scripted, "import pathlib\npathlib.Path('started').touch()\n")
    words = ("--tracking-uri", unused_address(), option)
    answer = scripted.run_project(*words, env={"MLRUN_JOURNAL_BUDGET": "much"})
    assert answer.returncode == 2
    assert "MLRUN_JOURNAL_BUDGET=much" in answer.stderr
    assert not (scripted.project / "started").exists()


def test_credentials_stay_with_mlrun(scripted: Place, server: tuple[Server, StubServer]) -> None:
    _, stub = server
    script(scripted, LOG + "print(*os.environ.values())\n")
    answer = scripted.run_project(
        "--buffer-tracking",
        "--tracking-uri",
        stub.url.replace("://", "://alice:s3cret@"),
        env={"MLFLOW_TRACKING_URI": ""},
    )
    assert answer.returncode == 0, answer.stderr
    assert "s3cret" not in answer.stdout + answer.stderr
    sent = [r.headers["authorization"] for r in stub.received if r.path.endswith("/log-metric")]
    assert set(sent) == {"Basic YWxpY2U6czNjcmV0"}


def test_outage_is_kept_said_and_delivered_by_sync(
    scripted: Place, server: tuple[Server, StubServer]
) -> None:
    answers, stub = server
    script(scripted, "import pathlib\npathlib.Path('started').touch()\n" + LOG)
    healed: list[bool] = []
    answers.fails = lambda: (scripted.project / "started").exists() and not healed
    words = ("--tracking-uri", stub.url, "--buffer-tracking", "--flush-timeout", "0.5")
    answer = scripted.run_project(*words, "--undelivered", "fail")
    assert answer.returncode == 123, answer.stderr
    assert "records and the end of run" in answer.stderr
    assert "`mlrun sync` delivers them" in answer.stderr
    assert answers.metrics == []
    listed = json.loads(scripted.mlrun("sync", "--list", "--output", "json").stdout)
    assert RUN_ID in json.dumps(listed)
    healed.append(True)
    synced = scripted.mlrun("sync")
    assert synced.returncode == 0, synced.stderr
    assert answers.metrics == [("loss", 1.5, step) for step in range(5)]
    assert answers.status == "FINISHED"
    assert scripted.mlrun("sync", "--list").stdout.count(RUN_ID) == 0


def test_who_waits_for_the_delivery_is_told_and_may_leave_it(
    scripted: Place, server: tuple[Server, StubServer]
) -> None:
    answers, stub = server
    script(scripted, "import pathlib\npathlib.Path('started').touch()\n" + LOG)
    answers.fails = lambda: (scripted.project / "started").exists()
    words = ("run", "project", "--tracking-uri", stub.url, "--buffer-tracking")
    process = subprocess.Popen(
        [*MLRUN, *words, "--flush-timeout", "0", "--undelivered", "fail"],
        cwd=scripted.folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "Ctrl-C leaves the rest" not in said:
        said = process.stderr.readline()
        assert said, "ended by itself"
    process.send_signal(signal.SIGINT)
    stderr = process.communicate()[1]
    assert process.returncode == 123
    assert "`mlrun sync` delivers them" in stderr


def test_server_that_is_away_from_the_start_is_an_error(scripted: Place) -> None:
    script(scripted, "print('ran')\n")
    answer = scripted.run_project(
        "--tracking-uri",
        unused_address(),
        "--buffer-tracking",
        env={"MLRUN_TRACKING_PATIENCE": "0.2"},
    )
    assert answer.returncode == 125
    assert answer.stdout == ""


@pytest.mark.parametrize(("policy", "code"), [("warn", 0), ("fail", 123)])
def test_best_effort_starts_without_the_server(scripted: Place, policy: str, code: int) -> None:
    script(
        scripted,
        LOG
        + "run = call('GET', 'runs/get?run_id=' + RUN)[1]['run']\n"
        + "print(run['data']['metrics'][0]['step'], run['data']['params'][0]['value'])\n"
        + "assert call('POST', 'runs/create', {'experiment_id': '0'})[0] == 503\n",
    )
    answer = scripted.run_project(
        "--tracking-uri",
        unused_address(),
        "--tracking",
        "best-effort",
        "--flush-timeout",
        "0.2",
        "--undelivered",
        policy,
        "-P",
        "depth=3",
        env={"MLRUN_TRACKING_PATIENCE": "0.2"},
    )
    assert answer.stdout.split() == ["4", "3"], answer.stderr
    assert answer.returncode == code
    assert "the run starts all the same" in answer.stderr
    assert scripted.mlrun("sync").returncode == 123


@pytest.mark.parametrize("later", [False, True])
def test_id_that_a_run_got_later_is_told(
    scripted: Place, server: tuple[Server, StubServer], later: bool
) -> None:
    answers, stub = server
    script(scripted, "import pathlib\npathlib.Path('started').touch()\n" + LOG)
    healed = scripted.project / ("healed" if later else "started")
    answers.fails = lambda: not healed.exists()
    result = scripted.folder / "result.json"
    words = ("--tracking-uri", stub.url, "--tracking", "best-effort", "--result-file", result)
    patience = {"MLRUN_TRACKING_PATIENCE": "0.2"}
    answer = scripted.run_project(*words, "--flush-timeout", "0.3" if later else "9", env=patience)
    assert answer.returncode == 0, answer.stderr
    outcome = json.loads(result.read_text())["outcome"]
    if later:
        assert outcome["server_run_id"] is None
        healed.touch()
        synced = scripted.mlrun("sync")
        assert f"run {outcome['run_id']} is run {RUN_ID} on {stub.url}" in synced.stderr
        (folder,) = scripted.run_folders()
        outcome = json.loads((folder / "outcome.json").read_text())
    else:
        assert f"(on the server {RUN_ID})" in answer.stderr
        assert outcome["web_url"] == f"{stub.url}/#/experiments/0/runs/{RUN_ID}"
    assert (outcome["server_run_id"], outcome["delivered"]) == (RUN_ID, True)
    assert f"there        {RUN_ID}" in scripted.mlrun("runs", "show").stdout
    assert outcome["run_id"] != RUN_ID
    assert answers.metrics == [("loss", 1.5, step) for step in range(5)]


def test_parameters_of_a_run_in_a_new_experiment_outlive_an_outage(
    scripted: Place, server: tuple[Server, StubServer]
) -> None:
    answers, stub = server
    script(scripted, "print('ran')\n")
    healed: list[bool] = []
    answers.fails = lambda: bool(stub.received) and not healed and is_made(stub)
    words = ("--tracking-uri", stub.url, "--buffer-tracking", "--experiment-name", "new")
    patience = {"MLRUN_TRACKING_PATIENCE": "0.5"}
    answer = scripted.run_project(*words, "-P", "depth=3", "--flush-timeout", "0.3", env=patience)
    assert answer.returncode == 0, answer.stderr
    healed.append(True)
    before = len(stub.received)
    synced = scripted.mlrun("sync")
    assert synced.returncode == 0, synced.stderr
    after = stub.received[before:]
    logged = [r.json.get("params") for r in after if r.path.endswith("/log-batch")]
    assert [{"key": "depth", "value": "3"}] in logged


def test_experiment_of_the_run_is_known_in_an_outage(
    scripted: Place, server: tuple[Server, StubServer]
) -> None:
    answers, stub = server
    asking = "call('GET', 'experiments/get-by-name?experiment_name=new')"
    script(
        scripted,
        "import pathlib\npathlib.Path('started').touch()\n"
        f"print({asking}[1]['experiment']['experiment_id'])\n",
    )
    answers.fails = lambda: (scripted.project / "started").exists()
    words = ("--tracking-uri", stub.url, "--buffer-tracking", "--experiment-name", "new")
    patience = {"MLRUN_TRACKING_PATIENCE": "0.5"}
    answer = scripted.run_project(*words, "--flush-timeout", "0.1", env=patience)
    assert answer.stdout == "0\n", answer.stderr


def is_made(stub: StubServer) -> bool:
    """Return whether the request after the making of a run has come."""
    paths = [received.path for received in stub.received]
    made = [place for place, path in enumerate(paths) if path.endswith("/runs/create")]
    return bool(made) and len(paths) > made[0] + 1


def test_nested_run_in_an_outage_is_not_begun_with_an_id_that_nobody_knows(
    scripted: Place, server: tuple[Server, StubServer]
) -> None:
    answers, stub = server
    (scripted.project / "inner").mkdir()
    (scripted.project / "inner" / "MLproject").write_text("entry_points: {main: {command: ls}}")
    nested = [*MLRUN, "run", "inner"]
    script(
        scripted,
        "import pathlib, subprocess\npathlib.Path('started').touch()\n"
        f"raise SystemExit(subprocess.run({nested!r}).returncode)\n",
    )
    answers.fails = lambda: (scripted.project / "started").exists()
    answer = scripted.run_project(
        "--tracking-uri",
        stub.url,
        "--tracking",
        "best-effort",
        "--flush-timeout",
        "0.1",
        env={"MLRUN_TRACKING": "best-effort", "MLRUN_TRACKING_PATIENCE": "0.2"},
    )
    assert answer.returncode == 125, answer.stderr
    assert "the run starts all the same" not in answer.stderr
    assert "error: the tracking server" in answer.stderr


def test_run_elsewhere_is_not_begun_best_effort(scripted: Place) -> None:
    answer = scripted.run_project("--tracking", "best-effort", "--run-id", RUN_ID)
    assert answer.returncode == 2
    assert "--run-id excludes" in answer.stderr


def test_run_that_never_started_is_kept_too(scripted: Place) -> None:
    scripted.write("python_env: python_env.yaml\nentry_points: {main: {command: 'true'}}")
    (scripted.project / "python_env.yaml").write_text("python: '2.5.1'\n")
    answer = scripted.run_project(
        "--tracking-uri",
        unused_address(),
        "--tracking",
        "best-effort",
        env={"MLRUN_TRACKING_PATIENCE": "0.2"},
    )
    assert answer.returncode == 125
    ((run,),) = [json.loads(scripted.mlrun("sync", "--list", "--output", "json").stdout)["runs"]]
    assert run["records"] == 2  # that it is to be made, and its end
