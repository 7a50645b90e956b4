"""The comparison that a client makes for the run that it was given."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateways import Served, gateway_over


class Script:
    """Asks as one client does: on one connection, or on a new one for each request."""

    def __init__(self, served: Served, run_id: str, *, keeps: bool = True) -> None:
        self._served = served
        self._run_id = run_id
        self.connection: http.client.HTTPConnection | None = served.connect() if keeps else None

    def set_experiment(self, name: str) -> str:
        found = self._ask("GET", "/experiments/get-by-name", {"experiment_name": name})
        if "experiment" in found:
            assert found["experiment"]["name"] == name
            return str(found["experiment"]["experiment_id"])
        made = str(self._ask("POST", "/experiments/create", {"name": name})["experiment_id"])
        got = self._ask("GET", "/experiments/get", {"experiment_id": made})["experiment"]
        assert (got["name"], got["experiment_id"]) == (name, made)
        return made

    def get(self) -> str:
        run = self._ask("GET", "/runs/get", {"run_id": self._run_id})["run"]
        assert run["info"]["run_id"] == self._run_id
        return str(run["info"]["experiment_id"])

    def update(self, status: str) -> None:
        self._ask("POST", "/runs/update", {"run_id": self._run_id, "status": status})

    def start_run(self) -> tuple[str, str]:
        compared = self.get()
        self.update("RUNNING")
        return compared, self.get()

    def end(self) -> None:
        if self.connection is not None:
            self.connection.close()

    def _ask(self, method: str, endpoint: str, content: dict[str, str]) -> dict[str, Any]:
        reply = self._served.api(method, endpoint, content, connection=self.connection)
        answer: dict[str, Any] = reply.json
        return answer


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A gateway whose run is in the experiment `own`, with id 1."""
    with gateway_over(tmp_path) as before:
        experiment = before.api("POST", "/experiments/create", {"name": "own"}).json
        made = before.api("POST", "/runs/create", {**experiment, "start_time": 1}).json
    run_id = made["run"]["info"]["run_id"]
    with gateway_over(tmp_path, run_id=run_id, experiment_id="1") as started:
        yield started, run_id


@pytest.mark.parametrize("keeps", [True, False])
def test_the_comparison_is_satisfied_and_nothing_else(run: tuple[Served, str], keeps: bool) -> None:
    script = Script(*run, keeps=keeps)
    assert script.get() == "1"
    wanted = script.set_experiment("other")
    assert wanted == "2"
    assert script.start_run() == ("2", "1")
    assert script.set_experiment("own") == "1"
    assert script.set_experiment("third") == "3"
    assert script.get() == "1"
    script.end()
    (line,) = run[0].lines
    assert "'other'" in line
    assert "--experiment-name 'other'" in line


@pytest.mark.parametrize("keeps", [True, False])
def test_a_second_script_with_the_same_run_is_satisfied_too(
    run: tuple[Served, str], keeps: bool
) -> None:
    for _ in range(2):
        script = Script(*run, keeps=keeps)
        assert script.set_experiment("other") == "2"
        assert script.start_run() == ("2", "1")
        script.update("FINISHED")
        script.end()
    assert len(run[0].lines) == 1


def test_another_connection_is_told_what_is(run: tuple[Served, str]) -> None:
    script, reader = Script(*run), Script(*run)
    script.set_experiment("other")
    assert reader.get() == "1"
    assert script.start_run() == ("2", "1")
    assert reader.get() == "1"
    script.end()
    reader.end()


def test_the_latest_lookup_counts(run: tuple[Served, str]) -> None:
    script = Script(*run)
    script.set_experiment("other")
    script.set_experiment("own")
    assert script.start_run() == ("1", "1")
    script.end()
    assert run[0].lines == []


def test_a_run_that_was_taken_up_stays_where_it_is(run: tuple[Served, str]) -> None:
    script = Script(*run)
    script.update("RUNNING")
    script.set_experiment("other")
    assert script.get() == "1"
    script.end()


def test_other_runs_are_told_as_they_are(run: tuple[Served, str]) -> None:
    served, _ = run
    made = served.api("POST", "/runs/create", {"experiment_id": "1", "start_time": 1}).json
    other = made["run"]["info"]["run_id"]
    script = Script(served, other)
    script.set_experiment("other")
    assert script.get() == "1"
    script.end()


def test_runs_made_later_go_where_the_client_says(run: tuple[Served, str]) -> None:
    served, _ = run
    script = Script(*run)
    wanted = script.set_experiment("other")
    script.start_run()
    made = served.api(
        "POST",
        "/runs/create",
        {"experiment_id": wanted, "start_time": 1},
        connection=script.connection,
    ).json
    assert made["run"]["info"]["experiment_id"] == "2"
    script.end()


def test_a_nested_mlrun_gives_runs_of_its_own(run: tuple[Served, str]) -> None:
    served, _ = run
    agent = {"User-Agent": "mlrun/1.0"}
    content = {"experiment_id": "1", "start_time": 1}
    made = served.api("POST", "/runs/create", content, headers=agent).json
    nested = made["run"]["info"]["run_id"]
    script = Script(served, nested)
    assert script.set_experiment("other") == "2"
    assert script.start_run() == ("2", "1")
    script.end()


def test_a_nested_mlrun_is_told_what_is(run: tuple[Served, str]) -> None:
    served, run_id = run
    connection, agent = served.connect(), {"User-Agent": "mlrun/1.0"}
    served.api("POST", "/experiments/create", {"name": "x"}, headers=agent, connection=connection)
    got = served.api(
        "GET", "/runs/get", {"run_id": run_id}, headers=agent, connection=connection
    ).json
    assert got["run"]["info"]["experiment_id"] == "1"
    connection.close()
