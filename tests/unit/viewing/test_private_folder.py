"""A folder for as long as one server runs."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mlrun.errors import LaunchError
from mlrun.viewing.private_folder import private_folder


def test_it_is_private_and_goes() -> None:
    with private_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "file").touch()
    assert not folder.exists()


def test_what_a_killed_one_has_left_goes_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / "cache" / "ui" / "at-left"
    left.mkdir(parents=True)
    (left / "lock").touch()
    with private_folder() as first, private_folder() as second:
        assert not left.exists()
        assert first.exists()
        assert second.exists()


def test_a_cache_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(LaunchError, match="cannot be used") as caught:
        with private_folder():
            pass
    assert "MLRUN_CACHE_DIR" in str(caught.value.hint)
