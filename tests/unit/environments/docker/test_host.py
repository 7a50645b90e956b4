"""How a container reaches this machine, by what an engine says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlrun.environments.docker import host
from mlrun.environments.docker.host import HOST_NAME, Reach, is_elsewhere, reach_of, sees
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.container.engine import Engine, EngineError

PLACE = Location(Path("MLproject"), 2)


class Answering(Engine):
    """An engine that gives answers by path."""

    def __init__(self, answers: Mapping[str, Any], address: str = "unix:///socket") -> None:
        super().__init__(address, {})
        self._answers = answers

    def call(self, method: str, path: str, *_args: Any, **_kwargs: Any) -> Any:
        if path not in self._answers:
            raise EngineError(404, "no such thing")
        return self._answers[path]


def network(**config: str) -> dict[str, Any]:
    return {"Driver": "bridge", "IPAM": {"Config": [config]}}


def reach(
    answers: Mapping[str, Any],
    name: str | None = None,
    info: Mapping[str, Any] | None = None,
    address: str = "unix:///socket",
) -> Reach:
    return reach_of(Answering(answers, address), name, info or {}, PLACE)


def test_the_gateway_of_the_usual_network_or_of_the_one_asked_for() -> None:
    answers = {
        "/networks/bridge": network(Gateway="127.0.0.5"),
        "/networks/lab": network(Gateway="127.0.0.6/16"),
        "/networks/podman": network(Gateway="127.0.0.7"),
    }
    assert reach(answers) == Reach("127.0.0.5", HOST_NAME)
    assert reach(answers, "bridge") == Reach("127.0.0.5", HOST_NAME)
    assert reach(answers, "lab") == Reach("127.0.0.6", HOST_NAME)
    assert reach(answers, info={"BuildahVersion": "1.28"}) == Reach("127.0.0.7", HOST_NAME)


def test_without_a_gateway_it_is_the_subnet_s_first_address() -> None:
    assert reach({"/networks/bridge": network(Subnet="127.17.0.0/16")}).address == "127.17.0.1"
    assert reach({"/networks/bridge": network(Subnet="127.17.5.9/24")}).address == "127.17.5.1"
    second = {
        "Driver": "bridge",
        "IPAM": {"Config": [{"Subnet": "fd00::/64"}, {"Gateway": "127.0.0.8"}]},
    }
    assert reach({"/networks/bridge": second}).address == "127.0.0.8"


def test_a_gateway_that_is_not_this_machine_s_is_looked_at_from_here() -> None:
    found = reach({"/networks/bridge": network(Gateway="192.0.2.77")})
    assert found.address not in ("192.0.2.77", "0.0.0.0")


def test_a_shared_network_has_the_loopback_and_none_has_nothing() -> None:
    assert reach({}, "host") == Reach("127.0.0.1")
    assert reach({}, "none") == Reach()


def test_networks_that_do_not_lead_to_this_machine() -> None:
    assert reach({"/networks/lan": {"Driver": "macvlan"}}, "lan") == Reach()
    assert (
        reach({"/networks/lan": {"Driver": "bridge", "IPAM": {"Config": None}}}, "lan") == Reach()
    )


def test_docker_desktop_has_a_name_for_it() -> None:
    for name in (None, "host", "lab"):
        found = reach({}, name, {"OperatingSystem": "Docker Desktop"})
        assert found == Reach("127.0.0.1", HOST_NAME, is_given=True)


def test_another_container_s_network() -> None:
    networks = {"NetworkSettings": {"Networks": {"lab": {"Gateway": "127.0.0.9"}}}}
    assert reach({"/containers/db/json": networks}, "container:db") == Reach("127.0.0.9")
    shared = {"HostConfig": {"NetworkMode": "host"}}
    assert reach({"/containers/db/json": shared}, "container:db") == Reach("127.0.0.1")
    with pytest.raises(EnvironmentBuildError, match="no container 'web'"):
        reach({}, "container:web")


def test_a_network_that_is_not_there_is_named_with_those_that_are() -> None:
    known = {"/networks": [{"Name": "bridge"}, {"Name": "training"}]}
    with pytest.raises(EnvironmentBuildError, match="no network 'trainin'") as caught:
        reach(known, "trainin")
    assert caught.value.hint == "did you mean 'training'?"
    with pytest.raises(EnvironmentBuildError) as caught:
        reach(known, "x")
    assert caught.value.hint == "there are: bridge, training"


@pytest.mark.parametrize(
    ("address", "elsewhere"),
    [
        ("unix:///var/run/docker.sock", False),
        ("tcp://127.0.0.1:2375", False),
        ("tcp://localhost:2375", False),
        ("tcp://[::1]:2375", False),
        ("tcp://builder.example.com:2376", True),
        ("tcp://docker", True),
    ],
)
def test_whether_an_engine_is_on_another_machine(address: str, elsewhere: bool) -> None:
    assert is_elsewhere(address) is elsewhere


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        ([], False),
        ([{"Source": "/builds", "Destination": "/builds"}], True),
        ([{"Source": "/home/me/team", "Destination": "/builds/team"}], False),
        ([{"Source": "/home", "Destination": "/home"}], False),
    ],
)
def test_a_folder_of_mlruns_own_container_is_out_of_the_engine_s_sight(
    mounts: list[dict[str, str]], expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Answering({f"/containers/{os.uname().nodename}/json": {"Mounts": mounts}})
    folder = Path("/builds/team/project")
    monkeypatch.setattr(host, "_IN_CONTAINER", tmp_path / ".dockerenv")
    assert sees(engine, folder)
    (tmp_path / ".dockerenv").touch()
    assert sees(engine, folder) is expected
    assert sees(Answering({}), folder)  # An engine of the container's own.
