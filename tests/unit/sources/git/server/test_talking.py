"""Asking for refs: nothing in an address is an option, and no failure is taken for an answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.errors import SourceError, SourceRefusedError, UsageError
from mlrun.sources.git.server.talking import fetch, list_refs
from mlrun.sources.git.url import GitUrl
from tests.repositories import make_repository


def program(folder: Path, script: str) -> None:
    """Put a `git` of the test's own into a folder."""
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)


def ignore(line: str, *, passing: bool = False) -> None:
    """Take a line of progress."""


@pytest.fixture
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_one_process_with_these_words(own_git: Path) -> None:
    program(
        own_git, f'for word in "$@"; do echo "$word"; done >>{own_git}/words; env >>{own_git}/env'
    )
    url = GitUrl("https://code.invalid/it", "https", "code.invalid", "alice", "a-secret")
    refs = list_refs(url, may_ask=False, everything=False)
    assert (refs.commits, refs.head) == ({}, None)
    words = (own_git / "words").read_text().splitlines()
    assert words[-6:] == ["ls-remote", "--symref", "--heads", "--tags", "--", url.address]
    assert words.count("ls-remote") == 1
    assert "a-secret" not in "".join(words)
    assert "MLRUN_GIT_PASSWORD=a-secret" in (own_git / "env").read_text()


def test_an_address_is_never_an_option(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    url = GitUrl(f"--upload-pack=touch {ran}", "file")
    with pytest.raises(SourceError):
        list_refs(url, may_ask=False, everything=True)
    mirror = make_repository(tmp_path / "m.git").path
    with pytest.raises(SourceError):
        fetch(url, mirror, [f"--upload-pack=touch {ran}"], may_ask=False, report=ignore)
    assert not ran.exists()


def test_a_repository_of_another_user(own_git: Path) -> None:
    program(
        own_git, "echo \"fatal: detected dubious ownership in repository at '/x'\" >&2; exit 128"
    )
    with pytest.raises(SourceRefusedError, match="belongs to another user"):
        list_refs(GitUrl("file:///x", "file"), may_ask=False, everything=True)


def test_what_only_a_fetch_can_be_refused_is_an_error_of_a_listing(own_git: Path) -> None:
    program(own_git, 'echo "fatal: dumb http transport does not support shallow" >&2; exit 1')
    with pytest.raises(SourceError, match="dumb http"):
        list_refs(GitUrl("file:///x", "file"), may_ask=False, everything=True)


def test_a_limit_that_is_no_number_is_said_before_anything_starts(
    own_git: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(own_git, f"touch {own_git}/ran")
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "soon")
    with pytest.raises(UsageError, match="MLRUN_FETCH_TIMEOUT"):
        list_refs(GitUrl("file:///x", "file"), may_ask=False, everything=True)
    assert not (own_git / "ran").exists()


def test_listing_imports_nothing_that_takes_long() -> None:
    code = "import sys, mlrun.sources.git.server.talking; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"git", "tempfile", "ssl", "difflib", "logging", "mlrun.sources.git.server.failures"}
    assert not heavy & set(done.stdout.split())
