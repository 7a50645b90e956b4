"""What is built runs without a network; what is not says within seconds what it cannot reach."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.components import missing
from tests.functional.commands import MLRUN, Place
from tests.functional.environments import Wheelhouse, make_wheelhouse

_SECONDS = 30.0
"""Far more than giving up takes, far less than uv's and pip's own patience."""

INDEX = "https://index.example.invalid/simple"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheelhouse:
    place = Place(tmp_path / "place")
    place.folder.mkdir()
    made = make_wheelhouse(place)
    made.keep_to_it(monkeypatch)
    return made


@pytest.fixture
def with_index(house: Wheelhouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)


@pytest.fixture
def no_network() -> list[str]:
    """The beginning of a command line that takes the network from the command."""
    words = ["unshare", "--net"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*words, "true"], capture_output=True, check=False).returncode
    ):
        missing("unshare", "taking the network away takes root")
    return words


@pytest.fixture
def counting_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """A proxy in every variable, which takes connections, counts them, and closes them."""
    seen: list[object] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                seen.append(peer)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, address)
            monkeypatch.setenv(name.lower(), address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield seen


def run(
    house: Wheelhouse, words: list[str], *more: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*words, *MLRUN, "run", "project", "--no-tracking", *more],
        cwd=house.place.folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_what_is_built_needs_no_network(
    house: Wheelhouse, no_network: list[str], manager: str
) -> None:
    house.project("small")
    first = run(house, [], "--env-manager", manager)
    assert first.stdout == "small 1.0\n", first.stderr
    again = run(house, no_network, "--env-manager", manager)
    assert again.stdout == "small 1.0\n", again.stderr
    assert "building" not in again.stderr


def test_what_is_built_asks_nobody(house: Wheelhouse, counting_proxy: list[object]) -> None:
    house.project("small")
    assert house.env("build", "project").returncode == 0
    counting_proxy.clear()
    assert run(house, []).stdout == "small 1.0\n"
    assert house.env("build", "project").returncode == 0
    assert counting_proxy == []


@pytest.mark.usefixtures("with_index")
@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_what_is_not_built_says_what_cannot_be_reached(
    house: Wheelhouse, no_network: list[str], manager: str
) -> None:
    house.project("small")
    begun = time.monotonic()
    answer = run(house, no_network, "--env-manager", manager)
    assert time.monotonic() - begun < _SECONDS
    assert answer.returncode == 125
    assert "could not reach index.example.invalid" in answer.stderr
    assert "hint: check the network; once it is built" in answer.stderr
    assert answer.stderr.count("error: ") - answer.stderr.lower().count("  error: ") <= 1


@pytest.mark.usefixtures("with_index")
def test_offline_asks_nobody(house: Wheelhouse, counting_proxy: list[object]) -> None:
    house.project("small")
    answer = run(house, [], "--offline")
    assert answer.returncode == 125
    assert "leave out --offline" in answer.stderr
    assert counting_proxy == []


@pytest.mark.usefixtures("with_index")
def test_a_proxy_that_does_not_answer_is_named(house: Wheelhouse) -> None:
    house.project("small")
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    begun = time.monotonic()
    answer = run(house, [], HTTPS_PROXY=f"http://me:secret@127.0.0.1:{port}")
    assert time.monotonic() - begun < _SECONDS
    assert answer.returncode == 125
    assert "could not reach " in answer.stderr
    assert f"the proxy http://***@127.0.0.1:{port} (HTTPS_PROXY)" in answer.stderr
    assert "secret" not in answer.stderr
