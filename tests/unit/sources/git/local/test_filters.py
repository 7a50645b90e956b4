"""No way of writing a configuration hides a filter from the look at its text."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlrun.sources.git.local.filters import may_name_filters, read_settings, turned_off

_PIECES = (
    *("[", "[", "]", "]", '"', '"', ".", "\\", " ", "\t", "\n", "\r\n", "#", ";", "=", "\ufeff"),
    *("filter", "FILTER", "fil", "ter", "include", "includeIf", "lfs", "extension", "ext\\ension"),
    *("x", "clean = y\n", "path = y\n", 'filter "x"', 'lfs "extension.x"', "https:", "core"),
)
_TELLING = re.compile(r"^(filter\.|include\.|includeif\.|lfs\.extension\.)", re.IGNORECASE)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    git = folder / ".git"
    for name in ("objects", "refs"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def names_by_git(config: Path) -> list[str]:
    """Return the settings in a file; none where git finds it faulty, and so does nothing."""
    answer = subprocess.run(
        ("git", "config", "--file", str(config), "--name-only", "-z", "--list"),
        capture_output=True,
        check=False,
        cwd=config.parent,
        env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
    )
    return os.fsdecode(answer.stdout).split("\0") if answer.returncode == 0 else []


@settings(max_examples=150)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_what_git_finds_is_found(repository: Path, text: str) -> None:
    config = repository / ".git" / "config"
    config.write_text(text, newline="")
    if any(_TELLING.match(name) for name in names_by_git(config)):
        assert may_name_filters(repository)


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ('[filter "x"]\n\tclean = y\n', True),
        ("[filter.x]\n\tclean = y\n", True),
        ("[core]a=b\n[core][FilTer\t'x']\n", True),
        ('[include]\n\tpath = "x"\n', True),
        ('[includeIf "gitdir:x"]\n\tpath = y\n', True),
        ('[lfs "extension.x"]\n\tclean = y\n', True),
        ('[lfs "ext\\ension.x"]\n\tclean = y\n', True),
        ("[lfs.extension.x]\n\tclean = y\n", True),
        ("", False),
        ('[core]\n\tbare = false\n[remote "origin"]\n\turl = https://h/filter\n', False),
        ('[lfs]\n\trepositoryformatversion = 0\n[lfs "https://h/x"]\n\taccess = basic\n', False),
    ],
)
def test_sections(repository: Path, text: str, telling: bool) -> None:
    (repository / ".git" / "config").write_text(text)
    assert may_name_filters(repository) is telling


def test_what_cannot_be_read_may_have_any(repository: Path, tmp_path: Path) -> None:
    config = repository / ".git" / "config"
    config.write_bytes(b"#" * 300_000)
    assert may_name_filters(repository)
    config.unlink()
    config.mkdir()
    assert may_name_filters(repository)
    config.rmdir()
    os.mkfifo(config)
    assert may_name_filters(repository)
    assert read_settings(config) is None
    config.unlink()
    assert not may_name_filters(repository)


def test_names_that_no_option_can_have() -> None:
    assert turned_off(["a"]) is not None
    assert turned_off(["a", "b=c"]) is None
    assert turned_off(["a\nb"]) is None
    assert turned_off([]) == ()
