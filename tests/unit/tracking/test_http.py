"""The HTTP client against real servers that answer badly, late, elsewhere or never."""

from __future__ import annotations

import gc
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mlrun.errors import TrackingRefusedError, TrackingUnavailableError, UsageError
from mlrun.tracking.connection import Answer, TimeLimits
from mlrun.tracking.http import HttpClient, Persistence, read_persistence
from tests.stub_server import Received, Reply, StubServer

QUICK = Persistence(TimeLimits(5.0, 5.0), patience=20.0, retries=3)
ONCE = Persistence(TimeLimits(5.0, 5.0), patience=20.0, retries=0)
HASTY = Persistence(TimeLimits(5.0, 0.3), patience=0.1)


@contextmanager
def client_of(
    base: str, persistence: Persistence = QUICK, authorization: str | None = "Bearer hush-hush"
) -> Iterator[HttpClient]:
    client = HttpClient(base, {}, authorization, persistence=persistence)
    try:
        yield client
    finally:
        client.close()


def test_a_request_arrives_as_meant() -> None:
    with StubServer([Reply(body={"a": 1})]) as server, client_of(f"{server.url}/below/") as client:
        answer = client.exchange("POST", "/api/x?q=1", b'{"b": 2}')
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert answer.url == f"{server.url}/below/api/x"
    received = server.received[0]
    assert (received.method, received.path, received.json) == ("POST", "/below/api/x?q=1", {"b": 2})
    assert received.headers["authorization"] == "Bearer hush-hush"
    assert received.headers["content-type"] == "application/json"


def test_one_connection_serves_all_requests() -> None:
    with StubServer([Reply()]) as server, client_of(server.url) as client:
        for _ in range(3):
            client.exchange("GET", "/x")
    assert len({received.peer for received in server.received}) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    replies = [Reply(status), Reply(status), Reply(body={"a": 1})]
    with StubServer(replies) as server, client_of(server.url) as client:
        assert client.exchange("GET", "/x").status == 200
    assert len(server.received) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_a_lasting_refusal_is_not(status: int) -> None:
    with StubServer([Reply(status)]) as server, client_of(server.url) as client:
        assert client.exchange("GET", "/x").status == status
    assert len(server.received) == 1


def test_a_server_that_keeps_failing_is_given_up() -> None:
    with StubServer([Reply(503)]) as server, client_of(server.url) as client:
        with pytest.raises(TrackingUnavailableError) as caught:
            client.exchange("GET", "/x")
    assert server.url in caught.value.message
    assert "503" in caught.value.message
    assert "4 times" in caught.value.message
    assert len(server.received) == 4


def test_it_comes_back_when_asked_to() -> None:
    replies = [Reply(429, headers={"Retry-After": "0"}), Reply()]
    with StubServer(replies) as server, client_of(server.url) as client:
        assert client.exchange("GET", "/x").status == 200


@pytest.mark.parametrize("value", ["3600", "Fri, 31 Dec 2199 23:59:59 GMT"])
def test_it_does_not_wait_longer_than_its_patience(value: str) -> None:
    replies = [Reply(503, headers={"Retry-After": value})]
    with StubServer(replies) as server, client_of(server.url) as client:
        with pytest.raises(TrackingUnavailableError, match="asks to wait"):
            client.exchange("GET", "/x")
    assert len(server.received) == 1


def test_nonsense_in_retry_after_is_passed_over() -> None:
    replies = [Reply(503, headers={"Retry-After": "soon"}), Reply()]
    with StubServer(replies) as server, client_of(server.url) as client:
        assert client.exchange("GET", "/x").status == 200


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with client_of(address, ONCE) as client, pytest.raises(TrackingUnavailableError) as caught:
            client.exchange("GET", "/x")
    assert address in caught.value.message
    assert "refused" in caught.value.message
    assert caught.value.hint


def test_an_unknown_host_is_named() -> None:
    with client_of("http://no-such-host.invalid") as client:
        with pytest.raises(TrackingUnavailableError, match=r"no-such-host\.invalid"):
            client.exchange("GET", "/x", patience=1.0)


def test_a_server_that_never_answers() -> None:
    with StubServer([Reply(hang=True)]) as server, client_of(server.url, HASTY) as client:
        with pytest.raises(TrackingUnavailableError, match=r"did not answer within 0\.3 s"):
            client.exchange("GET", "/x")


def test_a_server_that_drips() -> None:
    """Each byte comes in time, the whole never does."""
    with _raw_server(b"HTTP/1.1 200 OK\r\n\r\n", drip=b" ") as address:
        with client_of(address, HASTY) as client, pytest.raises(TrackingUnavailableError):
            client.exchange("GET", "/x")


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(cut=True)], ids=["dropped", "cut"])
def test_a_lost_answer_is_asked_for_again(reply: Reply) -> None:
    with StubServer([reply, Reply(body={"a": 1})]) as server, client_of(server.url) as client:
        assert client.exchange("GET", "/x").body == b'{"a": 1}'
    assert len(server.received) == 2


def test_a_kept_connection_that_died_costs_no_try() -> None:
    replies = [Reply(), Reply(drop=True), Reply(body={"a": 1})]
    with StubServer(replies) as server, client_of(server.url, ONCE) as client:
        client.exchange("GET", "/x")
        assert client.exchange("GET", "/x").body == b'{"a": 1}'


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(500), Reply(cut=True)])
def test_before_a_repetition_it_looks_whether_the_first_was_heard(reply: Reply) -> None:
    found = Answer(200, {}, b"found", "")
    with StubServer([reply, Reply()]) as server, client_of(server.url) as client:
        assert client.exchange("POST", "/x", b"{}", recover=lambda: found) is found
        assert len(server.received) == 1
        client.exchange("POST", "/x", b"{}", recover=lambda: pytest.fail("not in doubt"))


def test_it_repeats_what_was_not_heard() -> None:
    with StubServer([Reply(drop=True), Reply(body={"a": 1})]) as server:
        with client_of(server.url) as client:
            answer = client.exchange("POST", "/x", b"{}", recover=lambda: None)
    assert answer.body == b'{"a": 1}'


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_server_is_followed(status: int) -> None:
    replies = [Reply(status, headers={"Location": "/new/x"}), Reply(body={"a": 1})]
    with StubServer(replies) as server, client_of(server.url) as client:
        assert client.exchange("GET", "/x").body == b'{"a": 1}'
    assert [received.path for received in server.received] == ["/x", "/new/x"]
    assert server.received[1].headers["authorization"] == "Bearer hush-hush"


def test_a_redirect_to_another_host_gets_no_credentials() -> None:
    with StubServer([Reply(body={"a": 1})]) as other:
        away = Reply(302, headers={"Location": f"{other.url}/y"})
        with StubServer([away]) as server, client_of(server.url) as client:
            assert client.exchange("GET", "/x").body == b'{"a": 1}'
    assert "authorization" not in other.received[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_is_recorded_is_not_sent_elsewhere(status: int) -> None:
    with StubServer([Reply()]) as other:
        away = Reply(status, headers={"Location": f"http://ada:hush@127.0.0.1:{other.port}/y"})
        with StubServer([away]) as server, client_of(server.url) as client:
            with pytest.raises(TrackingRefusedError) as caught:
                client.exchange("POST", "/x", b"{}")
    assert other.received == []
    assert "hush" not in f"{caught.value.message} {caught.value.hint}"
    assert other.url in str(caught.value.hint)


def test_a_post_keeps_its_body_on_the_same_server() -> None:
    replies = [Reply(308, headers={"Location": "/y"}), Reply()]
    with StubServer(replies) as server, client_of(server.url) as client:
        client.exchange("POST", "/x", b'{"a": 1}')
    assert (server.received[1].method, server.received[1].json) == ("POST", {"a": 1})


@pytest.mark.parametrize("place", ["/x", "file:///etc/passwd", "ftp://host/x", "http://[bad/"])
def test_a_redirect_that_leads_nowhere(place: str) -> None:
    replies = [Reply(302, headers={"Location": place})]
    with StubServer(replies) as server, client_of(server.url) as client:
        with pytest.raises(TrackingRefusedError, match="redirects"):
            client.exchange("GET", "/x")


def test_an_endless_answer_is_cut_off() -> None:
    def flood(_: Received) -> Reply:
        return Reply(body=b"x" * 9_000_000)

    with StubServer(flood) as server, client_of(server.url) as client:
        with pytest.raises(TrackingRefusedError, match="more than"):
            client.exchange("GET", "/x")
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\xff\r\n\r\n", b"HTTP/x\r\n"]
)
def test_a_server_that_speaks_something_else(greeting: bytes) -> None:
    with _raw_server(greeting) as address, client_of(address) as client:
        with pytest.raises(TrackingRefusedError, match="did not answer by HTTP"):
            client.exchange("GET", "/x")


def test_requests_go_through_a_proxy_with_its_own_credentials() -> None:
    with StubServer([Reply(body={"a": 1})]) as proxy:
        environ = {"http_proxy": f"http://ada:pw@127.0.0.1:{proxy.port}"}
        client = HttpClient("http://tracking.example:5000", environ, persistence=ONCE)
        answer = client.exchange("GET", "/x?q=1")
        client.close()
    assert answer.url == "http://tracking.example:5000/x"
    assert proxy.received[0].path == "http://tracking.example:5000/x?q=1"
    assert proxy.received[0].headers["proxy-authorization"] == "Basic YWRhOnB3"
    assert proxy.received[0].headers["host"] == "tracking.example:5000"


def test_a_proxy_that_refuses_the_tunnel_is_named() -> None:
    gc.collect()
    with StubServer([Reply(407)]) as proxy:
        environ = {"https_proxy": f"http://127.0.0.1:{proxy.port}"}
        client = HttpClient("https://tracking.example", environ, persistence=QUICK)
        with pytest.raises(TrackingUnavailableError, match="407"):
            client.exchange("GET", "/x")
        client.close()
    assert [received.method for received in proxy.received] == ["CONNECT"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    assert [str(warning.message) for warning in caught] == []  # such as an unclosed socket


def test_persistence_is_read_from_variables() -> None:
    assert read_persistence({}) == Persistence()
    found = read_persistence(
        {
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "3",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLRUN_TRACKING_PATIENCE": "1.5",
        }
    )
    assert found == Persistence(TimeLimits(3.0, 3.0), patience=1.5, retries=0)


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf"])
def test_a_variable_that_is_no_number(text: str) -> None:
    with pytest.raises(UsageError, match="MLRUN_TRACKING_PATIENCE"):
        read_persistence({"MLRUN_TRACKING_PATIENCE": text})


@contextmanager
def _raw_server(greeting: bytes, drip: bytes = b"") -> Iterator[str]:
    """Answer every connection with bytes that need not be HTTP."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.recv(65536)
                peer.sendall(greeting)
                while drip and not stopping.wait(0.05):
                    try:
                        peer.sendall(drip)
                    except OSError:
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
