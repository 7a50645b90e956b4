"""Makes real bare repositories fast, without a working tree: what `git fast-import` is told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_START = 1_700_000_000
"""Seconds since 1970 of the first commit; each further one of a call is a second later."""

ECHOING_PROJECT = """\
name: echoing
entry_points:
  main:
    parameters:
      word: {type: str, default: hello}
    command: 'echo "said {word}" && cat text.txt && printf "%s" {word} > written.txt'
"""
"""Prints its parameter and the file `text.txt`, and writes a file into its own folder."""


@dataclass(frozen=True, slots=True)
class Program:
    """A file that may be executed."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A submodule's recorded commit."""

    commit: str


Content = str | bytes | Program | Link | Commit | None
"""What a path of a commit has; None removes it."""

Files = Mapping[str, Content]


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository.

    Attributes:
        path: Its Git folder.
    """

    path: Path

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git in it, and return what it printed."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=_variables(),
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(
        self, files: Files, message: str = "a change", *, branch: str = "main", onto: str = ""
    ) -> str:
        """Add a commit to a branch, and return its hash.

        Args:
            files: What it changes, by path.
            message: Its subject.
            branch: Made if it isn't there.
            onto: Its parent, if not the branch's last commit; `orphan` for none.
        """
        return self.commits([(files, message)], branch=branch, onto=onto)[-1]

    def commits(
        self, changes: list[tuple[Files, str]], *, branch: str = "main", onto: str = ""
    ) -> list[str]:
        """Add commits to a branch, one on the other, and return their hashes."""
        parent = onto or self.find(f"refs/heads/{branch}") or "orphan"
        stream = b"".join(_stream(changes, branch, "" if parent == "orphan" else parent))
        marks = self.path / "marks"
        self.git(
            *("fast-import", "--quiet", "--force", "--done", f"--export-marks={marks}"),
            stdin=stream,
        )
        lines = (line.split() for line in marks.read_text().splitlines())
        marks.unlink()
        return [commit for _, commit in sorted(lines, key=lambda line: int(line[0][1:]))]

    def find(self, name: str) -> str | None:
        """Return the commit that a ref is at, None without it."""
        return self.git("for-each-ref", "--format=%(objectname)", name) or None

    def ref(self, name: str, commit: str) -> None:
        """Make a ref of any kind (`refs/pull/7/head`), or move it."""
        self.git("update-ref", name, commit)

    def refs(self, commits: Mapping[str, str]) -> None:
        """Make many refs at once."""
        lines = "".join(f"update {name} {commit}\n" for name, commit in commits.items())
        self.git("update-ref", "--stdin", stdin=lines.encode())

    def tag(self, name: str, commit: str, *, annotated: bool = False) -> None:
        """Make a tag."""
        note = ["-a", "-m", f"this is {name}"] if annotated else []
        self.git("tag", *note, name, commit)

    def configure(self, name: str, value: str) -> None:
        """Set one of its settings, such as `uploadpack.allowFilter`."""
        self.git("config", name, value)


def make_repository(path: Path, files: Files | None = None, *, form: str = "sha1") -> Repository:
    """Make a bare repository, with one commit on `main` if files are given.

    Args:
        path: Of its Git folder.
        files: What its first commit has.
        form: `sha1` or `sha256`: what its objects are named by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    words = ["git", "init", "--quiet", "--bare", "--initial-branch=main"]
    subprocess.run(
        [*words, f"--object-format={form}", str(path)],
        check=True,
        env=_variables(),
        capture_output=True,
    )
    repository = Repository(path.absolute())
    if files is not None:
        repository.commit(files, "the first commit")
    return repository


def make_project(path: Path, text: str = "one", **files: Content) -> Repository:
    """Make a repository with a project that prints its parameter and `text`."""
    plain: Files = {"MLproject": ECHOING_PROJECT, "text.txt": f"{text}\n"}
    return make_repository(path, {**plain, **files})


def make_long_history(
    path: Path, *, megabytes: int = 200, commits: int = 50, project: str = ECHOING_PROJECT
) -> Repository:
    """Make a project whose history is long and whose last commit is small."""
    repository = make_project(path, MLproject=project)
    size = megabytes * 1_000_000 // commits
    changes: list[tuple[Files, str]] = [
        ({"data.bin": os.urandom(size), f"notes/{number}.txt": f"{number}\n"}, f"data {number}")
        for number in range(commits)
    ]
    repository.configure("core.compression", "0")  # random bytes cannot be made smaller
    repository.commits([*changes, ({"data.bin": None}, "without the data")])
    repository.configure("core.compression", "-1")
    return repository


def module_settings(**submodules: tuple[str, str]) -> str:
    """Return a `.gitmodules`: path and URL by name."""
    return "".join(
        f'[submodule "{name}"]\n\tpath = {path}\n\turl = {url}\n'
        for name, (path, url) in submodules.items()
    )


def _stream(changes: list[tuple[Files, str]], branch: str, parent: str) -> Iterator[bytes]:
    for number, (files, message) in enumerate(changes):
        subject = message.encode()
        yield f"commit refs/heads/{branch}\nmark :{number + 1}\n".encode()
        yield f"committer Tester <tester@localhost> {_START + number} +0000\n".encode()
        yield b"data %d\n%s\n" % (len(subject), subject)
        if number > 0:
            yield f"from :{number}\n".encode()
        elif parent:
            yield f"from {parent}\n".encode()
        for path, content in files.items():
            yield _change(path, content)
    yield b"done\n"


def _change(path: str, content: Content) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if content is None:
        return f"D {quoted}\n".encode()
    if isinstance(content, Commit):
        return f"M 160000 {content.commit} {quoted}\n".encode()
    mode, data = _mode_and_data(content)
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, quoted.encode(), len(data), data)


def _mode_and_data(content: str | bytes | Program | Link) -> tuple[bytes, bytes]:
    if isinstance(content, Program):
        return b"100755", content.content
    if isinstance(content, Link):
        return b"120000", content.target.encode()
    return b"100644", content.encode() if isinstance(content, str) else content


def _variables() -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    who = {f"GIT_{n}_{k}": "tester@localhost" for n in ("AUTHOR", "COMMITTER") for k in ("EMAIL",)}
    names = {f"GIT_{n}_NAME": "Tester" for n in ("AUTHOR", "COMMITTER")}
    own = {"HOME": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {**kept, **own, **who, **names}
