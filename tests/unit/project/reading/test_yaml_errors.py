from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import ProjectError
from mlrun.project.reading.nodes import compose
from mlrun.project.reading.yaml_mending import apply_edits

CASES = {
    "a tab for indentation": ("a:\n\tb: 1\n", "a tab", (2, 1)),
    "a tab in a block": ("a:\n  b: |\n\tx\n", "a tab", (3, 1)),
    "a tab after spaces": ("a:\n  b: 1\n \tc: 2\n", "a tab", (3, 2)),
    "an open quote": ("a: 1\nb: \"x\nc: y\n", "quote that opens here is never closed", (2, 4)),
    "an open single quote": ("b: 'x\nc: y\n", "quote that opens here is never closed", (1, 4)),
    "a quote that closes late": ("a: \"x\nb: \"y\"\n", "opened on line 1, column 4", (2, 5)),
    "an apostrophe": ("a: 'it's'\n", "text follows the closing quote", (1, 8)),
    "text after a quote": ("a: 'x' y\n", "text follows the closing quote", (1, 8)),
    "a Windows path": ('a: "envs\\conda.yaml"\n', "a backslash in double quotes", (1, 10)),
    "a missing space": ("a:\n  b:e\n    c: 1\n", "'b:e' has no space after its colon", (2, 3)),
    "a missing space above": ("name:x\nb: 1\n", "'name:x' has no space after its colon", (1, 1)),
    "two colons": ("a: b: c\n", "a second ': ' in one line", (1, 5)),
    "a key below a value": ("a: 1\n  b: 2\n", "a key is not expected here", (2, 3)),
    "no key at all": ("a: 1\nwords\nb: 2\n", "'words' is no `key: value`", (2, 1)),
    "an indentation that fits nothing": ("a:\n    b: 1\n  c: 2\n", "indentation", (3, 3)),
    "an open bracket": ("a: [1, 2\nb: 3\n", "the bracket [ that opens here", (1, 4)),
    "an open brace": ("a: {b: 1\nc: 3\n", "the bracket { that opens here", (1, 4)),
    "brackets within braces": ("a: {t: list[int], d: 1}\n", "'list[int]' needs quotes", (1, 8)),
    "braces within brackets": ("a: [b, x.{y}]\n", "'x.{y}' needs quotes", (1, 8)),
    "brackets after a space": ("a: {t: list [int], d: 1}\n", "the bracket { that", (1, 4)),
    "a missing comma": ("a: {b: 'x' c: 1}\n", "text follows the closing quote", (1, 12)),
    "an at sign": ("a: @x\n", "cannot begin with '@'", (1, 4)),
    "a percent sign": ("a: %cd%\n", "cannot begin with '%'", (1, 4)),
    "a backtick": ("a: `x`\n", "cannot begin with '`'", (1, 4)),
    "a star": ("a: *.py\n", "", (1, 4)),
    "an unknown alias": ("a: *x\n", "an alias of something", (1, 4)),
    "two documents": ("a: 1\n---\nb: 2\n", "a second document begins here", (2, 1)),
    "a template": ("a: 1\n{% for x in y %}\nb: 2\n{% endfor %}\n", "a template", (2, 1)),
    "a lone bracket": ("a: ]\n", "cannot begin with ']'", (1, 4)),
    "nothing after a bracket": ("a: [\n", "ends where a value", (2, 1)),
    "a lone brace": ("a: }\n", "cannot begin with '}'", (1, 4)),
    "a column of its own": ("  a: 1\nb: 2\n", "belongs to nothing above it", (2, 1)),
    "text after a block sign": ("a: | echo\n", "follows the | or >", (1, 6)),
    "a list item as a value": ("a: - b\n", "begins an item or a key here", (1, 4)),
    "a directive": ("%YAML 3.0\n---\na: b\n", "not YAML", (1, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message", "expected"), CASES.values(), ids=list(CASES))
def test_an_error_says_what_and_where(text: str, message: str, expected: tuple[int, int]) -> None:
    with pytest.raises(ProjectError) as caught:
        compose(text, Path("MLproject"))
    error = caught.value
    assert message in error.message
    assert error.location is not None
    assert (error.location.line, error.location.column) == expected


@pytest.mark.parametrize("name", [name for name in CASES if name != "a directive"])
def test_an_error_says_what_to_do(name: str) -> None:
    with pytest.raises(ProjectError) as caught:
        compose(CASES[name][0], Path("MLproject"))
    assert caught.value.hint


def test_brackets_within_braces_get_their_quotes() -> None:
    text = "a: {t: list[int], d: 'ü'}\n"
    with pytest.raises(ProjectError) as caught:
        compose(text, Path("MLproject"))
    mended = apply_edits(text, caught.value.problems[0].edits)
    assert mended == text.replace("list[int]", '"list[int]"')
    assert compose(mended, Path("MLproject")) is not None
