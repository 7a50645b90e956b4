"""A place for each test to stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.commands import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder)
