from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from mlrun.testing import make_project as make_project
from mlrun.testing import write_project


def test_project_is_written(tmp_path: Path) -> None:
    folder = write_project(
        tmp_path / "p",
        {"main": "echo {x}", "other": {"parameters": {"x": "float"}, "command": "ä"}},
        files={"sub/train.py": "print(1)\n"},
        name="mine",
    )
    assert yaml.safe_load((folder / "MLproject").read_text(encoding="utf-8")) == {
        "name": "mine",
        "entry_points": {
            "main": {"command": "echo {x}"},
            "other": {"parameters": {"x": "float"}, "command": "ä"},
        },
    }
    assert (folder / "sub" / "train.py").read_text() == "print(1)\n"


def test_fixture_writes_into_the_folder_of_the_test(
    make_project: Callable[..., Path], tmp_path: Path
) -> None:
    assert make_project({"main": "true"}) == tmp_path / "project"
