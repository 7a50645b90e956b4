"""What a command wrote into the run's own folder."""

from __future__ import annotations

import time
from pathlib import Path

from mlrun.sources.leftovers import written_since


def test_new_and_changed_files_are_named_and_what_python_caches_is_not(tmp_path: Path) -> None:
    for name in ("train.py", "data/a.csv", ".git/index"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    time.sleep(0.02)
    moment = time.time()
    time.sleep(0.02)
    for name in ("data/a.csv", "out/model.pkl", ".git/index", "__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("after")
    (tmp_path / "link").symlink_to("data/a.csv")
    assert written_since(tmp_path, moment) == ["link", "data/a.csv", "out/model.pkl"]
    assert written_since(tmp_path, time.time() + 60) == []


def test_a_folder_that_is_gone_has_none(tmp_path: Path) -> None:
    tmp_path.rmdir()
    assert written_since(tmp_path, 0.0) == []
