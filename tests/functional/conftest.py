"""A place for each test to stand in, Git servers and container engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docker_engine import (
    base_image,
    docker_engine,
    podman_engine,
    podman_service,
    private_engine,
)
from tests.docker_registry import registry
from tests.functional.commands import Place
from tests.git_servers import git_environment, git_servers

__all__ = [
    "base_image",
    "docker_engine",
    "git_environment",
    "git_servers",
    "podman_engine",
    "podman_service",
    "private_engine",
    "registry",
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder)
