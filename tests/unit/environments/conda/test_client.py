"""How channels are reached."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.client import connected, not_reached
from mlrun.environments.conda.settings import CondaSettings

OWN = CondaSettings()


def test_a_host_that_takes_no_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        there = ChannelUrl("there", f"http://{place}/c")
        folder = ChannelUrl("folder", "file:///nowhere")
        assert not_reached([there, folder], OWN, {}) is None
        mirrored = ChannelUrl("m", "http://nosuch.invalid/c", mirrors=(f"http://{place}/m",))
        assert not_reached([mirrored], OWN, {}) is None
    assert not_reached([folder, there], OWN, {}) == (there, os.strerror(errno.ECONNREFUSED))


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
