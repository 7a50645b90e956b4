"""The keys of a parameter that say more than its type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.cli.excerpt import excerpt
from mlrun.errors import ProjectError
from mlrun.lint.rules.all import ALL_RULES
from mlrun.project.entry_points import read_entry_points
from mlrun.project.model import Flag, Parameter
from mlrun.project.reading.nodes import Document
from tests.unit.project.written import lint_messages, main_of, parameter, place, refused


@pytest.mark.parametrize(
    ("declaration", "field", "value"),
    [
        ("{choices: [adam, 1e-5, 0.00006, 2024-01-01]}", "choices",
         ("adam", "1e-5", "6e-05", "2024-01-01")),
        ("{type: int, choices: [1, 2, 1]}", "choices", ("1", "2")),
        ("{type: path, choices: [a.csv]}", "choices", ("a.csv",)),
        ("{type: 'list[int]', choices: [1, two]}", "choices", ("1", "two")),
        ("{type: int, min: 0}", "minimum", "0"),
        ("{type: float, max: 1e-5}", "maximum", "1e-5"),
        ("{type: float, max: .inf}", "maximum", "inf"),
        ("{type: int, min: '3'}", "minimum", "3"),
        ("{min:}", "minimum", None),
        ('{pattern: "[a-z]+"}', "pattern", "[a-z]+"),
        ("{pattern: 2024}", "pattern", "2024"),
        ("{optional: true}", "optional", True),
        ("{optional: yes}", "optional", True),
        ("{default: null}", "optional", True),
        ("{default: ~}", "optional", True),
        ("{default: null, optional: false}", "optional", False),
        ("{type: bool, flag: true}", "flag", Flag("--p")),
        ("{type: bool, flag: false}", "flag", None),
        ("{type: bool, flag: --word}", "flag", Flag("--word")),
        ("{type: bool, flag: -x}", "flag", Flag("-x")),
        ("{type: bool, flag: --on/--off}", "flag", Flag("--on", "--off")),
        ("{type: bool, flag: --a/b}", "flag", Flag("--a/b")),
        ("{secret: true}", "secret", True),
        ("{secret: true, default: '@token'}", "default", "@token"),
        ("{secret: true, default: env:TOKEN}", "default", "env:TOKEN"),
        ("{secret: false, default: x}", "secret", False),
        ("{type: path, exists: false}", "exists", False),
        ("{type: path}", "exists", True),
        ("{type:int, min:1}", "minimum", "1"),
        ("{type: int, mni: 1, max: 2}", "maximum", "2"),
    ],
)  # fmt: skip
def test_what_is_read(tmp_path: Path, declaration: str, field: str, value: Any) -> None:
    _, found = parameter(tmp_path, f": {declaration}")
    assert getattr(found, field) == value


def test_all_at_once_without_a_lint(tmp_path: Path) -> None:
    project, found = parameter(
        tmp_path,
        ": {type: int, default: 3, min: 1, max: 9, choices: [1, 3], optional: true,"
        " pattern: '[0-9]', description: some}",
    )
    assert project.lints == ()
    assert (found.minimum, found.maximum, found.pattern) == ("1", "9", "[0-9]")


@pytest.mark.parametrize(
    ("declaration", "message", "column"),
    [
        ("{choices: {}}", "`choices` must be a list, not a mapping", 20),
        ("{choices: adam}", "`choices` must be a list, not 'adam'", 20),
        ("{choices: []}", "leaves no choice", 20),
        ("{choices: [a, [b]]}", "not a list", 24),
        ("{choices: [a, null]}", "not empty", 24),
        ("{type: int, choices: [1, x]}", "the choice 'x' is not an int", 35),
        ("{type: int, min: abc}", "`min` must be a number, not 'abc'", 27),
        ("{type: int, max: true}", "`max` must be a number, not 'true'", 27),
        ("{type: int, max: [1]}", "`max` must be a number, not a list", 27),
        ("{type: float, min: .nan}", "must be a number", 29),
        ("{type: int, min: 3, max: 2}", "`min` (3) is more than `max` (2)", 27),
        ("{pattern: '['}", "no regular expression: unterminated character set", 20),
        ("{pattern: [a]}", "must be one text", 20),
        ("{optional: maybe}", "`optional` is true or false, not 'maybe'", 21),
        ("{optional: 'true'}", "`optional` is true or false", 21),
        ("{type: path, exists: 1}", "`exists` is true or false, not '1'", 31),
        ("{type: bool, flag: shuffle}", "`flag` cannot be 'shuffle'", 29),
        ("{type: bool, flag: --a b}", "`flag` cannot be", 29),
        ("{type: bool, flag: [--a]}", "`flag` cannot be a list", 29),
        ("{type: path, secret: true}", "a path is no secret", 31),
        ("{secret: true, default: hunter2}", "for all to read", 34),
        ("{secret: true, default: ''}", "for all to read", 34),
    ],
)
def test_what_is_malformed_is_refused_where_it_stands(
    tmp_path: Path, declaration: str, message: str, column: int
) -> None:
    text = f"entry_points:\n  main:\n    command: a\n    parameters:\n      p: {declaration}\n"
    error = refused(tmp_path, text)
    assert message in error.message
    assert place(error) == (5, column)
    assert error.hint
    assert error.problems[0].rule
    assert "hunter2" not in f"{error.message} {error.hint} {error.location}"
    assert (excerpt(error.problems[0]) == []) == ("for all to read" in message)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("path", "PATH has a meaning"),
        ("ld-preload", "LD_PRELOAD has a meaning"),
        ("mlflow_tracking_token", "has a meaning"),
        ("python_path", "has a meaning"),
        ("1st", "name of no variable"),
        ("a.b", "name of no variable"),
        ("tökén", "name of no variable"),
    ],
)
def test_a_secret_needs_a_name_that_a_variable_can_have(
    tmp_path: Path, name: str, why: str
) -> None:
    error = refused(
        tmp_path,
        f"entry_points: {{main: {{command: a, parameters: {{{name}: {{secret: true}}}}}}}}",
    )
    assert why in error.message


def test_two_secrets_are_not_one_variable(tmp_path: Path) -> None:
    secret = "{secret: true}"
    error = refused(
        tmp_path,
        f"entry_points: {{main: {{command: a, parameters: {{a-b: {secret}, a_b: {secret}}}}}}}",
    )
    assert "the same variable, A_B" in error.message


@pytest.mark.parametrize(
    "declaration",
    [
        "{min: 1}",
        "{type: bool, choices: [true]}",
        "{type: json, choices: [a]}",
        "{type: bool, pattern: x}",
        "{type: float, flag: true}",
        "{type: uri, exists: false}",
        "{secret: true, type: int, min: 0}",
        "{secret: true, choices: [a]}",
        "{secret: true, type: bool, flag: true}",
    ],
)
def test_what_has_no_meaning_is_ignored_with_a_lint(tmp_path: Path, declaration: str) -> None:
    project, found = parameter(tmp_path, f": {declaration}")
    assert "has no meaning for" in lint_messages(project)
    (lint,) = project.lints
    assert lint.rule == "meaningless-constraint"
    assert (found.choices, found.minimum, found.pattern, found.flag) == ((), None, None, None)
    assert found.exists


@pytest.mark.parametrize("kind", ["flot", "[float]", "''"])
def test_a_type_that_is_not_known_is_all_that_is_said(tmp_path: Path, kind: str) -> None:
    project, found = parameter(tmp_path, f": {{type: {kind}, min: 0, exists: false}}")
    (lint,) = project.lints
    assert lint.rule == "unknown-type"
    assert found.minimum is None
    assert found.exists


@pytest.mark.parametrize("key", ["options", "required", "minimum", "regex", "help"])
def test_keys_of_other_tools_are_no_slips(tmp_path: Path, key: str) -> None:
    project, found = parameter(tmp_path, f": {{type: int, {key}: [1, 2]}}")
    (lint,) = project.lints
    assert lint.rule == "unknown-key"
    assert "did you mean" in str(lint.hint)
    assert not found.optional


def test_an_empty_default_must_be_given_and_null_need_not(tmp_path: Path) -> None:
    project, found = parameter(tmp_path, ": {type: int, default: }")
    assert not found.optional
    assert [lint.rule for lint in project.lints] == ["empty-default"]
    _, main = main_of(tmp_path, "parameters: {a: {default: null}}\ncommand: x")
    assert main.parameters["a"].optional


def test_words_that_yaml_takes_for_truth_are_told(tmp_path: Path) -> None:
    project, found = parameter(tmp_path, ": {choices: [on, True, 'no']}")
    assert found.choices == ("True", "no")
    (lint,) = project.lints
    assert lint.rule == "unquoted-choice"


def test_reading_goes_on_after_each_mistake() -> None:
    text = (
        "entry_points:\n  main:\n    command: x\n    parameters:\n"
        "      a: {type: int, min: x, choices: 5, pattern: '['}\n"
        "      b: [1]\n      c: {secret: true, default: hunter2, optional: 3}\n"
    )
    document = Document(Path("MLproject"), text, is_spared=True)
    assert document.root is not None
    entries = document.entries(document.root, "the file")
    found = read_entry_points(document, entries["entry_points"], Path())
    assert list(found["main"].parameters) == ["a", "b", "c"]
    assert sorted(str(problem.rule) for problem in document.errors) == [
        "bad-choices", "bad-limit", "bad-pattern", "bad-switch", "literal-secret", "wrong-shape",
    ]  # fmt: skip


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["--a", "--a/--b", "@f", "env:X", "true", "[", "yes", "1e-5", "adam"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
TYPES = st.sampled_from(["string", "int", "float", "bool", "list[int]", "json", "path", "uri"])
KEYS = ("choices", "min", "max", "pattern", "optional", "flag", "secret", "exists", "default")


@given(TYPES, st.dictionaries(st.sampled_from(KEYS), VALUES), st.sampled_from(["p", "path", "a b"]))
def test_anything_is_read_or_refused_with_a_place_and_a_rule(
    kind: str, constraints: dict[str, Any], name: str
) -> None:
    main = {"command": "echo", "parameters": {name: {"type": kind, **constraints}}}
    text = yaml.safe_dump({"entry_points": {"main": main}}, allow_unicode=True)
    found, spared = read(text, is_spared=True)
    assert list(found) == [name]
    for problem in (*spared.errors, *spared.lints):
        assert problem.rule in ALL_RULES
        assert problem.location is not None
        assert problem.location.line is not None
    if spared.errors:
        with pytest.raises(ProjectError) as raised:
            read(text)
        assert raised.value.problems[0] in spared.errors
    else:
        strictly, document = read(text)
        assert (strictly, document.lints) == (found, spared.lints)


def read(text: str, *, is_spared: bool = False) -> tuple[dict[str, Parameter], Document]:
    document = Document(Path("MLproject"), text, is_spared=is_spared)
    assert document.root is not None
    entries = document.entries(document.root, "the file")
    main = read_entry_points(document, entries["entry_points"], Path())["main"]
    return dict(main.parameters), document
