"""Certificates: an authority of one's own, a client certificate, and what is refused."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from mlrun.errors import TrackingUnavailableError, UsageError
from mlrun.tracking.connection import TimeLimits
from mlrun.tracking.http import HttpClient, Persistence
from mlrun.tracking.tls import tls_settings
from tests.stub_server import Reply, StubServer

ONCE = Persistence(TimeLimits(10.0, 10.0), retries=0)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[StubServer]:
    with StubServer([Reply(body={"a": 1})], context) as server:
        yield server


def ask(url: str, environ: dict[str, str]) -> bytes:
    client = HttpClient(url, environ, tls=tls_settings(environ), persistence=ONCE)
    try:
        return client.exchange("GET", "/x").body
    finally:
        client.close()


@pytest.mark.parametrize(
    "variable", ["MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
)
def test_an_own_authority_is_trusted(
    server: StubServer, authority_file: Path, variable: str
) -> None:
    assert ask(server.url, {variable: str(authority_file)}) == b'{"a": 1}'


def test_an_unknown_authority_is_refused_with_what_to_do(server: StubServer) -> None:
    with pytest.raises(TrackingUnavailableError) as caught:
        ask(server.url, {})
    assert "not trusted" in caught.value.message
    assert "MLFLOW_TRACKING_SERVER_CERT_PATH" in str(caught.value.hint)
    assert server.received == []


def test_a_certificate_for_another_host_is_refused(
    server: StubServer, authority_file: Path
) -> None:
    environ = {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(authority_file)}
    with pytest.raises(TrackingUnavailableError, match="not trusted"):
        ask(f"https://localhost:{server.port}", environ)


def test_insecure_accepts_any(server: StubServer) -> None:
    assert ask(server.url, {"MLFLOW_TRACKING_INSECURE_TLS": "true"}) == b'{"a": 1}'


def test_a_client_certificate_is_shown(
    authority: trustme.CA, authority_file: Path, context: ssl.SSLContext, tmp_path: Path
) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    mine = tmp_path / "client.pem"
    authority.issue_cert("ada@example.org").private_key_and_cert_chain_pem.write_to_path(str(mine))
    environ = {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(authority_file)}
    with StubServer([Reply(body={"a": 1})], context) as server:
        with pytest.raises(TrackingUnavailableError):
            ask(server.url, environ)
        assert ask(server.url, {**environ, "MLFLOW_TRACKING_CLIENT_CERT_PATH": str(mine)})


def test_https_to_a_server_without_tls() -> None:
    with StubServer([Reply()]) as server, pytest.raises(TrackingUnavailableError) as caught:
        ask(f"https://127.0.0.1:{server.port}", {})
    assert "TLS" in caught.value.message


@pytest.mark.parametrize(
    "variable", ["MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH"]
)
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_is_no_certificate(tmp_path: Path, variable: str, content: str | None) -> None:
    file = tmp_path / "cert.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=variable):
        ask("https://127.0.0.1:1", {variable: str(file)})


def test_insecure_and_an_authority_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="exclude"):
        tls_settings({"MLFLOW_TRACKING_INSECURE_TLS": "1", "MLFLOW_TRACKING_SERVER_CERT_PATH": "x"})


def test_the_path_goes_on_inside_a_tunnel(server: StubServer, authority_file: Path) -> None:
    """A proxy that forwards bytes sees nothing of the request but where it goes."""
    from tests.unit.tracking.tunnel import tunnelling_proxy

    with tunnelling_proxy() as (address, asked):
        environ = {
            "MLFLOW_TRACKING_SERVER_CERT_PATH": str(authority_file),
            "https_proxy": address,
        }
        assert ask(server.url, environ) == b'{"a": 1}'
    assert asked == [f"CONNECT 127.0.0.1:{server.port}"]
