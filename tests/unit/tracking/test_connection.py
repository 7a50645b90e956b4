"""One connection: what is written, and what is left when an exchange breaks off."""

from __future__ import annotations

import socket
import threading

import pytest

from mlrun.tracking.connection import Connection, Origin, TimeLimits
from tests.stub_server import Received, Reply, StubServer

LIMITS = TimeLimits(5.0, 5.0)


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        (Origin("http", "host", 80), "http://host"),
        (Origin("http", "host", 443), "http://host:443"),
        (Origin("https", "host", 443), "https://host"),
        (Origin("https", "::1", 5000), "https://[::1]:5000"),
    ],
)
def test_an_origin_shows_as_an_address(origin: Origin, shown: str) -> None:
    assert str(origin) == shown


def test_headers_and_body_leave_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    own = threading.get_ident()

    class Recording(socket.socket):
        def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
            if threading.get_ident() == own:
                writes.append(bytes(data))
            super().sendall(data, flags)

    monkeypatch.setattr(socket, "socket", Recording)
    with StubServer([Reply()]) as server:
        connection = Connection(Origin("http", "127.0.0.1", server.port), LIMITS)
        connection.exchange("POST", "/x", {"A": "b"}, b'{"a": 1}')
        connection.close()
    assert len(writes) == 1
    assert writes[0].startswith(b"POST /x HTTP/1.1\r\n")
    assert writes[0].endswith(b'\r\n\r\n{"a": 1}')


def test_an_interrupted_exchange_leaves_a_sound_connection() -> None:
    """Ctrl-C while waiting for an answer must not spoil the request that records the end."""

    def answer(request: Received) -> Reply:
        return Reply(hang=True) if request.path == "/slow" else Reply(body={"a": 1})

    with StubServer(answer) as server:
        connection = Connection(Origin("http", "127.0.0.1", server.port), LIMITS)
        wire = connection._wire
        original = wire.getresponse

        def interrupted() -> object:
            wire.getresponse = original  # type: ignore[method-assign]
            raise KeyboardInterrupt

        wire.getresponse = interrupted  # type: ignore[method-assign,assignment]
        with pytest.raises(KeyboardInterrupt):
            connection.exchange("GET", "/slow", {}, None)
        assert connection.exchange("GET", "/x", {}, None).body == b'{"a": 1}'
        connection.close()
