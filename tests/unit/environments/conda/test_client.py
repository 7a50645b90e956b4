"""How channels are reached."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.client import connected, not_reached
from mlrun.environments.conda.settings import CondaSettings

OWN = CondaSettings()


@pytest.fixture
def answering() -> Iterator[str]:
    """The place of a server that answers anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                connection, _ = server.accept()
                with connection:
                    if not connection.recv(1000):
                        return
                    connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

        thread = Thread(target=answer)
        thread.start()
        place = f"127.0.0.1:{server.getsockname()[1]}"
        yield place
        socket.create_connection(server.getsockname()).close()
        thread.join()


def test_hosts_that_answer(answering: str) -> None:
    channels = [ChannelUrl(s, f"{s}://{answering}/c") for s in ("http", "https", "file")]
    mirrors = (f"http://{answering}/m",)
    mirrored = ChannelUrl("mirrored", "http://nosuch.invalid/c", mirrors=mirrors)
    assert not_reached([*channels, mirrored], OWN, {}) is None


def test_a_host_that_takes_no_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = ChannelUrl("gone", f"http://127.0.0.1:{server.getsockname()[1]}/c")
    assert not_reached([gone], OWN, {}) == (gone, os.strerror(errno.ECONNREFUSED))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_stays_silent_is_named(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = ChannelUrl("silent", f"{scheme}://127.0.0.1:{server.getsockname()[1]}/c")
        found = not_reached([silent], CondaSettings(connect_timeout=0.2), {})
    assert found is not None
    assert found[0] is silent
    assert "timed out" in found[1]


def test_behind_a_proxy_nothing_is_tried() -> None:
    gone = ChannelUrl("gone", "http://nosuch.invalid/c")
    assert not_reached([gone], OWN, {}) is not None
    assert not_reached([gone], OWN, {"https_proxy": "http://proxy.test"}) is None
    assert not_reached([gone], CondaSettings(proxy_servers={"http": "http://p.test"}), {}) is None


@pytest.mark.parametrize("before", [None, "/own/certificates.pem"])
def test_all_settings_make_a_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if before is not None:
        monkeypatch.setenv("SSL_CERT_FILE", before)
    channel = ChannelUrl("c", "https://host.test/c", mirrors=("https://mirror.test/c",))
    with connected(CondaSettings(ssl_verify=False), [channel]):
        assert os.environ.get("SSL_CERT_FILE") == before
    settings = CondaSettings(
        ssl_verify=tmp_path / "ca.pem", proxy_servers={"https": "http://a:b@proxy.test"}
    )
    with connected(settings, [channel]):
        assert os.environ["SSL_CERT_FILE"] == str(tmp_path / "ca.pem")
    assert os.environ.get("SSL_CERT_FILE") == before
