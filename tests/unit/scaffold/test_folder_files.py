from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlrun.scaffold.folder_files import MOST, files_in
from mlrun.scaffold.scripts import find_scripts
from tests.unit.scaffold.proposed import filled


def names(folder: Path) -> list[str]:
    return [str(path) for path in files_in(folder)]


def test_folders_of_others_are_left_out(tmp_path: Path) -> None:
    left_out = (
        ".hidden/a.py", ".b.py", "tests/a.py", "docs/conf.py", "mine/pyvenv.cfg", "mine/a.py",
        "build/a.py", "other/MLproject", "other/a.py", "x.egg-info/a.py", "a.txt",
    )  # fmt: skip
    filled(tmp_path, dict.fromkeys((*left_out, "train.py", "src/x/b.py", "r/fit.R", "run.sh"), ""))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "itself.py").symlink_to("itself.py")
    assert names(tmp_path) == ["r/fit.R", "run.sh", "src/x/b.py", "train.py"]


def test_what_git_ignores_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    repository = tmp_path / "repository"
    files = {".gitignore": "old/\n*_gen.py\n", "p/train.py": "", "p/old/a.py": "", "p/x_gen.py": "",
             "p/ü.py": ""}  # fmt: skip
    filled(repository, files)
    subprocess.run(["git", "init", "-q", repository], check=True)
    assert names(repository / "p") == ["train.py", "ü.py"]


def test_a_repository_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    folder = tmp_path / "repository"
    filled(folder, {"train.py": "", ".gitignore": "x.py\n", "x.py": ""})
    subprocess.run(["git", "init", "-q", folder], check=True)
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    monitor.chmod(0o755)
    subprocess.run(["git", "-C", folder, "config", "core.fsmonitor", str(monitor)], check=True)
    assert names(folder) == ["train.py"]
    assert not (tmp_path / "started").exists()


def test_of_very_many_files_the_least_deep_are_read(tmp_path: Path) -> None:
    many = {f"a/{number}.py": "" for number in range(MOST)}
    filled(tmp_path, {**many, "train.py": "print(1)\n"})
    assert len(names(tmp_path)) == MOST
    assert "train.py" in names(tmp_path)
    assert "only the first" in find_scripts(tmp_path).notes[0].message
