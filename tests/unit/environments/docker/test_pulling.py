"""What is said while an image is pulled, and which login is used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.environments.docker import pulling
from mlrun.environments.options import EnvironmentOptions
from mlrun.request import RunRequest


def _layers() -> Iterator[dict[str, Any]]:
    yield {"status": "Pulling from team/x", "id": "latest"}
    for done in (0, 1 << 20, 3 << 20):
        for layer in ("a", "b"):
            detail = {"current": done, "total": 4 << 20}
            yield {"status": "Downloading", "id": layer, "progressDetail": detail}
    yield {"status": "Pull complete", "id": "a", "progressDetail": {}}


def test_the_progress_is_told_from_time_to_time(
    heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(float(n) for n in range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    pulling._follow(_layers(), "team/x", heard.append)
    assert heard == ["pulling the image team/x: 4.0 MiB of 8.0 MiB"]


def test_an_error_in_the_middle_is_raised_at_the_end() -> None:
    events = iter([{"error": "manifest unknown"}, {"status": "more"}])
    with pytest.raises(pulling._PullError, match="manifest unknown"):
        pulling._follow(events, "team/x", print)
    assert list(events) == []


@pytest.mark.parametrize(
    ("login", "registry", "is_used"),
    [
        ({}, "docker.io", False),
        ({"username": "a", "password": "b"}, "docker.io", True),
        ({"username": "a", "password": "b"}, "reg.example.com", False),
        ({"username": "a", "registry": "reg.example.com"}, "reg.example.com", True),
        ({"username": "a", "registry": "https://reg.example.com/v2"}, "reg.example.com", True),
        ({"username": "a", "registry": "https://index.docker.io/v1/"}, "docker.io", True),
        ({"username": "a", "registry": "reg.example.com"}, "docker.io", False),
    ],
)
def test_a_login_goes_to_the_registry_that_it_is_for(
    login: dict[str, str], registry: str, is_used: bool
) -> None:
    found = pulling._credentials(login, registry)
    assert (found is not None) is is_used
    if found is not None:
        assert found["username"] == "a"
        assert found["serveraddress"] == registry


def test_what_is_asked_for_can_be_shown_without_its_secrets() -> None:
    secrets: dict[str, Any] = {
        "docker_auth": {"username": "a", "password": "hunter2"},
        "docker_args": {"e": "TOKEN=hunter2"},
    }
    for shown in (EnvironmentOptions(**secrets), RunRequest(uri=".", **secrets)):
        assert "hunter2" not in repr(shown)
