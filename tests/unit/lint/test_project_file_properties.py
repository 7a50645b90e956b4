"""Whatever is in a project file: lint says what is wrong, and agrees with the loader."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlrun.errors import MlrunError, Problem
from mlrun.lint.project_file import check_project_file
from mlrun.lint.rules.all import ALL_RULES
from mlrun.lint.rules.rule import Severity, Subject
from mlrun.project.load import load_project
from tests.unit.project.test_load_properties import PLAUSIBLE, SNIPPETS, VALUES

EXAMPLES = sorted(
    {text for r in ALL_RULES.values() if r.subject is Subject.PROJECT for text in (r.bad, r.good)}
)
PIECES = st.sampled_from(
    [
        *("\t", "  ", '"', "'", ":", ": ", "{", "}", "[", "]", "- ", "&a ", "*a", "#", "\n", "|"),
        *(">", "!x ", "? ", "<<: ", "%", "null", "docker_env:", "é", "\u2028", "😀", "\r\n", "$"),
        *("{{", "{x}", "--x", "\\", "entry_points:", "min: 2", "secret: true", "\0", "${a}"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return an example of a rule, with some of it lost and something else in it."""
    text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 6))
        text = text[:start] + draw(PIECES | st.just("")) + text[start + gone :]
    return text


def check(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "MLproject"
        file.write_bytes(data)
        problems = check_project_file(file)
        try:
            load_project(file.parent)
        except MlrunError as error:
            check_that_it_is_found(error, problems)
        check_each(problems, file)


def check_that_it_is_found(error: MlrunError, problems: tuple[Problem, ...]) -> None:
    # What a misspelt key would have given is not missing besides.
    assert {error.problems[0].rule, "misspelt-key"} & {problem.rule for problem in problems}
    assert any(ALL_RULES[str(p.rule)].severity is Severity.ERROR for p in problems)


def check_each(problems: tuple[Problem, ...], file: Path) -> None:
    text = file.read_bytes().decode("utf-8-sig", "replace")
    for problem in problems:
        assert problem.rule in ALL_RULES
        assert problem.location is not None
        assert problem.location.file == file
        assert (problem.location.line or 1) <= len(text.splitlines()) + 1
        assert all(0 <= edit.start <= edit.end <= len(text) for edit in problem.edits)
        assert all(
            one.end <= other.start
            for one, other in zip(sorted(problem.edits), sorted(problem.edits)[1:], strict=False)
        )


@settings(deadline=None, max_examples=500)
@given(mutated())
def test_any_example_with_mistakes(text: str) -> None:
    check(text.encode())


@settings(deadline=None, max_examples=200)
@given(SNIPPETS)
@example("a: &a [*a]")
@example("<<: 1")
@example("? - a\n")
@example("a:b\nc:d\n\te:f\n")
def test_any_text_that_looks_like_yaml(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=200)
@given(VALUES)
def test_any_yaml(value: Any) -> None:
    check(yaml.safe_dump(value).encode())


@settings(deadline=None, max_examples=100)
@given(PLAUSIBLE, st.sampled_from([True, False, None]))
def test_any_project(content: dict[str, Any], flow: bool | None) -> None:
    check(yaml.safe_dump(content, default_flow_style=flow, allow_unicode=True).encode())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(data)
