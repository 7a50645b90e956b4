"""Blanks that YAML takes for letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.lint.linted_projects import found_in, mended, places
from tests.unit.project.written import load_text, place, refused

FILE = "name: é\nentry_points:\n  main:\n    command: ls\n"


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("  main", "\u00a0\u00a0main"),
        FILE.replace("  main", "\u00a0 main").replace("    command", "\u3000   command"),
        FILE.replace("  main", "\u200b  main"),
        FILE.replace("  main", "  \ufeffmain"),
    ],
)
def test_such_an_indentation_is_found_and_mended(tmp_path: Path, text: str) -> None:
    column = 3 if "  \ufeff" in text else 1
    assert places(found_in(tmp_path, text)) == [("yaml-indentation", 3, column)]
    assert mended(tmp_path, text) == FILE
    assert place(refused(tmp_path, text)) == (3, column)


def test_what_else_is_wrong_is_found_too(tmp_path: Path) -> None:
    text = FILE.replace("  main", "\u00a0\u00a0main").replace("command", "comand")
    rules = [problem.rule for problem in found_in(tmp_path, text)]
    assert rules == ["yaml-indentation", "misspelt-key"]


def test_what_would_be_no_yaml_is_not_mended(tmp_path: Path) -> None:
    text = "a: b\n\u00a0c: d\n"
    (problem,) = found_in(tmp_path, text)
    assert (problem.rule, problem.edits) == ("yaml-indentation", ())


def test_such_blanks_within_texts_stay(tmp_path: Path) -> None:
    text = f"{FILE}description: |\n  \u00a0x: y\nname\u00a0x: 1\n'\u00a0k': \u00a0v\n"
    assert load_text(tmp_path, text).entry_points["main"].command == "ls"


def test_a_name_of_nothing_but_such_a_blank_is_a_name(tmp_path: Path) -> None:
    text = "entry_points:\n  '\u00a0': {command: a}\n  \u3000: {command: b}\n"
    assert list(load_text(tmp_path, text).entry_points) == ["\u00a0", "\u3000"]
