"""A project's folder inside what was fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.sources.subfolder import enter


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "models" / "v1.2").mkdir(parents=True)
    (tmp_path / "root" / "train.py").write_text("")
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "root"


def test_root_and_folders_below_it(root: Path) -> None:
    assert enter(root, "", "there") == root
    assert enter(root, "models/v1.2", "there") == root / "models" / "v1.2"
    assert enter(root, "models/./v1.2/", "there") == root / "models" / "v1.2"


def test_link_inside_is_followed_and_link_out_is_refused(root: Path) -> None:
    (root / "inner").symlink_to("models")
    (root / "outer").symlink_to("../elsewhere")
    (root / "far").symlink_to("/etc")
    assert enter(root, "inner/v1.2", "there") == root / "inner" / "v1.2"
    for name in ("outer", "far", "far/ssh", "inner/../outer", ".."):
        with pytest.raises(SourceError, match="leads out of it"):
            enter(root, name, "there")


def test_a_root_that_is_reached_through_a_link_is_no_way_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert enter(tmp_path / "link", "models", "there") == tmp_path / "link" / "models"


@pytest.mark.parametrize(
    ("name", "near"), [("model", "models"), ("v1.2", "models/v1.2"), ("models/v12", "models/v1.2")]
)
def test_missing_folder_names_the_nearest(root: Path, name: str, near: str) -> None:
    with pytest.raises(SourceError, match="there has no folder") as raised:
        enter(root, name, "there")
    assert raised.value.hint == f"did you mean '{near}'?"


def test_file_is_no_folder(root: Path) -> None:
    with pytest.raises(SourceError, match="is a file") as raised:
        enter(root, "train.py", "there")
    assert "-e train.py" in str(raised.value.hint)
