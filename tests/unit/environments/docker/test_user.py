"""Who a container's command is."""

from __future__ import annotations

import os

import pytest

from mlrun.environments.docker.user import HOME, is_rootless, user_body, user_variables


def test_the_command_is_the_user_who_runs_mlrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr(os, "getgid", lambda: 100)
    monkeypatch.setattr(os, "getgroups", lambda: [100, 27, 999])
    body = user_body({"SecurityOptions": ["name=seccomp,profile=default"]})
    assert body == {"User": "1234:100", "HostConfig": {"GroupAdd": ["27", "999"]}}
    assert user_variables("1234:100", {"LOGNAME": "ada"}) == {
        "HOME": HOME,
        "USER": "ada",
        "LOGNAME": "ada",
    }


def test_root_is_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "getgid", lambda: 0)
    assert user_body({}) == {"User": "0:0"}
    assert user_variables("0:0", {"LOGNAME": "root"}) == {}


@pytest.mark.parametrize(
    "info", [{"SecurityOptions": ["name=seccomp", "name=rootless"]}, {"Rootless": True}]
)
def test_in_a_rootless_engine_root_is_the_user(info: dict[str, object]) -> None:
    assert is_rootless(info)
    assert user_body(info) == {"User": "0:0"}


def test_an_engine_with_numbers_of_its_own_does_not_use_them_here() -> None:
    body = user_body({"SecurityOptions": ["name=userns"]})
    assert body["HostConfig"]["UsernsMode"] == "host"
