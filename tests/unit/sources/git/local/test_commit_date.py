"""When the commit of a folder's code was made."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from mlrun.sources.git.local.commit_date import commit_date


@pytest.fixture(autouse=True)
def _settings(git_environment: Path) -> None:
    """Every test has settings of its own."""


def git(folder: Path, *words: str, **variables: str) -> None:
    subprocess.run(("git", *words), cwd=folder, env={**os.environ, **variables}, check=True)


def test_of_a_working_tree_and_a_folder_in_it(tmp_path: Path) -> None:
    project = tmp_path / "repository" / "project"
    project.mkdir(parents=True)
    git(tmp_path / "repository", "init", "-q")
    assert commit_date(project) is None
    (project / "file").write_text("")
    git(project, "add", "file")
    dates = {
        "GIT_COMMITTER_DATE": "2023-05-01T12:00:00+02:00",
        "GIT_AUTHOR_DATE": "2020-01-01T00:00Z",
    }
    git(project, "commit", "-q", "-m", "one", **dates)
    moment = datetime(2023, 5, 1, 10, tzinfo=timezone.utc)
    assert commit_date(project) == moment
    assert commit_date(tmp_path / "repository") == moment


def test_of_what_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_date(tmp_path) is None
    assert commit_date(tmp_path / "nowhere") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_date(tmp_path) is None
