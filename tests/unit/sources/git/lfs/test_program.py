"""What git-lfs writes about its progress."""

from __future__ import annotations

import pytest

from mlrun.sources.git.lfs.program import _Progress

FIRST = b"\rDownloading LFS objects:   0% (0/2), 0 B | 0 B/s"
LAST = b"\rDownloading LFS objects: 100% (2/2), 2.9 MB | 0 B/s, done.\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_last_line_counts_in_whatever_pieces_it_comes(size: int) -> None:
    said: list[str] = []

    def report(line: str, *, passing: bool = False) -> None:
        assert passing
        said.append(line)

    progress = _Progress(report)
    written = FIRST + LAST
    for start in range(0, len(written), size):
        progress.take(written[start : start + size])
    assert said[-1] == "fetching files of Git LFS: 100 %, 2.9 MB, 2 of 2 files"
    assert progress.last == "100 %, 2.9 MB, 2 of 2 files"
