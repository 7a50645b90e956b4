"""`-v` on the user's own repository: it runs, and nothing at all of the repository changes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.functional.commands import Place
from tests.functional.fetched import run, tags_of_last_run, work_folders
from tests.repositories import ECHOING_PROJECT
from tests.repository_snapshot import unchanged


@pytest.fixture
def own(place: Place, git_environment: Path) -> Path:
    """A repository with two versions, a remote, a stash, and changes of all kinds."""
    folder = place.folder / "own"
    folder.mkdir()

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    (folder / "MLproject").write_text(ECHOING_PROJECT)
    (folder / "text.txt").write_text("one\n")
    git("add", ".")
    git("commit", "-m", "one")
    git("tag", "-a", "-m", "noted", "v1")
    (folder / "text.txt").write_text("two\n")
    git("commit", "-a", "-m", "two")
    git("remote", "add", "origin", "https://alice:s3cret@example.invalid/own.git")
    git("branch", "feature/x", "v1")
    (folder / "text.txt").write_text("stashed\n")
    git("stash")
    (folder / "text.txt").write_text("staged\n")
    git("add", "text.txt")
    (folder / "text.txt").write_text("changed\n")
    (folder / "untracked").write_text("mine\n")
    return folder


@pytest.mark.parametrize("form", ["folder", "file", "subfolder"])
def test_a_version_runs_beside_the_users_tree(place: Place, own: Path, form: str) -> None:
    uri = {"folder": "own", "file": own.as_uri(), "subfolder": f"{own.as_uri()}#."}[form]
    with unchanged(own):
        for version, text in {
            "v1": "one",
            "main": "two",
            "feature/x": "one",
            "main~1": "one",
        }.items():
            answer = run(place, uri, "-v", version)
            assert answer.returncode == 0, answer.stderr
            assert answer.stdout == f"said hello\n{text}\n"
    assert work_folders() == []
    assert "s3cret" not in str(tags_of_last_run(place))


def test_a_dry_run_or_an_error_changes_nothing(place: Place, own: Path) -> None:
    with unchanged(own):
        assert run(place, "own", "-v", "v1", "--dry-run").returncode == 0
        answer = run(place, "own", "-v", "featur/x")
        assert answer.returncode == 125
        assert "feature/x" in answer.stderr
        assert run(place, "own", "-v", "v1", "-e", "no-such-entry.sh").returncode == 125


def test_a_command_that_uses_git_changes_its_own_checkout(place: Place, own: Path) -> None:
    command = (
        "git commit -q --allow-empty -m mine && git checkout -q -b new && git tag new-tag"
        " && git stash list && git gc -q && git log --format=%s"
    )
    (own / "MLproject").write_text(f"entry_points: {{main: {{command: '{command}'}}}}\n")
    subprocess.run(["git", "commit", "-qam", "three"], cwd=own, check=True)
    with unchanged(own):
        answer = run(place, "own", "-v", "main")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[:2] == ["mine", "three"]


def test_a_project_in_place_is_not_touched_but_by_its_command(place: Place, own: Path) -> None:
    (own / "MLproject").write_text("entry_points: {main: {command: cat text.txt}}\n")
    with unchanged(own):
        assert run(place, "own").stdout == "changed\n"
        plan = run(place, "own", "--dry-run").stdout
    tags = tags_of_last_run(place)
    assert tags["mlflow.source.git.dirty"] == "true"
    source = json.loads(plan)["work"]["source"]
    assert (source["branch"], source["dirty"]) == ("main", True)
    assert source["commit"] == tags["mlflow.source.git.commit"]
    assert source["repo_url"] == "https://example.invalid/own.git"
    assert "s3cret" not in str(tags) + plan
