"""Which comments silence findings, and which lines they are about."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.lint.comments import IgnoreComment, MisspeltComment, comments

WORDS = "# mlrun: ignore"


def ignore_comments(text: str) -> tuple[IgnoreComment, ...]:
    return tuple(each for each in comments(text) if isinstance(each, IgnoreComment))


def only(text: str) -> IgnoreComment:
    (comment,) = ignore_comments(text)
    return comment


def names(comment: IgnoreComment) -> list[str]:
    return [rule.name for rule in comment.rules]


def about(comment: IgnoreComment) -> list[int]:
    return sorted(comment.lines or ())


def without(text: str) -> str:
    edit = only(text).removal
    return text[: edit.start] + edit.text + text[edit.end :]


@pytest.mark.parametrize(
    ("written", "rules", "is_open"),
    [
        ("ignore", [], True),
        ("ignore[a]", ["a"], False),
        ("ignore [a, b-c]", ["a", "b-c"], False),
        ("ignore[ a,b ] as the server wants it so", ["a", "b"], False),
        ("ignore, as it must be", [], True),
        ("ignore[]", [], False),
    ],
)
def test_what_a_comment_says(written: str, rules: list[str], is_open: bool) -> None:
    comment = only(f"a: 1  # mlrun: {written}\n")
    assert (names(comment), comment.is_open, comment.lines) == (rules, is_open, frozenset({1}))


@pytest.mark.parametrize("written", ["#mlrun:ignore", "#  mlrun:\tignore", "# mlrun: ignore"])
def test_spaces_do_not_matter(written: str) -> None:
    assert only(f"a: 1 {written}").is_open


@pytest.mark.parametrize(
    "text",
    [
        "a: 1  # mlrun: ignored\n",
        "a: 1  # mlrun: ignore-all\n",
        "a: 1  # mlrun ignore\n",
        "a: 1  # see mlrun: ignore\n",
        f"a: 1{WORDS}\n",
        f"a: '1  {WORDS}'\n",
        f'a: "1\n  {WORDS}"\n',
        f"a: |\n  x\n  {WORDS}\n",
        f"a: >-\n  x  {WORDS}\n\n  y\n",
        f"a: |\n  x\n{WORDS[:0]}  {WORDS}\nb: 1\n",
    ],
)
def test_what_is_no_such_comment(text: str) -> None:
    assert ignore_comments(text) == ()


@pytest.mark.parametrize(
    ("written", "kind", "meant"),
    [
        ("# mlrun: ignroe", "ignroe", "ignore"),
        ("# mlrun: Ignore[unknown-key]", "Ignore", "ignore"),
        ("# mlrun: ignores[unknown-key]", "ignores", "ignore"),
        ("#mlrun:ignore_file[unknown-key]", "ignore_file", "ignore-file"),
    ],
)
def test_what_was_meant_by_a_misspelt_comment(written: str, kind: str, meant: str) -> None:
    (found,) = comments(f"a: 1  {written}\n")
    assert isinstance(found, MisspeltComment)
    assert (found.kind, found.meant) == (kind, meant)
    assert f"a: 1  {written}\n"[found.start : found.end].endswith(kind)


@pytest.mark.parametrize("written", ["# mlrun: needs 8 GB", "# mlrun:", "# mlrun: this, ignore"])
def test_other_comments_are_for_people(written: str) -> None:
    assert comments(f"a: 1  {written}\n") == ()


def test_a_comment_for_the_file() -> None:
    comment = only("a: 1\n# mlrun: ignore-file[x, y]\n")
    assert comment.lines is None
    assert names(comment) == ["x", "y"]


def test_a_comment_alone_is_about_the_line_below() -> None:
    assert about(only(f"a: 1\n  {WORDS}[x]\nb: 2\n")) == [3]


def test_comments_may_stand_above_each_other() -> None:
    text = f"{WORDS}[x]\n# because\n{WORDS}[y]\na: 1\n"
    assert [about(comment) for comment in ignore_comments(text)] == [[4], [4]]


def test_a_comment_alone_at_the_end_is_about_itself() -> None:
    assert about(only(f"a: 1\n{WORDS}")) == [2]


@pytest.mark.parametrize("header", ["|", ">-", "|+2"])
def test_a_comment_where_a_block_begins_is_about_all_of_it(header: str) -> None:
    text = f"a: {header}  {WORDS}[x]\n    python x\n    --b\nc: 1\n"
    assert about(only(text)) == [1, 2, 3]


def test_a_comment_above_a_block_is_about_all_of_it() -> None:
    assert about(only(f"{WORDS}\na: |\n  x\n  y\n\nb: 1\n")) == [2, 3, 4, 5]


def test_a_comment_above_a_quoted_text_of_several_lines() -> None:
    assert about(only(f"{WORDS}\na: 'x\n  y'\nb: 1\n")) == [2, 3]


def test_a_comment_after_a_block_that_is_less_indented() -> None:
    assert about(only(f"a:\n  b: |\n    x\n  {WORDS}\n  c: 1\n")) == [5]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"a: 1  {WORDS}\nb: 2\n", "a: 1\nb: 2\n"),
        (f"a: 1  {WORDS}\r\nb: 2\r\n", "a: 1\r\nb: 2\r\n"),
        (f"a: 1\n  {WORDS}\nb: 2\n", "a: 1\nb: 2\n"),
        (f"a: é  {WORDS}", "a: é"),
        (f"{WORDS}[x] for now\na: 1", "a: 1"),
    ],
)
def test_a_comment_can_be_taken_out(text: str, rest: str) -> None:
    assert without(text) == rest


def test_of_a_text_that_is_no_yaml_what_stands_before_that_counts() -> None:
    text = f"a: 1  {WORDS}\nb: [\n{WORDS}\nc: 'x\n"
    assert [about(comment) for comment in ignore_comments(text)][:1] == [[1]]


VALUES = st.text(alphabet="ab #:\n'\"|é", max_size=20)


@given(st.lists(VALUES, min_size=1, max_size=4), st.integers(0, 3))
def test_no_value_is_taken_for_a_comment(values: list[str], place: int) -> None:
    values[place % len(values)] += f" {WORDS}"
    for style in (None, "'", '"', "|", ">"):
        text = yaml.safe_dump({"k": values}, default_style=style, allow_unicode=True)
        assert ignore_comments(text) == ()
        assert len(ignore_comments(f"{text}{WORDS}\n")) == 1
