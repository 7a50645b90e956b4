"""What comments silence, and what is said of comments that silence nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.lint.check import check
from mlrun.lint.mending import mend
from tests.unit.lint.checked import PYTHON, found_in, python_env

TWICE = "python: '3.11'\ndependencies:\n  - a=1{}\n  - b=2{}\n"


def test_without_a_comment_both_are_found(tmp_path: Path) -> None:
    assert found_in(tmp_path, TWICE.format("", "")) == ["3:conda-form", "4:conda-form"]


@pytest.mark.parametrize("comment", ["ignore", "ignore[conda-form]", "ignore[conda-form] so be it"])
def test_a_comment_silences_its_own_line(tmp_path: Path, comment: str) -> None:
    text = TWICE.format("", f"  # mlrun: {comment}")
    assert found_in(tmp_path, text) == ["3:conda-form"]


def test_a_comment_above_silences_the_line_below(tmp_path: Path) -> None:
    text = TWICE.format("\n  # mlrun: ignore[conda-form]", "")
    assert found_in(tmp_path, text) == ["3:conda-form"]


def test_a_comment_for_the_file_silences_all(tmp_path: Path) -> None:
    assert found_in(tmp_path, TWICE.format("", "") + "# mlrun: ignore-file[conda-form]\n") == []


def test_a_comment_in_a_text_silences_nothing(tmp_path: Path) -> None:
    text = "python: '3.11'\ndependencies: |\n  a=1 # mlrun: ignore\n"
    assert "conda-form" in str(found_in(tmp_path, text + "build_dependencies: [b=1]\n"))


def test_a_comment_above_a_block_silences_what_is_within(tmp_path: Path) -> None:
    text = "python: '3.11'\n# mlrun: ignore\ndependencies: |\n  -r gone.txt\n"
    assert found_in(tmp_path, text) == []


@pytest.mark.parametrize(
    "comment", ["ignore conda-form", "ignore: conda-form", "ignore (conda-form)"]
)
def test_a_rule_without_brackets_is_told(tmp_path: Path, comment: str) -> None:
    text = TWICE.format(f"  # mlrun: {comment}", "  # mlrun: ignore conda-form-like things")
    assert found_in(tmp_path, text) == ["3:unknown-rule"]


def test_another_rule_is_not_silenced(tmp_path: Path) -> None:
    text = TWICE.format("  # mlrun: ignore[nested-pip]", "  # mlrun: ignore")
    assert found_in(tmp_path, text) == ["3:conda-form", "3:unused-ignore"]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("ignore", "unused-ignore"),
        ("ignore[conda-form]", "unused-ignore"),
        ("ignore[]", "unknown-rule"),
        ("ignore-file", "unknown-rule"),
        ("ignore-file[]", "unknown-rule"),
        ("ignore-file[conda-form]", "unused-ignore"),
        ("ignore[conda-from]", "unknown-rule"),
        ("ignroe", "unknown-rule"),
        ("ignore-files[conda-form]", "unknown-rule"),
    ],
)
def test_a_comment_that_silences_nothing_is_found(tmp_path: Path, comment: str, found: str) -> None:
    assert found_in(tmp_path, f"{PYTHON}  - x  # mlrun: {comment}\n") == [f"4:{found}"]


def test_the_rule_that_was_meant_is_named(tmp_path: Path) -> None:
    report = check(python_env(tmp_path, f"{PYTHON}# mlrun: ignore[conda-from, other]\n"))
    near, other = (finding.problem for finding in report.findings)
    assert near.message == "there is no rule 'conda-from'"
    assert near.hint == "did you mean `conda-form`?"
    assert near.location is not None
    assert (near.location.column, near.location.end_column) == (17, 27)
    assert other.hint == "`mlrun lint --explain all` lists them"


def test_what_is_said_of_a_comment_can_be_silenced_by_name(tmp_path: Path) -> None:
    text = f"{PYTHON}  - x  # mlrun: ignore[conda-form, unused-ignore]\n"
    assert found_in(tmp_path, text) == []
    text = f"{PYTHON}# mlrun: ignore-file[unknown-rule]\n  - x  # mlrun: ignore[no-such]\n"
    assert found_in(tmp_path, text) == []


def test_of_a_file_that_is_no_yaml_no_comment_is_called_unused(tmp_path: Path) -> None:
    text = "# mlrun: ignore-file[conda-form]\npython: '3.11\n"
    assert found_in(tmp_path, text) == ["2:yaml-quoting"]


@pytest.mark.parametrize(
    ("comment", "rest"),
    [
        ("  # mlrun: ignore", ""),
        ("  # mlrun: ignore[nested-pip]", ""),
        ("  # mlrun: ignore[nested-pip, conda-prefix]", ""),
        ("  # mlrun: ignore-file[conda-prefix] because", ""),
    ],
)
def test_a_useless_comment_goes(tmp_path: Path, comment: str, rest: str) -> None:
    target = python_env(tmp_path, f"{PYTHON}  - x{comment}\n")
    mended = mend(target, check(target))
    assert mended.after.text == f"{PYTHON}  - x{rest}\n"
    assert mended.after.findings == ()


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("conda-form, nested-pip", "conda-form"),
        ("nested-pip, conda-form", "conda-form"),
        ("nested-pip, conda-form, conda-prefix", "conda-form"),
        ("conda-form, nested-pip, conda-prefix", "conda-form"),
    ],
)
def test_of_several_rules_only_the_useless_go(tmp_path: Path, rules: str, left: str) -> None:
    target = python_env(tmp_path, f"{PYTHON}  - x=1  # mlrun: ignore[{rules}]\n")
    mended = mend(target, check(target))
    assert mended.after.text == f"{PYTHON}  - x=1  # mlrun: ignore[{left}]\n"
    assert mended.after.findings == ()
