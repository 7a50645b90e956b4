"""How the gateway reaches a server: credentials, certificates, proxies, time limits."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import trustme

from mlrun.errors import UsageError
from mlrun.tracking.gateway.upstream import (
    Answer,
    Limits,
    Upstream,
    UpstreamAway,
    is_outage,
    read_limits,
)
from tests.stub_server import Received, Reply, StubServer
from tests.unit.tracking.tunnel import tunnelling_proxy

NOBODY = {"HOME": "/nonexistent"}


def ask(
    url: str, environ: Mapping[str, str] = NOBODY, body: bytes | Path | None = None, **words: str
) -> Answer:
    """Send one request from an event loop of its own."""

    async def exchange() -> Answer:
        upstream = Upstream(url, {**NOBODY, **environ}, limits=Limits(2, 2, 2, 2), **words)
        try:
            return await upstream.send("POST" if body else "GET", "/x?y=1", body=body)
        finally:
            await upstream.close()

    return asyncio.run(exchange())


def secured(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ({"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}, "Basic dTpw"),
        ({}, None),
    ],
)
def test_credentials_are_found_as_for_the_store(environ: dict[str, str], sent: str | None) -> None:
    with StubServer([Reply()]) as server:
        ask(server.url, environ)
    assert server.received[0].headers.get("authorization") == sent


def test_credentials_in_the_address_that_was_asked_for_are_sent() -> None:
    with StubServer([Reply()]) as server:
        ask(server.url, asked=server.url.replace("://", "://u:p@"))
    assert server.received[0].headers["authorization"] == "Basic dTpw"


def test_a_file_is_sent_with_its_length(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 700_000)
    with StubServer([Reply()]) as server:
        ask(server.url, body=file)
    assert server.received[0].headers["content-length"] == "700000"
    assert server.received[0].body == file.read_bytes()


def test_a_refused_connection_is_named_in_words() -> None:
    with StubServer([]) as server:
        address = server.url
    with pytest.raises(UpstreamAway, match=r"no connection: Connection refused$"):
        ask(address)


def test_an_untrusted_certificate_is_refused_and_a_named_authority_trusted(
    authority: trustme.CA, tmp_path: Path
) -> None:
    named = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(named)
    with StubServer([Reply(body={"a": 1})], secured(authority)) as server:
        with pytest.raises(UpstreamAway, match="certificate"):
            ask(server.url)
        assert ask(server.url, {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(named)}).status == 200
        assert ask(server.url, {"MLFLOW_TRACKING_INSECURE_TLS": "true"}).status == 200


def test_https_goes_through_a_tunnel(authority: trustme.CA) -> None:
    insecure = {"MLFLOW_TRACKING_INSECURE_TLS": "true"}
    with StubServer([Reply()], secured(authority)) as server:
        with tunnelling_proxy() as (address, asked):
            assert ask(server.url, {**insecure, "https_proxy": address}).status == 200
    assert asked == [f"CONNECT 127.0.0.1:{server.port}"]


def test_http_goes_through_a_proxy_with_its_credentials_unless_exempt() -> None:
    with StubServer([Reply()]) as proxy, StubServer([Reply()]) as server:
        address = proxy.url.replace("://", "://u:p@")
        ask(server.url, {"http_proxy": address, "MLFLOW_TRACKING_TOKEN": "t"})
        ask(server.url, {"http_proxy": address, "NO_PROXY": "127.0.0.1"})
    assert proxy.received[0].path == f"{server.url}/x?y=1"
    assert proxy.received[0].headers["proxy-authorization"] == "Basic dTpw"
    assert proxy.received[0].headers["authorization"] == "Bearer t"
    assert len(server.received) == 1


def settled(run: Callable[[], object]) -> bool:
    with pytest.raises(UpstreamAway) as caught:
        run()
    return caught.value.is_settled


def test_it_is_known_whether_the_server_may_have_acted() -> None:
    with StubServer([Reply(hang=True)]) as server:
        assert not settled(lambda: ask(server.url))
    assert settled(lambda: ask(server.url))
    with StubServer([Reply(drop=True)]) as server:
        assert not settled(lambda: ask(server.url))

    def first_cut(received: Received) -> Reply:
        return Reply(drop=True) if len(server.received) == 1 else Reply(cut=True)

    with StubServer(first_cut) as server:
        assert not settled(lambda: ask(server.url))


def test_an_outage_says_later_and_not_no() -> None:
    outages = [status for status in range(200, 600) if is_outage(status)]
    assert outages == [408, 429, 500, *range(502, 600)]


def test_limits_stay_below_the_clients_own() -> None:
    assert read_limits({}) == Limits()
    limits = read_limits({"MLFLOW_HTTP_REQUEST_TIMEOUT": "20"})
    assert limits.connect + limits.write < 20
    assert limits.answer < 20
    assert read_limits({"MLRUN_GATEWAY_ANSWER_LIMIT": "3"}).write == 3
    with pytest.raises(UsageError, match="MLRUN_GATEWAY_ANSWER_LIMIT"):
        read_limits({"MLRUN_GATEWAY_ANSWER_LIMIT": "soon"})
