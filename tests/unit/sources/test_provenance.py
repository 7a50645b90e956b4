"""What git says, with real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlrun.sources import provenance
from mlrun.sources.base import Provenance
from mlrun.sources.provenance import start_probe, without_credentials


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    answer = subprocess.run(
        ("git", *identity, *words), cwd=folder, check=True, capture_output=True, text=True
    )
    return answer.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "trunk", "repo")
    folder = tmp_path / "repo"
    (folder / "sub").mkdir()
    (folder / "sub" / "a").write_text("a")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def ask(folder: Path) -> Provenance:
    probe = start_probe(folder)
    assert probe is not None
    answer = probe.collect()
    assert answer is not None
    return answer


def test_clean_repository(repository: Path) -> None:
    answer = ask(repository / "sub")
    assert answer.root == repository
    assert answer.commit == git(repository, "rev-parse", "HEAD")
    assert answer.branch == "trunk"
    assert answer.dirty is False
    assert answer.repo_url is None


def test_changed_file_is_dirty_and_an_untracked_one_is_not(repository: Path) -> None:
    (repository / "new").write_text("x")
    assert ask(repository).dirty is False
    (repository / "sub" / "a").write_text("b")
    assert ask(repository).dirty is True


def test_remote_is_named_without_its_credentials(repository: Path) -> None:
    git(repository, "remote", "add", "aaa", "https://elsewhere.example/x.git")
    git(repository, "remote", "add", "origin", "https://user:s3cret@host.example/team/p.git")
    assert ask(repository).repo_url == "https://host.example/team/p.git"


def test_detached_head_and_no_commit(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    assert ask(repository).branch is None
    git(tmp_path, "init", "-q", "empty")
    assert ask(tmp_path / "empty").commit is None


def test_probe_changes_nothing_in_the_repository(repository: Path) -> None:
    index = (repository / ".git" / "index").stat().st_mtime_ns
    (repository / "sub" / "a").touch()
    ask(repository)
    assert (repository / ".git" / "index").stat().st_mtime_ns == index


def test_probe_runs_no_program_of_the_repository(repository: Path, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(hook))
    ask(repository)
    assert not (tmp_path / "ran").exists()


def test_slow_git_leaves_dirty_unknown(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_COMMAND", ("sleep", "60"))
    probe = start_probe(repository)
    assert probe is not None
    probe._deadline = 0
    answer = probe.collect()
    assert answer is not None
    assert answer.commit == git(repository, "rev-parse", "HEAD")
    assert answer.dirty is None


def test_outside_a_repository_nothing_is_asked(tmp_path: Path) -> None:
    assert start_probe(tmp_path) is None


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://u:p@h/x.git", "https://h/x.git"),
        ("https://token@h:8/x@y.git", "https://h:8/x@y.git"),
        ("ssh://git@h/x.git", "ssh://git@h/x.git"),
        ("git@h:team/x.git", "git@h:team/x.git"),
        ("/srv/x.git", "/srv/x.git"),
    ],
)
def test_credentials_are_left_out(url: str, clean: str) -> None:
    assert without_credentials(url) == clean
