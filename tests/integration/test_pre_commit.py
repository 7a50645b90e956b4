"""The hooks for pre-commit, by the real one: it installs mlrun from its repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.components import missing

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ".pre-commit-hooks.yaml"
PACKAGED = ("mlrun", "schemas", "pyproject.toml", "README.md", "LICENSE", HOOKS)
MISSPELT = "entry_points:\n  main:\n    comand: python train.py\n"


def test_hooks_look_at_the_files_that_they_are_for() -> None:
    for hook in yaml.safe_load((ROOT / HOOKS).read_text()):
        looked_at = re.compile(hook["files"])
        for name in ("MLproject", "a/mlProject.yaml", "a/python_env.yaml", "b/conda.yml"):
            assert looked_at.search(name), name
        for name in ("MLproject.txt", "a/myMLproject", "conda.yaml.j2", "MLproject/train.py"):
            assert not looked_at.search(name), name


def git(folder: Path, *words: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> Path:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return folder


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A repository with what mlrun is installed from."""
    folder = tmp_path / "ours"
    folder.mkdir()
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            leaving = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=leaving)
        else:
            shutil.copy(ROOT / name, folder)
    return repository(folder)


def test_they_find_and_mend(ours: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "sub").mkdir(parents=True)
    (theirs / "sub" / "MLproject").write_text(MISSPELT)
    (theirs / "sub" / "other.yaml").write_text(MISSPELT)
    repository(theirs)
    answer = pre_commit(theirs, tmp_path, "try-repo", str(ours), "--all-files", "--verbose")
    said = answer.stdout + answer.stderr
    if "mlrun lint" not in answer.stdout:
        missing("pypi", said[-1500:])
    assert answer.returncode == 1
    assert "sub/MLproject:3:5: error[misspelt-key]" in answer.stdout
    assert "sub/MLproject:3:5: mended[misspelt-key]" in answer.stdout
    assert (theirs / "sub" / "MLproject").read_text() == MISSPELT.replace("comand", "command")
    assert (theirs / "sub" / "other.yaml").read_text() == MISSPELT


def pre_commit(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        from uv import find_uv_bin
    except ImportError:
        missing("uv", "it is not installed")
        raise AssertionError from None
    tool = [find_uv_bin(), "tool", "run", "--python", sys.executable, "pre-commit"]
    env = {**os.environ, "PRE_COMMIT_HOME": str(home / "home")}
    return subprocess.run(
        [*tool, *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
