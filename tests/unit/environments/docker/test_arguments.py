"""The options of `docker run`, as `-A` gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.docker.arguments import NAMES, parse_arguments, without_secrets
from mlrun.errors import UsageError
from mlrun.request import DockerArgument


def test_no_option_asks_for_nothing() -> None:
    found = parse_arguments({})
    assert found.body == {}
    assert found.keeps is False
    assert found.entrypoint is None
    assert found.pull == "missing"


def test_what_people_pass_most() -> None:
    found = parse_arguments(
        {
            "gpus": "all",
            "shm-size": "8g",
            "network": "host",
            "ipc": "host",
            "user": "1000:1000",
            "memory": "4g",
            "cpus": "1.5",
            "runtime": "nvidia",
            "ulimit": ("memlock=-1", "stack=67108864"),
            "add-host": "db:10.0.0.5",
            "privileged": True,
            "t": True,
            "name": "training",
        }
    )
    host = found.host
    assert host["DeviceRequests"][0]["Count"] == -1
    assert (host["ShmSize"], host["Memory"], host["NanoCpus"]) == (8 << 30, 4 << 30, 15 * 10**8)
    assert (host["NetworkMode"], host["IpcMode"], host["Runtime"]) == ("host", "host", "nvidia")
    assert [limit["Name"] for limit in host["Ulimits"]] == ["memlock", "stack"]
    assert host["ExtraHosts"] == ["db:10.0.0.5"]
    assert host["Privileged"] is True
    assert (found.body["User"], found.body["Tty"], found.name) == ("1000:1000", True, "training")
    assert found.network == "host"


@pytest.mark.parametrize("name", ["v", "volume", "-v", "--volume"])
def test_short_names_long_names_and_dashes_are_the_same(name: str) -> None:
    assert parse_arguments({name: ("/a:/b", "/c:/d")}).volumes == ["/a:/b", "/c:/d"]


def test_two_short_options_in_one_word() -> None:
    assert parse_arguments({"it": True}).body == {"Tty": True, "OpenStdin": True}


def test_variables_have_a_value_or_are_copied() -> None:
    found = parse_arguments({"e": ("A=1", "B", "C=x=y z"), "env-file": "vars.env"})
    assert found.variables == [("A", "1"), ("B", None), ("C", "x=y z")]
    assert found.variable_files == ["vars.env"]


@pytest.mark.parametrize(("given", "keeps"), [(True, False), ("true", False), ("false", True)])
def test_whether_the_container_stays(given: DockerArgument, keeps: bool) -> None:
    assert parse_arguments({"rm": given}).keeps is keeps


def test_an_empty_entrypoint_takes_the_image_s_away() -> None:
    assert parse_arguments({"entrypoint": ""}).entrypoint == ()
    assert parse_arguments({"entrypoint": "/bin/sh"}).entrypoint == ("/bin/sh",)


def test_names_in_a_network_go_to_that_network() -> None:
    found = parse_arguments({"network-alias": ("a", "b"), "network": "lab", "ip": "10.1.0.9"})
    endpoints = found.body["NetworkingConfig"]["EndpointsConfig"]
    assert endpoints == {"lab": {"Aliases": ["a", "b"], "IPAMConfig": {"IPv4Address": "10.1.0.9"}}}
    assert parse_arguments({"net": "name=lab,alias=a"}).network == "lab"
    with pytest.raises(UsageError, match="need a network of the user's own"):
        parse_arguments({"network-alias": "a"})


def test_labels_ports_and_pairs_are_mappings() -> None:
    found = parse_arguments({"l": ("a=1", "b"), "p": "8080:80", "sysctl": "net.core.somaxconn=9"})
    assert found.body["Labels"] == {"a": "1", "b": ""}
    assert found.host["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    assert found.body["ExposedPorts"] == {"80/tcp": {}}
    assert found.host["Sysctls"] == {"net.core.somaxconn": "9"}


def test_what_is_unknown_is_named_with_what_was_meant() -> None:
    with pytest.raises(UsageError, match="-A shmsize is no option") as caught:
        parse_arguments({"shmsize": "1g"})
    hint = str(caught.value.hint)
    assert hint.startswith("did you mean 'shm-size'?")
    used = "gpus shm-size network ipc user memory cpus v e add-host ulimit runtime name rm t"
    assert {*used.split(), "entrypoint"} <= set(hint.replace(",", " ").replace(";", " ").split())


def test_every_option_is_in_the_docs() -> None:
    docs = (Path(__file__).parents[4] / "docs" / "docker.md").read_text(encoding="utf-8")
    quiet = {"quiet", "disable-content-trust"}
    assert [name for name in NAMES if f"`{name}`" not in docs and name not in quiet] == []


@pytest.mark.parametrize("name", ["d", "detach", "restart", "attach", "cidfile"])
def test_what_contradicts_a_run_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UsageError, match=f"-A {name} cannot be used here: "):
        parse_arguments({name: True})


def test_a_value_is_needed_and_must_be_of_its_form() -> None:
    with pytest.raises(UsageError, match="-A memory needs a value"):
        parse_arguments({"memory": True})
    with pytest.raises(UsageError, match="-A m takes a size such as `8g` or `512m`, not 'much'"):
        parse_arguments({"m": "much"})
    with pytest.raises(UsageError, match="-A privileged takes `true` or `false`"):
        parse_arguments({"privileged": "perhaps"})
    with pytest.raises(UsageError, match="given 2 times"):
        parse_arguments({"memory": ("1g", "2g")})


def test_the_value_of_a_variable_stands_in_no_error() -> None:
    with pytest.raises(UsageError) as caught:
        parse_arguments({"e": "=hunter2"})
    assert "hunter2" not in str(caught.value)


def test_what_is_recorded_of_options_holds_no_secret() -> None:
    given: dict[str, DockerArgument] = {
        "e": ("TOKEN=hunter2", "COPIED"),
        "--env": "PIN=1234",
        "log-opt": ("splunk-token=hunter2", "splunk-url=https://me:hunter2@logs.example"),
        "label": "api-key=hunter2",
        "memory": "1g",
        "t": True,
    }
    assert without_secrets(given) == {
        "e": ("TOKEN", "COPIED"),
        "--env": "PIN",
        "log-opt": ("splunk-token=***", "splunk-url=https://***@logs.example"),
        "label": "api-key=***",
        "memory": "1g",
        "t": True,
    }
