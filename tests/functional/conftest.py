"""A place for each test to stand in, and Git servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.commands import Place
from tests.git_servers import git_environment, git_servers

__all__ = ["git_environment", "git_servers"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder)
