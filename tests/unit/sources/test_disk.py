"""What a full disk costs: one error that says what to do, and never what was there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.lease import claim
from mlrun.sources.cache.holding import repositories_folder, use_or_make
from mlrun.sources.disk import disk_errors, read_document, write_document
from mlrun.sources.own_folder import make_own_folder, sweep_own_folders, work_folder
from tests.components import missing


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The cache, on a disk that `fill` makes full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    monkeypatch.setenv("MLRUN_CACHE_DIR", str(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        (disk / "fill").write_bytes(bytes(1_000_000))


def test_a_full_disk_is_one_error_and_leaves_nothing(small_disk: Path) -> None:
    fill(small_disk)
    for attempt in (
        lambda: make_own_folder("project", ""),
        lambda: use_or_make(repositories_folder() / "key", ""),
    ):
        with pytest.raises(SourceError, match="No space left") as error:
            attempt()
        assert "mlrun cache prune" in str(error.value.hint)
    assert os.listdir(work_folder()) == []
    unheld = claim(repositories_folder() / "key" / "lease")
    assert unheld is not None
    unheld.release()
    (small_disk / "fill").unlink()
    use_or_make(repositories_folder() / "key", "").release()
    make_own_folder("project", "").release()


def test_a_full_disk_takes_no_kept_folder_away(small_disk: Path) -> None:
    own = make_own_folder("project", "")
    (own.path / "result").write_text("x")
    fill(small_disk)
    own.release(keep=True)
    sweep_own_folders()
    assert (own.path / "result").read_text() == "x"


def test_a_document_is_written_whole_or_not_at_all(small_disk: Path) -> None:
    file = small_disk / "about.json"
    write_document(file, {"a": 1})
    fill(small_disk)
    with pytest.raises(OSError, match="No space left"):
        write_document(file, {"a": "x" * 10_000})
    assert read_document(file) == {"a": 1}
    assert sorted(os.listdir(small_disk)) == ["about.json", "fill"]


@pytest.mark.parametrize("text", ["", "[]", '{"a"', "\xff"])
def test_what_is_no_document_counts_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "about.json"
    file.write_bytes(text.encode("latin-1"))
    assert read_document(file) == {}


def test_other_errors_are_passed_on(tmp_path: Path) -> None:
    with pytest.raises(KeyError), disk_errors(tmp_path):
        raise KeyError
