"""A run that is made later, by a server that does not take all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from mlrun.tracking.base import RunStart
from mlrun.tracking.gateway.provisional import make_run, stand_in
from mlrun.tracking.gateway.shipping import NotNowError
from mlrun.tracking.gateway.upstream import Limits, Upstream
from tests.stub_server import Received, Reply, StubServer

RUN = "a" * 32
MADE = Reply(body={"run": {"info": {"run_id": RUN, "experiment_id": "0"}}})


def make(answers: Mapping[str, Reply]) -> dict[str, str]:
    start = RunStart(start_time=5, user="ada", tags={}, parameters={"p": "1"})
    document: dict[str, Any] = stand_in(start, "f" * 32, "0").document

    def answer(received: Received) -> Reply:
        endpoint = received.path.removeprefix("/api/2.0/mlflow/runs/")
        return answers.get(endpoint, MADE if endpoint == "create" else Reply())

    async def work(url: str) -> dict[str, str]:
        upstream = Upstream(url, {}, limits=Limits(2, 2, 2, 2))
        try:
            return await make_run(upstream, document)
        finally:
            await upstream.close()

    with StubServer(answer) as server:
        return asyncio.run(work(server.url))


def test_run_is_made() -> None:
    assert make({})["f" * 32] == RUN


@pytest.mark.parametrize(
    ("endpoint", "reply"),
    [
        ("log-batch", Reply(401, b"You are not authenticated.")),
        ("log-batch", Reply(404, b"default backend")),
        ("create", Reply(200, {"something": "else"})),
        ("create", Reply(200, b"<html>back soon</html>")),
    ],
)
def test_what_was_not_taken_is_tried_again(endpoint: str, reply: Reply) -> None:
    with pytest.raises(NotNowError):
        make({endpoint: reply})
