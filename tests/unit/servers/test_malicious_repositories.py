"""The malicious repositories are what they say: git takes them, and some do their harm."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.malicious_repositories import EITHER, HARMLESS, REFUSED, bare_inside


@pytest.mark.parametrize("kind", [*HARMLESS, *REFUSED, *EITHER])
def test_each_can_be_made_and_fetched(tmp_path: Path, git_environment: Path, kind: str) -> None:
    made = {**HARMLESS, **REFUSED, **EITHER}[kind](tmp_path / "project.git", tmp_path / "marker")
    mirror = tmp_path / "mirror.git"
    words = ["git", "clone", "--quiet", "--bare", str(made.path), str(mirror)]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    assert not (tmp_path / "marker").exists()


def test_a_git_that_looks_into_a_bare_folder_runs_its_monitor(
    tmp_path: Path, git_environment: Path
) -> None:
    made = bare_inside(tmp_path / "project.git", tmp_path / "marker")
    subprocess.run(["git", "clone", "-q", made.path, tmp_path / "clone"], check=True)
    inner = tmp_path / "clone" / "inner"
    subprocess.run(["git", "status"], cwd=inner, check=False, capture_output=True)
    assert (tmp_path / "marker").exists()
