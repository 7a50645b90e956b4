"""A commit in a folder: its files to the byte, a repository that works, and no program run."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from mlrun.sources.git.placing import Placement, place
from mlrun.sources.git.process import GitError
from tests.repositories import Content, Link, Program, Repository, make_repository
from tests.repository_snapshot import unchanged


@pytest.fixture(autouse=True)
def settings(git_environment: Path) -> Path:
    """Every test has settings of its own."""
    return git_environment


def git(folder: Path, *words: str) -> str:
    answer = subprocess.run(("git", *words), cwd=folder, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    return os.fsdecode(answer.stdout).strip()


def put(placement: Placement, folder: Path) -> Path:
    folder.mkdir()
    with unchanged(placement.repository):
        place(placement, folder)
    return folder


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of all files of a working tree, but of its `.git`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".git" in path.relative_to(folder).parts or (path.is_dir() and not path.is_symlink()):
            continue
        data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()  # noqa: PTH115
        found[str(path.relative_to(folder))] = (path.lstat().st_mode, data)
    return found


FILES: dict[str, Content] = {
    "plain.txt": "one\ntwo\n",
    "crlf.txt": "one\r\ntwo\r\n",
    "mixed.bin": bytes(range(256)) * 10,
    "run.sh": Program(b"#!/bin/sh\n"),
    "out": Link("../../../etc/passwd"),
    'a "b"\t#é': "odd",
    f"{'d' * 100}/{'e' * 100}/{'f' * 200}": "long",
}


@pytest.fixture
def source(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "source.git", FILES)


def head(source: Repository) -> str:
    return source.git("rev-parse", "main")


class TestFiles:
    def test_are_as_in_the_commit(self, source: Repository, tmp_path: Path) -> None:
        folder = put(Placement(source.path, head(source)), tmp_path / "own")
        found = contents(folder)
        assert found.keys() == FILES.keys()
        assert found["crlf.txt"][1] == b"one\r\ntwo\r\n"
        assert found["mixed.bin"][1] == bytes(range(256)) * 10
        assert found["out"][1] == b"../../../etc/passwd"
        assert stat.S_ISLNK(found["out"][0])
        assert found["run.sh"][0] & 0o111
        assert not found["plain.txt"][0] & 0o111

    @pytest.mark.parametrize(
        "setting",
        [
            "[core]\n\tautocrlf = true\n",
            "[core]\n\tautocrlf = input\n\teol = crlf\n",
            "[core]\n\tsparseCheckout = true\n\tsymlinks = false\n\tfileMode = false\n",
            "[core]\n\tattributesFile = ~/attributes\n",
        ],
    )
    def test_are_the_same_whatever_the_user_has_set(
        self, source: Repository, tmp_path: Path, settings: Path, setting: str
    ) -> None:
        expected = contents(put(Placement(source.path, head(source)), tmp_path / "first"))
        settings.write_text(setting)
        (settings.parent / "attributes").write_text("* text eol=crlf ident\n")
        folder = put(Placement(source.path, head(source)), tmp_path / "second")
        assert contents(folder) == expected

    def test_attributes_that_need_no_program_are_followed(self, tmp_path: Path) -> None:
        attributes = "*.bat text eol=crlf\n*.id ident\n*.u16 working-tree-encoding=UTF-16LE\n"
        files: dict[str, Content] = {
            ".gitattributes": attributes + "*.ver export-subst\n",
            "a.bat": "x\ny\n",
            "a.id": "$Id$\n",
            "a.u16": "é\n",
            "a.ver": "$Format:%H$\n",
        }
        source = make_repository(tmp_path / "source.git", files)
        folder = put(Placement(source.path, head(source)), tmp_path / "own")
        git(tmp_path, "clone", "-q", str(source.path), "clone")
        assert contents(folder) == contents(tmp_path / "clone")
        assert (folder / "a.bat").read_bytes() == b"x\r\ny\r\n"
        assert (folder / "a.ver").read_text() == "$Format:%H$\n"
        assert git(folder, "status", "--porcelain") == ""

    def test_very_many(self, tmp_path: Path) -> None:
        files: dict[str, Content] = {
            f"d{n % 7}/f{n}": Program(b"x") if n % 3 else Link("x") for n in range(1500)
        }
        source = make_repository(tmp_path / "source.git", files)
        folder = put(Placement(source.path, head(source), "main"), tmp_path / "own")
        git(tmp_path, "clone", "-q", str(source.path), "clone")
        assert contents(folder) == contents(tmp_path / "clone")
        assert git(folder, "status", "--porcelain") == ""


class TestRepository:
    def test_on_a_branch(self, source: Repository, tmp_path: Path, settings: Path) -> None:
        settings.write_text("[core]\n\tautocrlf = true\n\tuntrackedCache = true\n")
        origin = "https://host.example/p.git"
        folder = put(Placement(source.path, head(source), "main", origin=origin), tmp_path / "own")
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "rev-parse", "HEAD") == head(source)
        assert git(folder, "symbolic-ref", "HEAD") == "refs/heads/main"
        assert git(folder, "log", "-1", "--format=%s") == "the first commit"
        assert git(folder, "remote", "get-url", "origin") == origin
        assert git(folder, "fsck", "--connectivity-only") == ""
        (folder / "new").write_text("x")
        git(folder, "add", "new")
        git(folder, "commit", "-qm", "the project may commit")
        assert source.git("rev-list", "--count", "--all") == "1"

    def test_gitpython_reads_it(self, source: Repository, tmp_path: Path) -> None:
        import git as gitpython

        commit = head(source)
        folder = put(Placement(source.path, commit, "a/b"), tmp_path / "own")
        with gitpython.Repo(folder, search_parent_directories=True) as repo:
            assert repo.active_branch.name == "a/b"
            assert repo.head.commit.hexsha == commit
            assert not repo.is_dirty()
            assert repo.remotes == []

    @pytest.mark.parametrize("annotated", [True, False])
    def test_on_a_tag(self, source: Repository, tmp_path: Path, annotated: bool) -> None:
        source.tag("v1", head(source), annotated=annotated)
        tag = source.git("rev-parse", "refs/tags/v1")
        folder = put(
            Placement(source.path, head(source), refs={"refs/tags/v1": tag}), tmp_path / "own"
        )
        assert git(folder, "describe", "--tags", "--exact-match") == "v1"
        assert git(folder, "rev-parse", "HEAD") == head(source)
        assert git(folder, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD"

    @pytest.mark.parametrize("form", ["sha1", "sha256"])
    def test_form_of_hashes(self, tmp_path: Path, form: str) -> None:
        source = make_repository(tmp_path / "source.git", FILES, form=form)
        folder = put(Placement(source.path, head(source), "main"), tmp_path / "own")
        assert git(folder, "rev-parse", "HEAD", "--show-object-format").split() == [
            head(source),
            form,
        ]
        assert git(folder, "status", "--porcelain") == ""

    @pytest.mark.parametrize(
        "name",
        ["a b", '"a"', "#a", "a\nb", 'a\\\n\t"', "a:b", "ünï", os.fsdecode(b"caf\xe9"), "-a"],
    )
    def test_borrows_from_a_folder_of_any_name(
        self, source: Repository, tmp_path: Path, name: str
    ) -> None:
        commit = head(source)
        other = source.path.rename(tmp_path / name)
        folder = put(Placement(other, commit, "main"), tmp_path / "own")
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "log", "-1", "--format=%H") == commit

    def test_borrows_from_a_relative_folder(
        self, source: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        folder = put(Placement(Path("source.git"), head(source)), tmp_path / "own")
        assert (folder / "plain.txt").read_text() == "one\ntwo\n"

    @pytest.mark.parametrize(
        "name", ["feature/x", "ünï", os.fsdecode(b"\xff"), "#1", "a'\"b", "@x"]
    )
    def test_branch_of_any_name(self, source: Repository, tmp_path: Path, name: str) -> None:
        folder = put(Placement(source.path, head(source), name), tmp_path / "own")
        assert git(folder, "symbolic-ref", "--short", "HEAD") == name
        assert git(folder, "status", "--porcelain") == ""

    @pytest.mark.parametrize("origin", ['/a "b" \\ c;d#e', "/a\nb\tc", " /x ", "git@h:x.git", "é"])
    def test_origin_of_any_form(self, source: Repository, tmp_path: Path, origin: str) -> None:
        folder = put(Placement(source.path, head(source), origin=origin), tmp_path / "own")
        told = git(folder, "config", "--null", "remote.origin.url")
        assert told == f"{origin}\0".strip()

    def test_shallow_history(self, source: Repository, tmp_path: Path) -> None:
        source.commit({"more": "x"})
        git(tmp_path, "clone", "-q", "--depth=1", "--bare", source.path.as_uri(), "shallow")
        folder = put(Placement(tmp_path / "shallow", head(source), "main"), tmp_path / "own")
        assert git(folder, "rev-list", "--count", "HEAD") == "1"
        assert git(folder, "status", "--porcelain") == ""

    def test_borrows_from_one_that_borrows(self, source: Repository, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--bare", "--shared", str(source.path), "middle")
        relative = tmp_path / "middle" / "objects" / "info" / "alternates"
        relative.write_text("../../source.git/objects\n")
        folder = put(Placement(tmp_path / "middle", head(source)), tmp_path / "own")
        assert git(folder, "log", "-1", "--format=%H") == head(source)

    def test_missing_objects_are_an_error(self, tmp_path: Path) -> None:
        whole = make_repository(tmp_path / "whole.git", {"a": "kept", "b": "lost"})
        blob = whole.git("rev-parse", "main:b")
        (whole.path / "objects" / blob[:2] / blob[2:]).unlink()
        (tmp_path / "own").mkdir()
        with pytest.raises(GitError, match=blob):
            place(Placement(whole.path, head(whole)), tmp_path / "own")


class TestNothingRuns:
    def test_of_the_users_settings(self, tmp_path: Path, settings: Path) -> None:
        """Settings of the user's that the repository could choose by its attributes."""
        marker = tmp_path / "ran"
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
        program.chmod(0o755)
        template = tmp_path / "template"
        hooks = template / "hooks"
        hooks.mkdir(parents=True)
        for name in ("post-checkout", "post-index-change", "reference-transaction", "post-merge"):
            (hooks / name).symlink_to(program)
        settings.write_text(
            f'[filter "user"]\n\tsmudge = {program}\n\tclean = {program}\n\trequired = true\n'
            f'[filter "long"]\n\tprocess = {program}\n\trequired = true\n'
            f'[diff "user"]\n\ttextconv = {program}\n\tcommand = {program}\n'
            f"[core]\n\tfsmonitor = {program}\n\thooksPath = {hooks}\n\tpager = {program}\n"
            f"[init]\n\ttemplateDir = {template}\n"
        )
        files: dict[str, Content] = {
            ".gitattributes": "*.a filter=user diff=user\n*.b filter=long\n",
            "x.a": "a",
            "x.b": "b",
        }
        source = make_repository(tmp_path / "source.git", files)
        folder = put(Placement(source.path, head(source), "main"), tmp_path / "own")
        assert (folder / "x.a").read_text() == "a"
        assert (folder / "x.b").read_text() == "b"
        assert not marker.exists()
        assert not (folder / ".git" / "hooks").exists()

    def test_of_the_repositorys_settings(self, source: Repository, tmp_path: Path) -> None:
        marker = tmp_path / "ran"
        program = source.path / "hooks" / "post-index-change"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ntouch {marker}\n")
        program.chmod(0o755)
        commit = source.commit({".gitattributes": "* filter=evil\n"})
        for name in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.process"):
            source.configure(name, str(program))
        source.configure("core.alternateRefsCommand", str(program))
        place_folder = tmp_path / "own"
        place_folder.mkdir()
        place(Placement(source.path, commit, "main"), place_folder)
        assert (place_folder / "plain.txt").exists()
        assert not marker.exists()
