"""What git says, with real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from mlrun.sources import provenance
from mlrun.sources.base import Provenance
from mlrun.sources.git.local import filters
from mlrun.sources.provenance import start_probe, without_credentials
from tests.components import missing
from tests.repository_snapshot import unchanged


@pytest.fixture(autouse=True)
def settings(git_environment: Path) -> Path:
    """Every test has settings of its own."""
    return git_environment


def git(folder: Path, *words: str) -> str:
    answer = subprocess.run(
        ("git", "-c", "protocol.file.allow=always", *words),
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
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
    git(repository, "config", "core.untrackedCache", "true")
    (repository / "sub" / "a").touch()
    with unchanged(repository):
        ask(repository)
    (repository / "sub" / "a").write_text("b")
    with unchanged(repository):
        ask(repository)


def test_link_to_a_folder_of_a_repository(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "-b", "elsewhere", "other")
    (other / "link").symlink_to(repository / "sub")
    answer = ask(other / "link")
    assert (answer.root, answer.branch) == (repository, "trunk")
    (tmp_path / "alias").symlink_to(repository)
    assert ask(tmp_path / "alias" / "sub").root == tmp_path / "alias"


def test_repository_that_git_does_not_take_is_not_its_parent(repository: Path) -> None:
    git(repository, "init", "-q", "sub")
    assert ask(repository / "sub").root == repository / "sub"
    (repository / "sub" / ".git" / "HEAD").write_text("nonsense\n")
    probe = start_probe(repository / "sub")
    assert probe is not None
    assert probe.collect() is None


def test_variables_of_git_do_not_mislead(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    git(tmp_path, "init", "-q", "-b", "elsewhere", "other")
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_TRACE", "1")
    answer = ask(repository)
    assert (answer.commit, answer.branch, answer.dirty) == (commit, "trunk", False)


def test_settings_of_the_user_count(
    repository: Path, monkeypatch: pytest.MonkeyPatch, settings: Path
) -> None:
    (repository / "sub" / "a").chmod(0o755)
    assert ask(repository).dirty is True
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "remote.origin.url")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://host.example/x")
    assert ask(repository).repo_url == "https://host.example/x"


class TestSubmodules:
    @pytest.fixture
    def whole(self, repository: Path, tmp_path: Path) -> Path:
        git(tmp_path, "init", "-q", "whole")
        git(tmp_path / "whole", "submodule", "--quiet", "add", str(repository), "libs/part")
        git(tmp_path / "whole", "commit", "-qm", "with a part")
        return tmp_path / "whole"

    def test_changes_count(self, whole: Path) -> None:
        assert ask(whole).dirty is False
        (whole / "libs" / "part" / "new").write_text("x")
        assert ask(whole).dirty is False
        (whole / "libs" / "part" / "sub" / "a").write_text("x")
        with unchanged(whole):
            assert ask(whole).dirty is True

    def test_another_commit_counts(self, whole: Path) -> None:
        git(whole / "libs" / "part", "commit", "-q", "--allow-empty", "-m", "x")
        assert ask(whole).dirty is True

    def test_submodule_that_is_not_checked_out(self, whole: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", str(whole), "clone")
        assert ask(tmp_path / "clone").dirty is False

    @pytest.mark.parametrize("path", [".", "..", "/", "libs/..", "../repo", "libs/part/../.."])
    def test_path_that_leads_out_or_round(self, whole: Path, path: str) -> None:
        (whole / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = {path}\n')
        git(whole, "commit", "-qam", "odd")
        assert ask(whole).dirty is False

    def test_after_the_deadline_no_process_is_started_for_any(
        self, whole: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(provenance, "ProvenanceProbe", None)
        assert provenance._has_dirty_submodule(whole, monotonic()) is None

    def test_a_list_of_blanks_is_read_in_an_instant(self, whole: Path) -> None:
        settings = whole / ".gitmodules"
        for blank in ("\n", " ", "path = x" + " " * 100 + "\n"):
            settings.write_text((blank * 250_000)[:250_000] + "\n" + settings.read_text()[-5_000:])
            listing = (
                "import sys; from pathlib import Path; from mlrun.sources import provenance; "
                "print(*provenance._submodules(Path(sys.argv[1])))"
            )
            answer = subprocess.run(
                (sys.executable, "-c", listing, os.path.realpath(whole)),
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            )
            assert answer.stdout.strip() == os.path.realpath(whole / "libs" / "part")


class Hostile:
    """A repository whose configuration would make a file if git ran its programs.

    Attributes:
        folder: The working tree; a tracked file in it looks changed.
        program: Makes the file, and passes on what it reads.
    """

    def __init__(self, folder: Path, marker: Path) -> None:
        self.folder = folder
        self.program = marker.with_name("program")
        self.program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
        self.program.chmod(0o755)
        self._marker = marker
        (folder / ".gitattributes").write_text("* filter=evil diff=evil\n")
        git(folder, "add", ".")
        git(folder, "commit", "-qm", "attributes")
        # Of the same size, so that its content must be looked at.
        (folder / "sub" / "a").write_text("b")

    def configure(self, text: str, file: str = ".git/config") -> None:
        with (self.folder / file).open("a") as stream:
            stream.write(text.replace("PROGRAM", str(self.program)))

    def is_real(self) -> bool:
        """Return whether an ordinary `git status` runs the program."""
        subprocess.run(
            ("git", "status"), cwd=self.folder, check=False, capture_output=True, timeout=60
        )
        ran = self._marker.exists()
        self._marker.unlink(missing_ok=True)
        return ran

    def has_run(self) -> bool:
        return self._marker.exists()


@pytest.fixture
def hostile(repository: Path, tmp_path: Path) -> Hostile:
    return Hostile(repository, tmp_path / "ran")


CLEAN = '[filter "evil"]\n\tclean = PROGRAM\n'


class TestHostileRepository:
    @pytest.mark.parametrize(
        "text",
        [
            CLEAN,
            '[filter "evil"]\n\tprocess = PROGRAM\n\trequired = true\n\tclean = PROGRAM\n',
            "[FILTER.evil]\n\tclean = PROGRAM\n",
            '[core] x = y\n[gc][fiLTer "evil"] clean = PROGRAM\n',
            '[filter "e\\vil"]\n\tclean = PROGRAM\n',
            "[core]\n\tfsmonitor = PROGRAM\n",
            "[core]\n\tfsmonitor = PROGRAM\n\tfsmonitorHookVersion = 2\n" + CLEAN,
        ],
    )
    def test_its_programs_are_not_run(self, hostile: Hostile, text: str) -> None:
        hostile.configure(text)
        assert hostile.is_real()
        answer = ask(hostile.folder)
        assert not hostile.has_run()
        assert answer.commit == git(hostile.folder, "rev-parse", "HEAD")
        assert answer.branch == "trunk"

    @pytest.mark.parametrize("section", ["[include]", '[includeIf "onbranch:trunk"]'])
    def test_included(self, hostile: Hostile, section: str) -> None:
        hostile.configure(CLEAN, "more")
        hostile.configure(f"{section}\n\tpath = ../more\n")
        assert hostile.is_real()
        assert ask(hostile.folder).dirty is None
        assert not hostile.has_run()

    def test_configuration_of_a_worktree(self, hostile: Hostile, tmp_path: Path) -> None:
        git(hostile.folder, "worktree", "add", "-q", str(tmp_path / "tree"))
        git(hostile.folder, "config", "extensions.worktreeConfig", "true")
        for folder in (hostile.folder, tmp_path / "tree"):
            (folder / "sub" / "a").write_text("d")
            git(folder, "config", "--worktree", "filter.evil.clean", str(hostile.program))
            assert hostile.is_real()
            ask(folder)
            assert not hostile.has_run()

    def test_git_file_that_leads_to_it(self, hostile: Hostile, tmp_path: Path) -> None:
        hostile.configure(CLEAN)
        (hostile.folder / ".git").rename(tmp_path / "elsewhere")
        (hostile.folder / ".git").write_text("gitdir: ../elsewhere\n")
        assert hostile.is_real()
        assert ask(hostile.folder).dirty is None
        assert not hostile.has_run()

    def test_working_tree_elsewhere(self, hostile: Hostile, tmp_path: Path) -> None:
        hostile.configure(CLEAN + "[core]\n\tworktree = ../../tree\n")
        shutil.copytree(hostile.folder, tmp_path / "tree", ignore=shutil.ignore_patterns(".git"))
        answer = start_probe(hostile.folder)
        assert answer is not None
        answer.collect()
        assert not hostile.has_run()

    @pytest.mark.parametrize("colon", ["", "a:b"])
    def test_harmless_looking_one_inside_it(
        self, hostile: Hostile, tmp_path: Path, colon: str
    ) -> None:
        """Git passes over a `.git` that is none of its own, and takes the one above."""
        hostile.configure(CLEAN)
        git(hostile.folder, "init", "-q", "sub")
        (hostile.folder / "sub" / ".git" / "HEAD").write_text("nonsense\n")
        folder = hostile.folder.rename(tmp_path / f"repo{colon}")
        hostile.folder = folder
        assert hostile.is_real()
        probe = start_probe(folder / "sub")
        assert probe is not None
        probe.collect()
        assert not hostile.has_run()

    def test_submodule(self, hostile: Hostile, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "whole")
        whole = tmp_path / "whole"
        git(whole, "submodule", "--quiet", "add", str(hostile.folder), "part")
        git(whole, "commit", "-qm", "with a part")
        (whole / "part" / "sub" / "a").write_text("c")
        config = whole / ".git" / "modules" / "part" / "config"
        for text in (CLEAN, "[core]\n\tfsmonitor = PROGRAM\n"):
            hostile.configure(text, str(config))
            git(whole, "status")
            assert hostile.has_run()
            (tmp_path / "ran").unlink()
            ask(whole)
            assert not hostile.has_run()

    def test_submodule_that_gitmodules_does_not_name(
        self, hostile: Hostile, tmp_path: Path
    ) -> None:
        git(tmp_path, "init", "-q", "whole")
        git(tmp_path, "clone", "-q", str(hostile.folder), "whole/part")
        whole = tmp_path / "whole"
        git(whole, "-c", "advice.addEmbeddedRepo=false", "add", "part")
        git(whole, "commit", "-qm", "with a part")
        (whole / "part" / "sub" / "a").write_text("c")
        hostile.configure(CLEAN, str(whole / "part" / ".git" / "config"))
        git(whole, "status")
        assert hostile.has_run()
        (tmp_path / "ran").unlink()
        assert ask(whole).dirty is False
        assert not hostile.has_run()

    @pytest.mark.parametrize(
        "remote", ["url = ext::PROGRAM", "url = ssh://h/x", "url = /x\n\tuploadpack = PROGRAM"]
    )
    def test_objects_that_it_would_fetch(self, hostile: Hostile, remote: str) -> None:
        hostile.configure(
            "[core]\n\tsshCommand = PROGRAM\n[protocol]\n\tallow = always\n"
            f'[remote "evil"]\n\tpromisor = true\n\t{remote}\n'
        )
        git(hostile.folder, "config", "core.repositoryFormatVersion", "1")
        git(hostile.folder, "config", "extensions.partialClone", "evil")
        tree = git(hostile.folder, "rev-parse", "HEAD^{tree}")
        (hostile.folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
        hostile.program.write_text(f"#!/bin/sh\ntouch {hostile.folder.parent}/ran\nexit 1\n")
        assert hostile.is_real()
        probe = start_probe(hostile.folder)
        assert probe is not None
        probe.collect()
        assert not hostile.has_run()

    @pytest.mark.parametrize("name", ["a=b", "a b", "ü", "a.b", '\\"', "a\tb"])
    def test_filter_of_any_name(self, hostile: Hostile, name: str) -> None:
        plain = name.replace('\\"', '"')
        quoted = f"filter={plain}" if plain.isprintable() and " " not in plain else "filter=evil"
        (hostile.folder / ".git" / "info" / "attributes").write_text(f"* {quoted}\n")
        hostile.configure(f'[filter "{name}"]\n\tclean = PROGRAM\n')
        probe = start_probe(hostile.folder)
        assert probe is not None
        answer = probe.collect()
        assert not hostile.has_run()
        assert answer is not None
        assert answer.commit == git(hostile.folder, "rev-parse", "HEAD")

    def test_pipe_for_a_configuration(
        self, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(provenance, "TIME_LIMIT", 0.5)
        (hostile.folder / ".git" / "config").unlink()
        os.mkfifo(hostile.folder / ".git" / "config")
        answer = ask(hostile.folder)
        assert answer == Provenance(root=hostile.folder)

    def test_ordinary_repository_costs_one_process(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git(repository, "remote", "add", "origin", "https://host.example/x.git")
        git(repository, "config", "lfs.https://host.example/x.git/info/lfs.access", "basic")
        git(repository, "config", "lfs.repositoryFormatVersion", "0")
        monkeypatch.setattr(filters, "subprocess", None)
        assert ask(repository).dirty is False


class TestFiltersOfTheRepository:
    """Filters that a user has set up in a repository: none is run, and nothing false is said."""

    @pytest.fixture
    def filtered(self, repository: Path) -> Path:
        (repository / ".git" / "info" / "attributes").write_text("*.nb filter=strip\n")
        git(repository, "config", "filter.strip.clean", "tr -d x")
        (repository / "b.nb").write_text("abxc")
        os.utime(repository / "b.nb", (1, 1))
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "filtered")
        return repository

    def test_unchanged(self, filtered: Path) -> None:
        os.utime(filtered / "sub" / "a", (1, 1))
        assert ask(filtered).dirty is False

    def test_file_that_only_its_filter_could_judge(self, filtered: Path) -> None:
        (filtered / "b.nb").write_text("xabc")
        assert git(filtered, "status", "--porcelain", "-uno") == ""
        assert ask(filtered).dirty is None

    def test_change_of_another_file(self, filtered: Path) -> None:
        (filtered / "b.nb").write_text("xabc")
        (filtered / "sub" / "a").write_text("new")
        assert ask(filtered).dirty is True

    def test_staged_change(self, filtered: Path) -> None:
        (filtered / "b.nb").write_text("new")
        git(filtered, "add", "b.nb")
        assert ask(filtered).dirty is True

    def test_renamed_file(self, filtered: Path) -> None:
        git(filtered, "mv", "sub/a", "1 .M N... x")
        assert ask(filtered).dirty is True


@pytest.mark.parametrize("where", ["--skip-smudge", "--local"])
def test_files_of_git_lfs_are_not_dirty(repository: Path, tmp_path: Path, where: str) -> None:
    if shutil.which("git-lfs") is None:
        missing("git-lfs", "there is no git-lfs on the PATH")
    git(repository, "lfs", "install", where, "--skip-repo")
    git(repository, "lfs", "track", "*.bin")
    (repository / "x.bin").write_bytes(b"0123456789" * 100)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "large")
    assert git(repository, "show", "HEAD:x.bin").startswith("version https://git-lfs")
    os.utime(repository / "x.bin", (1, 1))
    assert ask(repository).dirty is False
    (repository / "x.bin").write_bytes(b"9876543210" * 100)
    assert ask(repository).dirty is True
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    program.chmod(0o755)
    git(repository, "config", "lfs.extension.evil.clean", str(program))
    git(repository, "config", "lfs.extension.evil.smudge", str(program))
    git(repository, "config", "lfs.extension.evil.priority", "0")
    git(repository, "status")
    assert (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()
    assert ask(repository).dirty is None
    assert not (tmp_path / "ran").exists()


class TestSlowGit:
    @pytest.fixture
    def slow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A git whose `status` starts another process and never ends."""
        programs = tmp_path / "programs"
        programs.mkdir()
        real = shutil.which("git")
        (programs / "git").write_text(
            "#!/bin/sh\n"
            f'case "$*" in *status*) sleep 600 & echo $! > {tmp_path}/pid; wait;; esac\n'
            f'exec {real} "$@"\n'
        )
        (programs / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        monkeypatch.setattr(provenance, "TIME_LIMIT", 1.0)
        return tmp_path / "pid"

    def test_leaves_dirty_unknown_and_no_process(self, repository: Path, slow: Path) -> None:
        git(repository, "remote", "add", "origin", "git@host.example:x.git")
        answer = ask(repository)
        assert answer == Provenance(
            root=repository,
            commit=git(repository, "rev-parse", "HEAD"),
            branch="trunk",
            repo_url="git@host.example:x.git",
            dirty=None,
        )
        assert _has_ended(int(slow.read_text()))

    def test_abandoned(self, repository: Path, slow: Path) -> None:
        probe = start_probe(repository)
        assert probe is not None
        while not (slow.exists() and slow.read_text().strip()):
            sleep(0.01)
        probe.abandon()
        assert _has_ended(int(slow.read_text()))


def _has_ended(pid: int) -> bool:
    """Return whether a process that was killed ends; its parent may not have noticed yet."""
    for _ in range(500):
        try:
            about = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        if about.rpartition(")")[2].split()[0] in ("Z", "X"):
            return True
        sleep(0.02)
    return False


def test_outside_a_repository_nothing_is_asked(tmp_path: Path) -> None:
    assert start_probe(tmp_path) is None


def test_without_git_nothing_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert start_probe(repository) is None


def test_repository_of_another_user_is_left_alone(repository: Path) -> None:
    if os.geteuid() != 0:
        missing("root", "only root can give a folder away")
    for path in (repository, repository / ".git"):
        os.chown(path, 12345, 12345)
    probe = start_probe(repository)
    assert probe is not None
    assert probe.collect() is None


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://u:p@h/x.git", "https://h/x.git"),
        ("https://token@h:8/x@y.git", "https://h:8/x@y.git"),
        ("ssh://:s3cret@h/x.git", "ssh://h/x.git"),
        ("https://h/x.git?token=s3cret", "https://h/x.git?token=***"),
        ("ssh://git@h/x.git", "ssh://git@h/x.git"),
        ("ssh://git:s3cret@h:22/x.git", "ssh://git@h:22/x.git"),
        ("git+ssh://git:s3cret@h/x.git", "git+ssh://git@h/x.git"),
        ("git@h:team/x.git", "git@h:team/x.git"),
        ("/srv/x.git", "/srv/x.git"),
        ("file:///srv/x.git", "file:///srv/x.git"),
    ],
)
def test_credentials_are_left_out(url: str, clean: str) -> None:
    assert without_credentials(url) == clean
