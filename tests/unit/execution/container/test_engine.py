"""The engine's client: what it asks, and all forms that an answer may have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mlrun.execution.container.engine import Engine, EngineError, UnreachableError

Serve = Callable[..., "Served"]


class Served:
    """An engine with one answer, given byte by byte or at once."""

    def __init__(self, place: Path, answer: bytes, *, slowly: bool = False) -> None:
        self.asked = b""
        self.engine = Engine(f"unix://{place}", {})
        self._answer, self._slowly = answer, slowly
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(place))
        self._listening.listen(1)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            while b"\r\n\r\n" not in self.asked:
                self.asked += connection.recv(65536)
            step = 1 if self._slowly else len(self._answer)
            # Who has read enough hangs up.
            with suppress(BrokenPipeError):
                for start in range(0, len(self._answer), step or 1):
                    connection.sendall(self._answer[start : start + step])

    def close(self) -> None:
        self._thread.join()
        self._listening.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    made: list[Served] = []

    def start(answer: bytes, *, slowly: bool = False) -> Served:
        made.append(Served(tmp_path / "engine.sock", answer, slowly=slowly))
        return made[-1]

    yield start
    for served in made:
        served.close()


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize(
    "rest",
    [
        b'Content-Length: 7\r\n\r\n{"a":1}and no more',
        b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n',
        b'\r\n{"a":1}',
    ],
)
def test_all_forms_of_an_answer_are_read(serve: Serve, rest: bytes, slowly: bool) -> None:
    served = serve(b"HTTP/1.1 200 OK\r\n" + rest, slowly=slowly)
    assert served.engine.call("GET", "/info") == {"a": 1}


def test_request_carries_path_query_and_document(serve: Serve) -> None:
    served = serve(b"HTTP/1.1 204 No Content\r\n\r\n")
    query = {"name": "a b&c/ü", "all": True, "filters": {"label": ["x=y"]}}
    assert served.engine.call("POST", "/containers/create", {"Image": "ü"}, query) is None
    head, _, body = served.asked.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == (
        b"POST /containers/create?name=a%20b%26c/%C3%BC&all=1"
        b"&filters=%7B%22label%22%3A%20%5B%22x%3Dy%22%5D%7D HTTP/1.1"
    )
    assert f"Content-Length: {len(body)}".encode() in head
    assert body == b'{"Image": "\\u00fc"}'


def test_refusal_is_told_in_the_engines_words(serve: Serve) -> None:
    served = serve(b'HTTP/1.1 404 Not Found\r\n\r\n{"message":"No such container: x"}')
    with pytest.raises(EngineError, match="No such container: x") as caught:
        served.engine.call("GET", "/containers/x/json")
    assert caught.value.status == 404


def test_refusal_by_something_else_is_told_as_it_is(serve: Serve) -> None:
    served = serve(b"HTTP/1.1 503 Unavailable\r\n\r\nproxy is down\n")
    with pytest.raises(EngineError, match=r"^proxy is down$"):
        served.engine.call("GET", "/info")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"SSH\r\n\r\n"],
)
def test_answer_that_is_cut_off_or_none_is_no_answer(serve: Serve, answer: bytes) -> None:
    served = serve(answer)
    with pytest.raises(EngineError, match="no answer of the container engine at unix://") as caught:
        served.engine.call("GET", "/info")
    assert caught.value.status == 0


def test_what_is_no_json_is_told(serve: Serve) -> None:
    served = serve(b"HTTP/1.1 200 OK\r\n\r\n<html>")
    with pytest.raises(EngineError, match="no JSON"):
        served.engine.call("GET", "/info")


@pytest.mark.parametrize(
    "address", ["unix:///nobody/here", "tcp://127.0.0.1:1", "ssh://x", "tcp://h:port"]
)
def test_engine_that_is_not_there_is_told(address: str) -> None:
    with pytest.raises(UnreachableError, match="no answer of the container engine at"):
        Engine(address, {}).call("GET", "/info")


def test_stream_keeps_what_came_with_the_answer(serve: Serve) -> None:
    served = serve(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nfirst words")
    connection = served.engine.attach("/containers/x/attach", {"stream": True})
    try:
        assert connection.receive(5) == b"first"
        assert connection.receive() == b" words"
        assert connection.receive() == b""
    finally:
        connection.close()
    assert b"Upgrade: tcp" in served.asked
