"""What a killed git has left goes, and nothing else."""

from __future__ import annotations

from pathlib import Path

from mlrun.sources.git.cut_off import clear_cut_off, parts_left
from tests.repositories import make_repository

LOCKS = ["shallow.lock", "packed-refs.lock", "refs/heads/a/b.lock"]
PARTS = [
    *("objects/pack/tmp_pack_1", "objects/pack/tmp_idx_1", "objects/pack/.tmp-1-pack-2.pack"),
    *("objects/tmp_obj_1", "objects/ab/tmp_obj_1"),
]


def test_only_what_is_left_is_cleared(tmp_path: Path) -> None:
    mirror = make_repository(tmp_path / "m.git", {"a": "1"}).path
    before = {file for file in mirror.rglob("*") if file.is_file()}
    for name in (*LOCKS, *PARTS):
        (mirror / name).parent.mkdir(parents=True, exist_ok=True)
        (mirror / name).touch()
    assert sorted(parts_left(mirror)) == sorted(mirror / name for name in PARTS)
    clear_cut_off(mirror)
    assert {file for file in mirror.rglob("*") if file.is_file()} == before


def test_there_need_be_no_repository(tmp_path: Path) -> None:
    clear_cut_off(tmp_path / "not there")
