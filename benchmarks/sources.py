"""Measure runs of projects by URL beside `mlflow run`, and print a table of medians.

    python benchmarks/sources.py [--repeats 9] [--only NAME]... [--json FILE]

Needs what `run.py` needs, and git's `http-backend`. Both runners fetch from one web server on the
loopback.
"""

from __future__ import annotations

import io
import shutil
import sys
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a script

from benchmarks import cases, comparison, projects, report
from tests.git_http import GitHttpServer
from tests.repositories import Repository, make_long_history, make_repository

LOCAL = ("--env-manager", "local")


@dataclass(frozen=True, slots=True)
class Served:
    """What is run, and how.

    Attributes:
        setting: What all cases share.
        address: Of the server.
        small: A project with a few files.
    """

    setting: cases.Setting
    address: str
    small: Repository

    def words(self, name: str, *more: str) -> tuple[str, ...]:
        """Return a runner's arguments for a repository or an archive of the server's."""
        return ("run", f"{self.address}/{name}", *more, *LOCAL)

    def forget(self, side: str) -> None:
        """Make the next run a first one: without a cache, and without what is left of others."""
        for folder in (self.setting.environments(side), self.setting.temporary(side)):
            shutil.rmtree(folder, ignore_errors=True)
        self.setting.temporary(side)

    def tidy(self, side: str) -> None:
        """Remove what runs leave in the folder for temporary files."""
        shutil.rmtree(self.setting.temporary(side), ignore_errors=True)
        self.setting.temporary(side)


def pinned(served: Served) -> list[report.Row]:
    """Run a commit again."""
    words = served.words("pub/small.git", "-v", served.small.git("rev-parse", "main"))
    title = "second run, commit"
    setting = served.setting
    return cases.starts(setting, title, words, before=served.tidy, goal=150, ratio_goal=20)


def branch(served: Served) -> list[report.Row]:
    """Run a branch again: each time somebody has to ask the server where it is."""
    words = served.words("pub/small.git", "-v", "main")
    title = "second run, branch"
    return cases.starts(served.setting, title, words, before=served.tidy, ratio_goal=10)


def first(served: Served) -> list[report.Row]:
    """Run a small project for the first time."""
    words = served.words("pub/small.git", "-v", "main")
    return _first(served, "first run, branch", words)


def history(served: Served) -> list[report.Row]:
    """Run a project with a long history for the first time."""
    words = served.words("pub/long.git", "-v", "main")
    return _first(served, "first run, history of 200 MB, branch", words)


def tagged_history(served: Served) -> list[report.Row]:
    """Do that where each commit of the history is a release with a tag."""
    words = served.words("pub/tagged.git", "-v", "main")
    return _first(served, "first run, history of 200 MB with 50 tags, branch", words)


def archive(served: Served) -> list[report.Row]:
    """Run an archive for the first time, and again."""
    words = served.words("dumb/project.zip")
    again = cases.starts(served.setting, "second run, zip", words, before=served.tidy)
    return [*_first(served, "first run, zip", words, ratio_goal=None), *again]


CASES: dict[str, Callable[[Served], list[report.Row]]] = {
    "commit": pinned,
    "branch": branch,
    "first": first,
    "history": history,
    "tagged-history": tagged_history,
    "archive": archive,
}


def main() -> None:
    """Install, measure, print."""
    comparison.compare(
        "Measure runs by URL beside `mlflow run`.", CASES, _measure, fewer="of first runs"
    )


def _measure(setting: cases.Setting, names: Collection[str]) -> list[report.Row]:
    root = setting.folder / "served"
    comparison.say("making repositories")
    small = _make(root)
    rows: list[report.Row] = []
    with GitHttpServer(root) as server:
        served = Served(setting, f"http://127.0.0.1:{server.port}", small)
        for name in names:
            comparison.say(f"measuring {name}")
            rows += CASES[name](served)
    return rows


def _first(
    served: Served, title: str, words: tuple[str, ...], ratio_goal: float | None = 1
) -> list[report.Row]:
    setting = served.setting
    return cases.starts(
        setting,
        title,
        words,
        before=served.forget,
        repeats=setting.cold_repeats,
        ratio_goal=ratio_goal,
    )


def _make(root: Path) -> Repository:
    """Make what is served: repositories and an archive."""
    file = projects.noop_file("served")
    small = make_repository(root / "small.git", {"MLproject": file, "train.py": "print()\n"})
    long = make_long_history(root / "long.git", project=file)
    tagged = root / "tagged.git"
    long.git("clone", "--quiet", "--bare", ".", str(tagged))
    commits = long.git("rev-list", "main~1").splitlines()
    Repository(tagged).refs({f"refs/tags/v{n}": commit for n, commit in enumerate(commits)})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as writer:
        writer.writestr("MLproject", file)
    (root / "project.zip").write_bytes(content.getvalue())
    return small


if __name__ == "__main__":
    main()
