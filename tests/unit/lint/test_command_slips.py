"""Slips in the words of a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.project.reading.yaml_mending import apply_edits
from tests.unit.lint.test_commands import found, marked, written

SLIPS = {"curly-quote", "lost-backslash", "trailing-backslash", "doubled-flag"}


def slips(folder: Path, command: str) -> list[tuple[str, str]]:
    """Return the rule and the marked text of each slip."""
    return [(str(p.rule), marked(folder, p)) for p in found(folder, command) if p.rule in SLIPS]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("python src\\train.py {rate}", "src\\train.py"),
        ("a && python C:\\a\\b.py", "C:\\a\\b.py"),
        ("python out\\{rate} a\\b.py", "a\\b.py"),
        ("|\n      python \\\n        a\\b.py", "a\\b.py"),
    ],
)
def test_a_path_as_on_windows(tmp_path: Path, command: str, path: str) -> None:
    assert slips(tmp_path, command) == [("lost-backslash", path)]


@pytest.mark.parametrize(
    "command",
    [
        *("python 'a\\b.py'", "grep foo\\.py x", "sed s/\\(a\\)/\\1/", "echo a\\ b", "echo \\n"),
        *("|\n      python a.py \\\n        --b", "|\n      cat <<'E'\n      a\\b\n      E"),
    ],
)
def test_backslashes_that_are_meant(tmp_path: Path, command: str) -> None:
    assert slips(tmp_path, command) == []


@pytest.mark.parametrize(
    ("command", "mended"),
    [
        ("train {rate} \\", "train {rate}"),
        ("|-\n      train \\\n        {rate} \\", "|-\n      train \\\n        {rate}"),
        ("|\n      train \\\n        {rate}\\ ", "|\n      train \\\n        {rate} "),
        ("|-\n      train \\\n        \\", None),
        ('"train \\\\"', None),
    ],
)
def test_a_backslash_at_the_end(tmp_path: Path, command: str, mended: str | None) -> None:
    file = written(tmp_path, command)
    text = file.read_text(encoding="utf-8")
    (problem,) = [p for p in found(tmp_path, command) if p.rule == "trailing-backslash"]
    expected = text if mended is None else text.replace(command, mended)
    assert apply_edits(text, problem.edits) == expected
    assert mended is None or marked(tmp_path, problem) == "\\"


@pytest.mark.parametrize(
    "command", ["|\n      train {rate} \\\n", "train a\\\\", "train '\\'", "train {rate}"]
)
def test_no_backslash_at_the_end(tmp_path: Path, command: str) -> None:
    assert slips(tmp_path, command) == []


@pytest.mark.parametrize(
    ("command", "is_found"),
    [
        ("train --fast {fast}", True),
        ("|\n      train \\\n        --on \\\n        {mode}", True),
        ("train --on {mode}", True),
        ("train --verbose {fast}", False),
        ("train --fast x {fast}", False),
        ("train {fast} {mode}", False),
        ("train --rate {rate}", False),
    ],
)
def test_the_option_of_a_flag_before_it(tmp_path: Path, command: str, is_found: bool) -> None:
    assert [rule for rule, _ in slips(tmp_path, command)] == ["doubled-flag"] * is_found


@pytest.mark.parametrize(
    ("command", "is_found"),
    [
        ("train --name \u201ca b\u201d \u201cc\u201d", True),
        ("\u2018train\u2019 {rate}", True),
        ("train --name 'a \u201cb\u201d'", False),
        ("train --name 'a' --it\u2019s", False),
    ],
)
def test_quotes_that_are_none(tmp_path: Path, command: str, is_found: bool) -> None:
    found = slips(tmp_path, command)
    quote = next(character for character in command if not character.isascii())
    assert found == [("curly-quote", quote)] * is_found
