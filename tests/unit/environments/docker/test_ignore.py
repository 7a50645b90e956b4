"""`.dockerignore` means what docker makes of it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mlrun.environments.docker.content import list_entries
from mlrun.environments.docker.ignore import read_rules
from mlrun.errors import EnvironmentBuildError, Location

FILES = ("a", "b.txt", "src/a", "src/b.txt", "src/deep/a.py", "src/deep/x/y.txt", "other/src/a")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def kept(project: Path, patterns: Sequence[str] | None = None) -> set[str]:
    if patterns is not None:
        (project / ".dockerignore").write_text("\n".join(patterns))
    entries = list_entries(project)
    return {e.path for e in entries if e.kind != "d" and e.path != ".dockerignore"}


@pytest.mark.parametrize(
    ("patterns", "out"),
    [
        (["a"], {"a"}),
        (["/a"], {"a"}),
        (["**/a"], {"a", "src/a", "other/src/a"}),
        (["*.txt"], {"b.txt"}),
        (["**/*.txt"], {"b.txt", "src/b.txt", "src/deep/x/y.txt"}),
        (["src"], {name for name in FILES if name.startswith("src/")}),
        (["src/"], {name for name in FILES if name.startswith("src/")}),
        (["*/src"], {"other/src/a"}),
        (["src/d??p"], {"src/deep/a.py", "src/deep/x/y.txt"}),
        (["[ab]"], {"a"}),
        (["# a", "", "  b.txt  "], {"b.txt"}),
        (["src", "!src/deep/a.py"], {"src/a", "src/b.txt", "src/deep/x/y.txt"}),
        (["*", "!src", "src/deep"], set(FILES) - {"src/a", "src/b.txt"}),
        (["src", "!*/a"], {name for name in FILES if name.startswith("src/")}),
        (["**/src", "!src/a"], {n for n in FILES if "src/" in n and n != "src/a"}),
        (["!a", "a"], {"a"}),
        (["."], set()),
        (["src/../a"], {"a"}),
    ],
)  # fmt: skip
def test_patterns(project: Path, patterns: list[str], out: set[str]) -> None:
    assert kept(project, patterns) == set(FILES) - out


_parts = st.sampled_from(
    ["a", "src", "deep", "*", "**", "?", "*.txt", "other", "x", "[a-s]*", "b.txt"]
)
_patterns = st.lists(st.lists(_parts, min_size=1, max_size=3).map("/".join), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(_patterns, st.lists(st.booleans(), min_size=4, max_size=4))
def test_docker_s_library_agrees(project: Path, patterns: list[str], signs: list[bool]) -> None:
    lines = [f"!{p}" if sign else p for p, sign in zip(patterns, signs, strict=False)]
    # The library looks for `**/src` at no folder above a file; docker itself does.
    assume(not any(sign for sign, _ in zip(signs, lines, strict=False)) or "**" not in str(lines))
    theirs = exclude_paths(str(project), list(lines), dockerfile="Dockerfile")
    assert kept(project, lines) == {p for p in theirs if (project / p).is_file()} - {
        ".dockerignore"
    }


def test_the_history_and_what_runs_leave_are_left_out_unless_the_project_wants_them(
    project: Path,
) -> None:
    usual = (
        ".git/HEAD",
        "src/__pycache__/a.pyc",
        "mlruns/0/meta.yaml",
        "mlflow.db",
        "mlflow.db-wal",
    )
    for name in usual:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    assert kept(project) == set(FILES)
    assert kept(project, ["!mlruns", "!.git"]) == {*FILES, "mlruns/0/meta.yaml", ".git/HEAD"}


def test_a_pattern_that_is_none_says_where(project: Path) -> None:
    with pytest.raises(EnvironmentBuildError, match="cannot be understood") as caught:
        kept(project, ["ok", "a[b"])
    assert caught.value.location == Location(project / ".dockerignore", 2)


def test_rules_without_end_are_not_waited_for(project: Path) -> None:
    os.mkfifo(project / ".dockerignore")
    with pytest.raises(EnvironmentBuildError, match="it is no file"):
        read_rules(project)


def test_every_small_pattern_can_be_read(project: Path) -> None:
    for signs in itertools.product("*?a/\\!.", repeat=3):
        kept(project, ["".join(signs)])
