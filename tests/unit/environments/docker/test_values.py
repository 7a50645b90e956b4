"""Values of options: docker's own forms are read, and others are refused with the form."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.docker import values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8g", 8 << 30),
        ("8GB", 8 << 30),
        ("8GiB", 8 << 30),
        ("512m", 512 << 20),
        ("1.5k", 1536),
        ("1000000", 1000000),
        ("2 t", 2 << 40),
    ],
)
def test_sizes_have_units_of_1024(text: str, expected: int) -> None:
    assert values.size(text) == expected


@pytest.mark.parametrize("text", ["", "g", "8x", "-1", "8g8", "1,5g", "8gibb"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="8g"):
        values.size(text)


def test_only_swap_may_be_unlimited() -> None:
    assert values.size_or_unlimited("-1") == -1
    assert values.size_or_unlimited("1k") == 1024


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2 * 10**9),
        ("1.5", 15 * 10**8),
        (".5", 5 * 10**8),
        ("0.000000001", 1),
        ("3.", 3 * 10**9),
    ],
)
def test_processors_are_counted_exactly(text: str, expected: int) -> None:
    assert values.cpus(text) == expected


@pytest.mark.parametrize("text", ["", ".", "two", "-1", "0.0000000001", "1e3"])
def test_what_is_no_number_of_processors_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="processors"):
        values.cpus(text)


@pytest.mark.parametrize(
    ("text", "soft", "hard"),
    [
        ("nofile=1024:2048", 1024, 2048),
        ("nproc=10", 10, 10),
        ("memlock=-1", -1, -1),
        ("core=0:-1", 0, -1),
    ],
)
def test_limits(text: str, soft: int, hard: int) -> None:
    assert values.ulimit(text) == {"Name": text.partition("=")[0], "Soft": soft, "Hard": hard}


@pytest.mark.parametrize(
    "text",
    ["nofile", "nofile=", "files=1", "nofile=2:1", "nofile=1:2:3", "nofile=-1:5", "nofile=a"],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nofile=1024:2048"):
        values.ulimit(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", {"Count": -1}),
        ("2", {"Count": 2}),
        ("count=2", {"Count": 2}),
        ("device=0", {"DeviceIDs": ["0"]}),
        ('"device=0,2"', {"DeviceIDs": ["0", "2"]}),
        ("'device=0,2'", {"DeviceIDs": ["0", "2"]}),
        ("'\"device=0,2\"'", {"DeviceIDs": ["0", "2"]}),
        ("device=0,2", {"DeviceIDs": ["0", "2"]}),
        ("device=GPU-3a23c669", {"DeviceIDs": ["GPU-3a23c669"]}),
        (
            'all,"capabilities=compute,utility"',
            {"Count": -1, "Capabilities": [["compute", "utility", "gpu"]]},
        ),
        ("driver=nvidia,count=all", {"Driver": "nvidia", "Count": -1}),
        ("driver=nvidia", {"Driver": "nvidia", "Count": 1}),
    ],
)
def test_gpus(text: str, expected: dict[str, Any]) -> None:
    whole = {"Driver": "", "Count": 0, "DeviceIDs": None, "Options": {}, "Capabilities": [["gpu"]]}
    assert values.gpus(text) == [{**whole, **expected}]


def test_a_user_may_be_written_for_a_shell() -> None:
    own = f"{os.getuid()}:{os.getgid()}"
    assert values.user("$(id -u):$(id -g)") == values.user("$UID:$(id -g)") == own
    assert values.user("app:staff") == "app:staff"
    with pytest.raises(ValueError, match="not empty"):
        values.user("")


@pytest.mark.parametrize("text", ["", "some", "devices=0", "all,device=0", "-1"])
def test_what_is_no_request_for_gpus_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="device=0,1"):
        values.gpus(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/dev/fuse", ("/dev/fuse", "/dev/fuse", "rwm")),
        ("/dev/fuse:r", ("/dev/fuse", "/dev/fuse", "r")),
        ("/dev/a:/dev/b", ("/dev/a", "/dev/b", "rwm")),
        ("/dev/a:/dev/b:rw", ("/dev/a", "/dev/b", "rw")),
    ],
)
def test_devices(text: str, expected: tuple[str, str, str]) -> None:
    assert tuple(values.device(text).values()) == expected


@pytest.mark.parametrize("text", ["fuse", "/dev/a:b", "/dev/a:/dev/b:/dev/c", ""])
def test_what_is_no_device_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="/dev/HOST"):
        values.device(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", [("80/tcp", "", "")]),
        ("8080:80", [("80/tcp", "", "8080")]),
        ("127.0.0.1:8080:80/udp", [("80/udp", "127.0.0.1", "8080")]),
        ("127.0.0.1::80", [("80/tcp", "127.0.0.1", "")]),
        ("[::1]:8080:80", [("80/tcp", "::1", "8080")]),
        ("8080-8081:80-81", [("80/tcp", "", "8080"), ("81/tcp", "", "8081")]),
        ("8080-8090:80", [("80/tcp", "", "8080-8090")]),
    ],
)
def test_ports(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = [(port, place["HostIp"], place["HostPort"]) for port, place in values.ports(text)]
    assert found == expected


@pytest.mark.parametrize("text", ["", "http", "8080:", "1-2:3-5", "0:80", "80:70000", "80/ip"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="8080:80"):
        values.ports(text)


def test_addresses_of_further_hosts() -> None:
    assert values.extra_host("db:10.0.0.5") == "db:10.0.0.5"
    assert values.extra_host("db=[fd00::1]") == "db:fd00::1"
    with pytest.raises(ValueError, match="NAME:ADDRESS"):
        values.extra_host("10.0.0.5")


def test_docker_s_long_form_of_a_mount(tmp_path: Path) -> None:
    found = values.mount(f"type=bind,src={tmp_path},target=/data,readonly")
    assert found == {"Type": "bind", "Source": str(tmp_path), "Target": "/data", "ReadOnly": True}
    found = values.mount("type=tmpfs,dst=/scratch,tmpfs-size=1m,tmpfs-mode=1770")
    assert found["TmpfsOptions"] == {"SizeBytes": 1 << 20, "Mode": 0o1770}
    for wrong in (
        "type=bind,target=/x",
        "src=a",
        "target=x",
        "type=cloud,target=/x",
        "target=/x,y=1",
    ):
        with pytest.raises(ValueError, match="type=bind"):
            values.mount(wrong)


def test_a_seccomp_profile_is_read_from_its_file(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    assert values.security(f"seccomp={profile}") == f"seccomp={profile.read_text()}"
    assert values.security("seccomp=unconfined") == "seccomp=unconfined"
    with pytest.raises(ValueError, match="a file that can be read"):
        values.security(f"seccomp={tmp_path}/none.json")


_fields = st.text(
    st.characters(codec="utf-8", exclude_characters='\r\n"', exclude_categories=["Cc"])
)


@given(st.lists(_fields.filter(bool), min_size=1))
def test_commas_within_quotes_separate_nothing(fields: list[str]) -> None:
    text = ",".join(f'"{field}"' if "," in field else field for field in fields)
    assert values.comma_fields(text) == next(csv.reader([text])) == fields
