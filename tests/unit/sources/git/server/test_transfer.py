"""The command of a fetch, its progress, and what it clears away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import SourceError
from mlrun.sources.git.process import GitMissingError, run_git
from mlrun.sources.git.server.talking import fetch, list_refs
from mlrun.sources.git.server.transfer import Progress, Transfer
from mlrun.sources.git.url import GitUrl
from tests.repositories import make_repository

HTTPS = GitUrl("https://code.invalid/team/it.git", "https", "code.invalid", "alice", "a-secret")


class Lines(list[str]):
    def __call__(self, line: str, *, passing: bool = False) -> None:
        self.append(line)


def words(
    *refspecs: str,
    version: tuple[int, ...] = (2, 39),
    mirror: Path = Path("/none"),
    depth: int | None = None,
    unshallow: bool = False,
    blobs: bool = True,
) -> list[str]:
    what = Transfer(HTTPS, mirror, refspecs, depth=depth, unshallow=unshallow, blobs=blobs)
    return what.arguments(version)


def test_address_and_refspecs_can_be_no_options() -> None:
    assert words("a:b", "c:d")[-4:] == ["--", HTTPS.address, "a:b", "c:d"]
    assert not any("a-secret" in word for word in words("a:b"))


def test_what_older_versions_do_not_know_is_left_out() -> None:
    assert "--no-write-fetch-head" in words("a:b", version=(2, 29, 0))
    assert "--no-write-fetch-head" not in words("a:b", version=(2, 25, 1))
    assert "protocol.version=2" in words("a:b", version=(2, 25, 1))
    assert "protocol.version=2" not in words("a:b", version=(2, 28))


def test_how_much_is_fetched(tmp_path: Path) -> None:
    assert "--depth=1" in words("a:b", depth=1)
    assert "--filter=tree:0" in words("a:b", blobs=False)
    assert "--unshallow" not in words("a:b", mirror=tmp_path, unshallow=True)
    (tmp_path / "shallow").touch()
    assert "--unshallow" in words("a:b", mirror=tmp_path, unshallow=True)


def test_only_patterns_prune() -> None:
    assert "--prune" in words("+refs/heads/*:refs/heads/*")
    assert "--prune" not in words("+refs/heads/main:refs/heads/main")


class TestProgress:
    def test_lines_of_git_become_lines_of_ours(self) -> None:
        lines = Lines()
        progress = Progress(HTTPS, lines)
        progress.take(
            b"remote: Enumerating objects: 9, done.        \n"
            b"remote: Counting objects: 100% (9/9), done.        \n"
            b"Receiving objects:  45% (9/20), 12.30 MiB | 3.10 MiB/s\r"
        )
        progress.take(b"Receiving objects: 100% (20/20), 27.00 MiB | 3.20 MiB/s, done.\n")
        progress.take(b"Resolving deltas: 100% (3/3), done.\nFrom https://code.invalid/team/it\n")
        assert [line for line in lines if " 45 %" not in line] == [
            "fetching code.invalid/team/it: the server counts objects, 100 %",
            "fetching code.invalid/team/it: 100 %, 27.00 MiB, 3.20 MiB/s",
            "fetching code.invalid/team/it: resolving deltas, 100 %",
        ]

    def test_the_last_state_is_known_though_not_each_is_said(self) -> None:
        progress = Progress(HTTPS, Lines())
        assert progress.last is None
        progress.take(
            b"Receiving objects:  44% (4/9)\rReceiving objects:  45% (9/20), 1 MiB | 2 KiB/s\r"
        )
        assert progress.last == "45 %, 1 MiB, 2 KiB/s"

    def test_a_server_writes_nothing_to_the_terminal(self) -> None:
        lines = Lines()
        progress = Progress(HTTPS, lines)
        progress.take(b"remote: Compressing objects: 100% (3/3), \x1b[31mred\x07 1 MiB, done.\n")
        progress.take(b"remote: Compressing objects: 100% (3/0), done.\n")
        assert all(line.isprintable() for line in lines)
        assert "the server compresses objects, 100 %" in lines[0]
        assert not any("red" in line for line in lines)

    def test_what_is_no_progress_is_kept_in_its_order(self) -> None:
        progress = Progress(HTTPS, Lines())
        progress.take(b"remote: no\nReceiving objects:  45% (9/20)\rfatal: it")
        progress.take(b" broke\nsome hint")
        assert progress.text() == "remote: no\nfatal: it broke\nsome hint"

    def test_an_endless_answer_is_not_kept(self) -> None:
        progress = Progress(HTTPS, Lines())
        for number in range(3000):
            progress.take(b"remote: line %d\n" % number)
            progress.take(b"x" * 1000)
        text = progress.text()
        assert "line 2999" in text
        assert len(text) < 1_000_000

    @given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
    def test_where_the_bytes_are_cut_makes_no_difference(
        self, data: bytes, cuts: list[int]
    ) -> None:
        whole, parts = Progress(HTTPS, Lines()), Progress(HTTPS, Lines())
        whole.take(data)
        at = 0
        for cut in sorted(cut for cut in cuts if cut <= len(data)):
            parts.take(data[at:cut])
            at = cut
        parts.take(data[at:])
        assert parts.text() == whole.text()
        assert parts.last == whole.last

    @pytest.mark.parametrize(
        ("url", "name"),
        [
            (GitUrl("git@code.invalid:team/it.git", "ssh", "code.invalid"), "code.invalid/team/it"),
            (
                GitUrl("ssh://git@code.invalid:22/it", "ssh", "code.invalid:22"),
                "code.invalid:22/it",
            ),
            (GitUrl("file:///srv/it.git/", "file"), "/srv/it"),
            (GitUrl("/srv/it.git", "file"), "/srv/it"),
        ],
    )
    def test_names(self, url: GitUrl, name: str) -> None:
        lines = Lines()
        Progress(url, lines).take(b"Resolving deltas: 100% (3/3), done.\n")
        assert lines == [f"fetching {name}: resolving deltas, 100 %"]


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", None])
def test_variables_around_do_not_reach_git(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in list(os.environ):
        if other.startswith("GIT_"):
            monkeypatch.delenv(other)
    there = make_repository(tmp_path / "there.git", {"a": "1"})
    mirror = make_repository(tmp_path / "mirror.git")
    if name is not None:
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    url = GitUrl(there.path.as_uri(), "file")
    fetch(url, mirror.path, ["refs/heads/main:refs/mlrun/it"], may_ask=False, report=Lines())
    assert mirror.find("refs/mlrun/it") == there.find("refs/heads/main")
    assert not (tmp_path / "elsewhere").exists()


NO_GIT = """
import sys
from pathlib import Path
from mlrun.errors import SourceError
from mlrun.sources.git.server.talking import fetch
from mlrun.sources.git.url import GitUrl
try:
    fetch(GitUrl("file:///x", "file"), Path("/x"), [], may_ask=False, report=print)
except SourceError as error:
    print(error)
"""


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="there is no git"):  # GitPython is imported already
        fetch(GitUrl("file:///x", "file"), tmp_path, [], may_ask=False, report=Lines())
    done = subprocess.run([sys.executable, "-c", NO_GIT], capture_output=True, text=True)
    assert "there is no git" in done.stdout, done.stderr


def test_a_git_that_may_not_be_started_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").touch(0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    url = GitUrl("file:///x", "file")
    with pytest.raises(SourceError, match="there is no git"):
        fetch(url, tmp_path, [], may_ask=False, report=Lines())
    with pytest.raises(SourceError, match="there is no git"):
        list_refs(url, may_ask=False, everything=True)
    with pytest.raises(GitMissingError):
        run_git("version", folder=tmp_path)
