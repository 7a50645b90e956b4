"""A tracking server that does nothing, fast: the floor below what a client's call can take."""

from __future__ import annotations

import asyncio
import json
import threading
from types import TracebackType

_EXPERIMENT = {"experiment_id": "0", "name": "Default", "lifecycle_stage": "active"}
_INFO = {
    "run_id": "a" * 32,
    "run_uuid": "a" * 32,
    "experiment_id": "0",
    "status": "RUNNING",
    "artifact_uri": "mlflow-artifacts:/0/a/artifacts",
    "lifecycle_stage": "active",
}
_ANSWERS: tuple[tuple[bytes, dict[str, object]], ...] = (
    (b"/experiments/", {"experiment": _EXPERIMENT, "experiment_id": "0"}),
    (b"/runs/create", {"run": {"info": _INFO, "data": {}}}),
    (b"/runs/get", {"run": {"info": _INFO, "data": {}}}),
    (b"/runs/update", {"run_info": _INFO}),
)


class StubTracking:
    """Answers each request in one write, on the loopback."""

    def __init__(self) -> None:
        self.address = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> StubTracking:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(_Connection, "127.0.0.1", 0)
        )
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.close()


class _Connection(asyncio.Protocol):
    """Reads requests with a length, which is what clients send here."""

    def __init__(self) -> None:
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while True:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            length = _length(head)
            if not found or len(rest) < length:
                return
            self._data = rest[length:]
            self._transport.write(_answer(head))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _answer(head: bytes) -> bytes:
    path = head.partition(b"\r\n")[0]
    found = next((a for part, a in _ANSWERS if part in path), {})
    body = json.dumps(found).encode()
    first = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return first.encode() + b"\r\n\r\n" + body
