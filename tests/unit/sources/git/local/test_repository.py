"""Finding a repository on this machine, and what a version of it is, with nothing moved in it."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from mlrun.errors import SourceError, VersionNotFoundError
from mlrun.sources.git.local.repository import (
    LocalRepository,
    find_repository,
    is_bare,
    place_version,
    resolve_locally,
)
from mlrun.sources.git.placing import Placement
from mlrun.sources.git.process import GitError
from tests.components import missing
from tests.repositories import make_repository
from tests.repository_snapshot import unchanged


@pytest.fixture(autouse=True)
def _settings(git_environment: Path) -> None:
    """Every test has settings of its own."""


def git(folder: Path, *words: str) -> str:
    answer = subprocess.run(("git", *words), cwd=folder, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    return os.fsdecode(answer.stdout).strip()


def commit(folder: Path, text: str) -> str:
    (folder / "file").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits on `main`, the second tagged, and one on `side`."""
    folder = tmp_path / "repository"
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    (folder / "sub").mkdir()
    (folder / "sub" / "kept").write_text("")
    commit(folder, "first")
    commit(folder, "second")
    git(folder, "tag", "-a", "v1", "-m", "this is v1")
    git(folder, "tag", "light")
    git(folder, "switch", "-qc", "side/way")
    commit(folder, "aside")
    git(folder, "switch", "-q", "main")
    commit(folder, "third")
    return folder


def found(folder: Path) -> LocalRepository:
    repository = find_repository(folder)
    assert repository is not None
    return repository


def resolve(folder: Path, version: str | None) -> Placement:
    with unchanged(folder):
        return resolve_locally(found(folder), version)


def failure(folder: Path, version: str | None) -> VersionNotFoundError:
    with unchanged(folder), pytest.raises(VersionNotFoundError) as raised:
        resolve_locally(found(folder), version)
    return raised.value


class TestFinding:
    def test_working_tree_and_folder_inside(self, repository: Path) -> None:
        assert found(repository) == LocalRepository(repository / ".git", repository)
        assert found(repository / "sub").inside == "sub"
        (repository / "sub" / "deep er").mkdir()
        assert found(repository / "sub" / "deep er").inside == "sub/deep er"

    def test_link_to_a_folder_inside(self, repository: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(repository / "sub")
        assert found(tmp_path / "link") == LocalRepository(repository / ".git", repository, "sub")

    def test_bare(self, repository: Path, tmp_path: Path) -> None:
        for name in ("bare.git", "bare"):
            git(tmp_path, "clone", "-q", "--bare", str(repository), name)
            assert is_bare(tmp_path / name)
            assert found(tmp_path / name) == LocalRepository(tmp_path / name, tmp_path / name)
            assert find_repository(tmp_path / name / "objects") is None

    def test_worktree_has_the_objects_of_its_repository(
        self, repository: Path, tmp_path: Path
    ) -> None:
        git(repository, "worktree", "add", "-q", str(tmp_path / "tree"), "side/way")
        assert found(tmp_path / "tree") == LocalRepository(repository / ".git", tmp_path / "tree")
        placement = resolve_locally(found(tmp_path / "tree"), None)
        assert placement.branch == "side/way"

    def test_submodule(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "whole")
        git(
            tmp_path / "whole",
            *("-c", "protocol.file.allow=always", "submodule", "add", "-q"),
            *(str(repository), "part"),
        )
        part = tmp_path / "whole" / "part"
        assert found(part).git == tmp_path / "whole" / ".git" / "modules" / "part"
        assert resolve(part, "v1").commit == git(repository, "rev-parse", "v1^{}")

    def test_nothing_there(self, tmp_path: Path) -> None:
        assert find_repository(tmp_path) is None
        assert not is_bare(tmp_path)
        assert not is_bare(tmp_path / "missing")

    @pytest.mark.parametrize(
        "content", ["", "gitdir: nowhere\n", "gitdir:", "x\0y", "gitdir: a\0b"]
    )
    def test_git_file_that_names_nothing(self, content: str, tmp_path: Path) -> None:
        (tmp_path / ".git").write_text(content)
        assert find_repository(tmp_path) is None

    def test_git_folder_that_is_none_is_passed_over(self, repository: Path) -> None:
        (repository / "sub" / ".git").mkdir()
        assert found(repository / "sub").inside == "sub"

    def test_repository_that_git_does_not_take_is_not_its_parent(self, repository: Path) -> None:
        inner = repository / "sub"
        git(repository, "init", "-q", "sub")
        (inner / ".git" / "HEAD").write_text("nonsense\n")
        with pytest.raises(SourceError, match="cannot read the repository"):
            resolve_locally(found(inner), "main")


class TestVersions:
    @pytest.mark.parametrize(
        ("version", "revision", "branch"),
        [
            ("main", "main", "main"),
            ("side/way", "side/way", "side/way"),
            ("refs/heads/side/way", "side/way", "side/way"),
            ("heads/side/way", "side/way", None),
            ("v1", "v1^{commit}", None),
            ("v1^{}", "v1^{commit}", None),
            ("light", "v1^{commit}", None),
            ("refs/tags/v1", "v1^{commit}", None),
            ("HEAD~2", "HEAD~2", None),
            ("main~1", "main~1", None),
            ("refs/heads/main~1", "main~1", None),
            ("main@{0}", "main", None),
            (":/second", "v1^{commit}", None),
        ],
    )
    def test_version(
        self, repository: Path, version: str, revision: str, branch: str | None
    ) -> None:
        placement = resolve(repository, version)
        assert placement.commit == git(repository, "rev-parse", revision)
        assert placement.branch == branch
        assert placement.repository == repository / ".git"

    def test_name_by_describe(self, repository: Path) -> None:
        name = git(repository, "describe", "main")
        placement = resolve(repository, name)
        assert (placement.commit, placement.branch) == (git(repository, "rev-parse", "main"), None)
        git(repository, "branch", name, "v1")
        placement = resolve(repository, name)
        assert (placement.commit, placement.branch) == (git(repository, "rev-parse", "v1^{}"), name)

    def test_head(self, repository: Path) -> None:
        for version in (None, "HEAD", "@"):
            placement = resolve(repository, version)
            assert (placement.commit, placement.branch) == (
                git(repository, "rev-parse", "HEAD"),
                "main",
            )
        git(repository, "switch", "-q", "--detach", "v1")
        placement = resolve(repository, None)
        assert (placement.commit, placement.branch) == (
            git(repository, "rev-parse", "v1^{}"),
            None,
        )

    def test_tag_named_head(self, repository: Path) -> None:
        git(repository, "update-ref", "refs/tags/HEAD", "HEAD~1")
        assert resolve(repository, None).commit == git(repository, "rev-parse", "main")

    def test_hash(self, repository: Path) -> None:
        whole = git(repository, "rev-parse", "v1^{}")
        for version in (whole, whole[:7], whole[:12].upper(), git(repository, "rev-parse", "v1")):
            assert resolve(repository, version).commit == whole

    def test_annotated_tag_comes_along_as_it_is(self, repository: Path) -> None:
        for version in ("v1", "refs/tags/v1"):
            refs = resolve(repository, version).refs
            assert refs == {"refs/tags/v1": git(repository, "rev-parse", "refs/tags/v1")}

    def test_stash(self, repository: Path) -> None:
        (repository / "file").write_text("changed")
        git(repository, "stash")
        wanted = git(repository, "rev-parse", "stash@{0}")
        assert resolve(repository, "stash@{0}").commit == wanted
        assert resolve(repository, "stash").commit == wanted

    def test_branch_is_before_a_tag_and_a_tag_before_a_short_hash(self, repository: Path) -> None:
        old, new = git(repository, "rev-parse", "main~2"), git(repository, "rev-parse", "main")
        git(repository, "tag", "both", old)
        git(repository, "branch", "both", new)
        assert resolve(repository, "both").commit == new
        git(repository, "tag", new[:7], old)
        assert resolve(repository, new[:7]).commit == old

    def test_full_hash_is_that_commit_whatever_has_its_name(self, repository: Path) -> None:
        old, new = git(repository, "rev-parse", "main~2"), git(repository, "rev-parse", "main")
        git(repository, "update-ref", f"refs/heads/{old}", new)
        assert resolve(repository, old).commit == old

    def test_branch_of_a_remote(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", str(repository), "clone")
        clone = tmp_path / "clone"
        git(clone, "remote", "add", "fork", "https://user:s3cret@host.example/p.git")
        git(clone, "update-ref", "refs/remotes/fork/theirs", "HEAD")
        aside = git(repository, "rev-parse", "side/way")
        placement = resolve(clone, "side/way")
        assert (placement.commit, placement.branch) == (aside, "side/way")
        assert placement.origin == str(repository)
        placement = resolve(clone, "origin/side/way")
        assert (placement.commit, placement.branch) == (aside, None)
        assert resolve(clone, "theirs").branch == "theirs"
        git(clone, "remote", "remove", "origin")
        assert resolve(clone, "main").origin == "https://host.example/p.git"

    def test_pull_request(self, repository: Path) -> None:
        wanted = git(repository, "rev-parse", "v1^{}")
        git(repository, "update-ref", "refs/pull/7/head", wanted)
        assert resolve(repository, "refs/pull/7/head").commit == wanted
        assert resolve(repository, "pull/7/head").commit == wanted

    def test_odd_names(self, repository: Path) -> None:
        for name in ("a\u2028b", "ünï", "#x", "a'b\"c", "100%", "$(x)"):
            git(repository, "branch", name, "v1^{}")
            assert resolve(repository, name).branch == name

    def test_one_process(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[object] = []
        run = subprocess.run

        def counted(*words: object, **options: object) -> object:
            started.append(words)
            return run(*words, **options)  # type: ignore[call-overload]

        for version in ("main", "v1", git(repository, "rev-parse", "HEAD")[:9], "HEAD~1", None):
            started.clear()
            with monkeypatch.context() as patch:
                patch.setattr(subprocess, "run", counted)
                resolve_locally(found(repository), version)
            assert len(started) == 1


class TestForms:
    def test_sha256(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", "new")
        whole = commit(tmp_path / "new", "text")
        assert len(whole) == 64
        for version in ("main", whole, whole[:10]):
            assert resolve(tmp_path / "new", version).commit == whole

    def test_bare_runs_its_head(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
        placement = resolve(tmp_path / "bare.git", None)
        assert placement.branch == "main"
        assert placement.repository == tmp_path / "bare.git"
        git(tmp_path, "config", "--global", "safe.bareRepository", "explicit")
        assert resolve(tmp_path / "bare.git", "v1").commit == git(repository, "rev-parse", "v1^{}")

    def test_shallow(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
        assert resolve(tmp_path / "shallow", "main").branch == "main"
        hint = failure(tmp_path / "shallow", git(repository, "rev-parse", "v1^{}")).hint
        assert "--unshallow" in str(hint)
        assert "--unshallow" in str(failure(tmp_path / "shallow", "HEAD~1").hint)

    def test_partial_clone_fetches_nothing(self, repository: Path, tmp_path: Path) -> None:
        git(repository, "config", "uploadpack.allowFilter", "true")
        git(tmp_path, "clone", "-q", "--filter=blob:none", repository.as_uri(), "partial")
        partial = tmp_path / "partial"
        failure(partial, "0123456789" * 4)
        placement = resolve(partial, "v1")
        (tmp_path / "own").mkdir()
        with unchanged(partial, repository), pytest.raises(SourceError, match="partial clone") as e:
            place_version(found(partial), placement, tmp_path / "own")
        assert e.value.hint == (
            f"run it from its server: mlrun run {repository.as_uri()} -v {placement.commit}"
        )
        git(partial, "remote", "set-url", "origin", str(repository))
        (tmp_path / "other").mkdir()
        with pytest.raises(SourceError) as again:
            place_version(found(partial), resolve(partial, "v1"), tmp_path / "other")
        command = str(again.value.hint).split("`")[1]
        assert subprocess.run(["bash", "-c", command], check=False).returncode == 0
        (tmp_path / "third").mkdir()
        place_version(found(partial), placement, tmp_path / "third")
        assert (tmp_path / "third" / "file").read_text() == "second"

    @pytest.mark.parametrize("url", ["ext::PROGRAM", "ssh://host/x", "/x"])
    def test_nothing_that_it_configures_is_run(
        self, repository: Path, tmp_path: Path, url: str
    ) -> None:
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        program.chmod(0o755)
        lost = git(repository, "rev-parse", "main:file")
        for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "remote.evil.uploadpack"):
            git(repository, "config", name, str(program))
        git(repository, "config", "remote.evil.url", url.replace("PROGRAM", str(program)))
        git(repository, "config", "remote.evil.promisor", "true")
        git(repository, "config", "protocol.allow", "always")
        git(repository, "config", "core.repositoryFormatVersion", "1")
        git(repository, "config", "extensions.partialClone", "evil")
        (repository / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
        subprocess.run(("git", "cat-file", "-p", lost), cwd=repository, capture_output=True)
        assert (tmp_path / "ran").exists()
        (tmp_path / "ran").unlink()
        placement = resolve_locally(found(repository), "main")
        for version in ("main:file", lost, "0123456789" * 4):
            with pytest.raises(VersionNotFoundError):
                resolve_locally(found(repository), version)
        (tmp_path / "own").mkdir()
        with pytest.raises((SourceError, GitError)):
            place_version(found(repository), placement, tmp_path / "own")
        assert not (tmp_path / "ran").exists()

    def test_settings_of_the_environment_do_not_mislead(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git(tmp_path, "init", "-q", "other")
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
        monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "other" / ".git" / "objects"))
        monkeypatch.setenv("GIT_NAMESPACE", "x")
        commit = resolve_locally(found(repository), "main").commit
        for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
            monkeypatch.delenv(name)
        assert commit == git(repository, "rev-parse", "main")


class TestMistakes:
    def test_near_names(self, repository: Path) -> None:
        error = failure(repository, "mian")
        assert error.message == f"'{repository}' has no branch, tag or commit 'mian'"
        assert error.hint == "did you mean 'main'?"
        assert error.hint == failure(repository, "refs/heads/mian").hint
        assert failure(repository, "sidewy").hint == "did you mean 'side/way'?"
        assert failure(repository, "zzz").hint == "there are: 'main', 'side/way', 'light', 'v1'"

    def test_hash_that_is_not_there(self, repository: Path) -> None:
        for version in ("0123456", "0123456789" * 4):
            assert failure(repository, version).hint is None
        assert failure(repository, "main~99").hint is None

    def test_short_hash_of_several(self, tmp_path: Path) -> None:
        many = make_repository(tmp_path / "many.git", {})
        hashes = many.commits([({}, str(number)) for number in range(1500)])
        beginnings = Counter(hashed[:4] for hashed in hashes)
        beginning, count = beginnings.most_common(1)[0]
        assert count > 1
        error = failure(many.path, beginning)
        assert "is the beginning of several commits" in error.message
        for hashed in hashes:
            assert (hashed[:12] in error.message) == hashed.startswith(beginning)
        assert resolve(many.path, hashes[7][:12]).commit == hashes[7]

    def test_what_is_no_commit(self, repository: Path) -> None:
        assert (
            "is a folder"
            in failure(repository, git(repository, "rev-parse", "HEAD^{tree}")).message
        )
        assert "is a file" in failure(repository, "HEAD:file").message
        git(repository, "tag", "blob", "HEAD:file")
        assert "is a file" in failure(repository, "blob").message

    @pytest.mark.parametrize(
        "version", ["", "-x", "--all", "--upload-pack=x", "a\nmain", "a\0", "\x1b[2J", "a\rb"]
    )
    def test_what_cannot_be_a_version(self, repository: Path, version: str) -> None:
        assert "cannot be a version" in failure(repository, version).message

    def test_no_commits_yet(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "empty")
        for version in (None, "main", "v1", "HEAD~1"):
            with pytest.raises(SourceError, match="has no commits yet"):
                resolve_locally(found(tmp_path / "empty"), version)

    def test_head_without_commits_names_the_branches(
        self, repository: Path, tmp_path: Path
    ) -> None:
        git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
        git(tmp_path / "bare", "symbolic-ref", "HEAD", "refs/heads/master")
        error = failure(tmp_path / "bare", None)
        assert "on the branch 'master', which has no commits" in error.message
        assert error.hint == "choose a version with --version: 'main', 'side/way', 'light', 'v1'"

    def test_no_git(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository_here = found(repository)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SourceError, match="there is no `git`"):
            resolve_locally(repository_here, "v1")

    def test_repository_of_another_user(self, repository: Path, git_environment: Path) -> None:
        if os.geteuid() != 0:
            missing("root", "only root can give a folder away")
        for path in (repository, repository / ".git"):
            os.chown(path, 12345, 12345)
        with unchanged(repository), pytest.raises(SourceError, match="another user's") as raised:
            resolve_locally(found(repository), "v1")
        hint = str(raised.value.hint)
        subprocess.run(["bash", "-c", hint.partition(": ")[2]], check=True)
        assert resolve(repository, "v1").refs
