"""Where the interface listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from mlrun.errors import UsageError
from mlrun.viewing import address as module
from mlrun.viewing.address import Address, chosen_address


def chosen(host: str, port: int | None) -> Address:
    with chosen_address(host, port) as address:
        return address


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_asked_for_and_taken_is_an_error(taken: int) -> None:
    with pytest.raises(UsageError, match=f"port {taken} of 127.0.0.1: Address already in use"):
        chosen("127.0.0.1", taken)


def test_the_next_free_port_is_taken_where_none_is_asked_for(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEFAULT_PORT", taken)
    assert chosen("127.0.0.1", None).port > taken


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1"):
        chosen("192.0.2.1", None)


def test_two_that_start_at_once_choose_different_ports() -> None:
    with chosen_address("127.0.0.1", None) as first, chosen_address("127.0.0.1", None) as second:
        assert first.port != second.port
        with pytest.raises(UsageError, match="another mlrun is about to use it"):
            chosen("127.0.0.1", first.port)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("localhost", "http://localhost:5000"),
        ("0.0.0.0", "http://127.0.0.1:5000"),
        ("::1", "http://[::1]:5000"),
        ("::", "http://[::1]:5000"),
    ],
)
def test_the_address_is_one_that_this_machine_can_open(host: str, url: str) -> None:
    assert Address(host, 5000).url == url


def test_on_the_loopback_the_server_has_its_own_rules() -> None:
    assert Address("127.0.0.1", 5000).security() == []


def test_elsewhere_the_names_of_the_machine_are_allowed() -> None:
    words = Address("0.0.0.0", 5001).security()
    hosts, origins = words[1].split(","), words[3].split(",")
    own = socket.gethostname()
    assert {"localhost:5001", "127.0.0.1", f"{own}:5001"} <= set(hosts)
    assert f"http://{own}:5001" in origins
    assert "*" not in words[1] + words[3]
