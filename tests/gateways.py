"""Gateways in the test's own process, and how tests speak to them."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mlrun.tracking.gateway.gateway import Gateway

if TYPE_CHECKING:
    from mlrun.tracking.gateway.service import Service

RUN_ID = "0123456789abcdef0123456789abcdef"


@dataclass
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A gateway that serves, and what it said."""

    gateway: Gateway
    lines: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.gateway.address.rpartition(":")[2])

    def connect(self, address: str | None = None) -> http.client.HTTPConnection:
        """Open a connection, which the caller closes."""
        host, _, port = (address or self.gateway.address)[7:].rpartition(":")
        return http.client.HTTPConnection(host, int(port), timeout=60)

    def ask(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        connection: http.client.HTTPConnection | None = None,
        address: str | None = None,
    ) -> Reply:
        """Send one request with the token, on a connection of its own unless one is given."""
        if query:
            path = f"{path}?{urlencode(query, doseq=True)}"
        all_headers = {"Authorization": f"Bearer {self.gateway.token}", **(headers or {})}
        if content is not None:
            body = json.dumps(content).encode()
            all_headers.setdefault("Content-Type", "application/json")
        used = connection or self.connect(address)
        try:
            used.request(method, path, body=body, headers=all_headers)
            answer = used.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            if connection is None:
                used.close()

    def api(self, method: str, endpoint: str, content: Any = None, **words: Any) -> Reply:
        """Send a request to an endpoint of MLflow's, GET with a query and others with a body."""
        path = f"/api/2.0/mlflow{endpoint}"
        if method == "GET":
            return self.ask(method, path, query=content, **words)
        return self.ask(method, path, content, **words)


def basic(user: str, password: str) -> str:
    """Return the header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def gateway_before(
    make_service: Callable[[], Service],
    *,
    run_id: str = RUN_ID,
    experiment_id: str = "0",
    target: str = "sqlite:////tmp/mlflow.db",
    also: str | None = None,
) -> Iterator[Served]:
    """Serve before a service until the end of the block."""
    lines: list[str] = []
    gateway = Gateway(
        make_service,
        target=target,
        run_id=run_id,
        experiment_id=experiment_id,
        notify=lines.append,
    )
    if also is not None:
        gateway.listen_also(also)
    gateway.serve()
    try:
        yield Served(gateway, lines)
    finally:
        gateway.close(10)


@contextmanager
def gateway_over(
    folder: Path, *, run_id: str = RUN_ID, experiment_id: str = "0", also: str | None = None
) -> Iterator[Served]:
    """Serve over a database in a folder, with the artifacts in `mlruns` beside it."""

    def make() -> Service:
        from mlrun.tracking.gateway.local import LocalService

        return LocalService(folder / "mlflow.db", str(folder / "mlruns"))

    target = f"sqlite:///{folder}/mlflow.db"
    with gateway_before(
        make, run_id=run_id, experiment_id=experiment_id, target=target, also=also
    ) as served:
        yield served
