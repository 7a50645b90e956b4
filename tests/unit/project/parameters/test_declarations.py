from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import Edit
from mlrun.project.load import examine_project, load_project
from mlrun.project.model import Project
from mlrun.project.parameters.types import ParameterType
from mlrun.project.reading.nodes import read_document
from mlrun.project.reading.yaml_mending import apply_edits
from tests.unit.project.written import lint_messages, main_of, parameter, place, refused


@pytest.mark.parametrize(
    ("declaration", "kind", "default"),
    [
        (": float", ParameterType.FLOAT, None),
        (": {type: int}", ParameterType.INT, None),
        (": {type: 'list[float]', default: [1, 0.5]}", ParameterType.LIST, "[1, 0.5]"),
        (": {default: 1e-5}", ParameterType.STRING, "1e-5"),
        (": {default: 0.00006}", ParameterType.STRING, "6e-05"),
        (": {type: float, default: 3}", ParameterType.FLOAT, "3"),
        (": {type: float, default: 0.10}", ParameterType.FLOAT, "0.1"),
        (": {type: bool, default: false}", ParameterType.BOOL, "False"),
        (": {type: str, default: yes}", ParameterType.STRING, "True"),
        (": {type: str, default: '0.10'}", ParameterType.STRING, "0.10"),
        (": {type: str, default: ''}", ParameterType.STRING, ""),
        (": {type: str, default: None}", ParameterType.STRING, "None"),
        (": {type: dict, default: {a: 1}}", ParameterType.JSON, "{'a': 1}"),
        (": {type: str, default: 2024-01-31}", ParameterType.STRING, "2024-01-31"),
        (": {type: null, default: x}", ParameterType.STRING, "x"),
        (": {}", ParameterType.STRING, None),
        (":", ParameterType.STRING, None),
    ],
)
def test_forms_that_mean_what_they_say(
    tmp_path: Path, declaration: str, kind: ParameterType, default: str | None
) -> None:
    project, found = parameter(tmp_path, declaration)
    assert (found.type, found.default) == (kind, default)
    assert project.lints == ()


def test_places_and_description(tmp_path: Path) -> None:
    _, found = parameter(tmp_path, ":\n    description: a rate\n    default: 0.5\n    type: float")
    assert (found.location.line, found.location.column) == (4, 7)
    assert found.default_location is not None
    assert (found.default_location.line, found.default_location.column) == (6, 18)
    assert found.description == "a rate"


def test_null_is_no_default_and_has_its_place(tmp_path: Path) -> None:
    _, found = parameter(tmp_path, ": {default: null}")
    assert found.default is None
    assert found.default_location is not None


def test_no_default_has_no_place(tmp_path: Path) -> None:
    assert parameter(tmp_path, ": {type: int}")[1].default_location is None


@pytest.mark.parametrize(
    ("declaration", "kind", "default"),
    [
        (": {type:float, default:0.1}", ParameterType.FLOAT, "0.1"),
        (": {type:int, default: 10}", ParameterType.INT, "10"),
        (": {type: float, default:1e-5}", ParameterType.FLOAT, "1e-5"),
        (": {type: float, default:0.00006}", ParameterType.FLOAT, "6e-05"),
        (': {type: str, default="a b"}', ParameterType.STRING, "a b"),
        (": {type: str, default='a'}", ParameterType.STRING, "a"),
        (': {type: str, default "model"}', ParameterType.STRING, "model"),
        (": {type=int, default=5}", ParameterType.INT, "5"),
        (":\n    type:int\n    default:5", ParameterType.INT, "5"),
        (": {type: int, defulat: 1}", ParameterType.INT, "1"),
        (": {type: int, defualt: 1}", ParameterType.INT, "1"),
        (": {Type: int, Default: 1}", ParameterType.INT, "1"),
        (": {typ: int, default: 1}", ParameterType.INT, "1"),
        (": 0.5", ParameterType.STRING, "0.5"),
        (": true", ParameterType.STRING, "True"),
    ],
)
def test_slips_mean_what_was_meant_with_a_lint(
    tmp_path: Path, declaration: str, kind: ParameterType, default: str
) -> None:
    project, found = parameter(tmp_path, declaration)
    assert (found.type, found.default) == (kind, default)
    assert project.lints


def test_the_lint_of_a_missing_space_says_what_it_was_read_as(tmp_path: Path) -> None:
    project, _ = parameter(tmp_path, ": {type: float, default:0.1}")
    (lint,) = project.lints
    assert lint.message == "'default:0.1' is taken to mean `default: 0.1`"
    assert lint.location is not None
    assert (lint.location.line, lint.location.column) == (4, 24)


def test_the_lint_of_a_misspelt_key_names_the_key(tmp_path: Path) -> None:
    project, _ = parameter(tmp_path, ": {type: int, defulat: 1}")
    assert lint_messages(project) == (
        "'defulat' is not a key of a parameter"
        " (write `default`, as which mlrun reads it; MLflow ignores it)"
    )


def test_a_slip_never_wins_over_what_is_right(tmp_path: Path) -> None:
    _, found = parameter(tmp_path, ": {type: int, default:7, default: 5, defulat: 6}")
    assert (found.type, found.default) == (ParameterType.INT, "5")


def test_one_habit_is_one_lint(tmp_path: Path) -> None:
    project, _ = main_of(
        tmp_path, "parameters:\n  a: {type:int}\n  b: {type:int}\n  c: {type:int}\ncommand: echo"
    )
    (lint,) = project.lints
    assert "(likewise below: line 5, 6)" in lint.message


@pytest.mark.parametrize(
    ("declaration", "hint"),
    [
        (": flaot", "did you mean `float`?"),
        (": {type: filepath}", "did you mean `path`?"),
        (": {type: banana}", "known types: string, float"),
        (": {type: [str, int]}", "known types: string, float"),
        (": {type: 5}", "known types: string, float"),
    ],
)
def test_an_unknown_type_takes_any_text_as_in_mlflow(
    tmp_path: Path, declaration: str, hint: str
) -> None:
    project, found = parameter(tmp_path, declaration)
    assert found.type is ParameterType.STRING
    assert "so any text is accepted" in lint_messages(project)
    assert hint in lint_messages(project)


@pytest.mark.parametrize("nothing", ["", "~", "{}"])
def test_empty_parameters_are_none(tmp_path: Path, nothing: str) -> None:
    project, main = main_of(tmp_path, f"parameters: {nothing}\ncommand: echo")
    assert main.parameters == {}
    assert project.lints == ()


@pytest.mark.parametrize(
    ("parameters", "message", "expected"),
    [
        ("[a, b]", "`parameters` must be a mapping, not a list", (3, 17)),
        ("alpha", "`parameters` must be a mapping, not 'alpha'", (3, 17)),
        ("{a: [int, 5]}", "'a' must be a mapping, not a list", (3, 21)),
        ("{a: int, b: float, a: int}", "'a' is given twice", (3, 36)),
        ("{a: {default: 1, default: 2}}", "'default' is given twice", (3, 34)),
        ("{a: {default: {[x]: 1}}}", "cannot be read", (3, 31)),
    ],
)
def test_a_wrong_form_is_located(
    tmp_path: Path, parameters: str, message: str, expected: tuple[int, int]
) -> None:
    text = f"entry_points:\n  main:\n    parameters: {parameters}\n    command: echo\n"
    error = refused(tmp_path, text)
    assert message in error.message
    assert place(error) == expected
    assert error.hint


def test_names_may_have_hyphens_and_be_words_that_yaml_reserves(tmp_path: Path) -> None:
    _, main = main_of(tmp_path, "parameters: {n-class: int, on: str, 1: str}\ncommand: echo")
    assert list(main.parameters) == ["n-class", "on", "1"]


def test_an_alias_may_repeat_parameters(tmp_path: Path) -> None:
    _, main = main_of(
        tmp_path,
        "parameters:\n  a: &rate {type: float, default: 1}\n  b: *rate\n"
        "  c: {<<: *rate, default: 2}\ncommand: echo",
    )
    assert [p.default for p in main.parameters.values()] == ["1", "1", "2"]


def mended(folder: Path, parameters: str) -> str:
    """Return what stands below `parameters:` after the edits of all lints."""
    head, tail = "entry_points:\n  main:\n    parameters:\n", "    command: echo\n"
    file = folder / "MLproject"
    file.write_text(head + parameters + tail, encoding="utf-8", newline="")
    edits: list[Edit] = []
    for lint in examined(file).lints:
        edits += lint.edits
    text = apply_edits(head + parameters + tail, sorted(set(edits)))
    file.write_text(text, encoding="utf-8", newline="")
    assert examined(file).lints == ()
    return text.removeprefix(head).removesuffix(tail)


def examined(file: Path) -> Project:
    return examine_project(read_document(file, is_spared=True), file.parent)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("      a: {type:float, default:0.1} # ä\n", "      a: {type: float, default: 0.1} # ä\n"),
        ("      é: {type:int, default:1, min:0}\n", "      é: {type: int, default: 1, min: 0}\n"),
        ('      a: {default="b c"}\n', '      a: {default: "b c"}\n'),
        ("      a: {type: str, default 'x'}\n", "      a: {type: str, default: 'x'}\n"),
        (
            "      a:\n        type:int\n        default:5\n      b: int\n",
            "      a:\n        type: int\n        default: 5\n      b: int\n",
        ),
        (
            "      a: {defulat: 1, type: int}\n      b: 0.10 # c\n",
            "      a: {default: 1, type: int}\n      b: {default: 0.10} # c\n",
        ),
        ("      a:\n      b: ~\n", "      a: string\n      b: string\n"),
        ("      a: {choices: [on, x]}\n", '      a: {choices: ["on", x]}\n'),
        ("      a: {type:int}\r\n      b: {min: 1, type:int}\r\n",
         "      a: {type: int}\r\n      b: {min: 1, type: int}\r\n"),
    ],
)  # fmt: skip
def test_what_needs_no_thought_is_mended(tmp_path: Path, before: str, after: str) -> None:
    assert mended(tmp_path, before) == after


@given(
    st.sampled_from(["type", "default", "min", "pattern"]),
    st.sampled_from([":", "=", " =", ": ", ":  ", " :  "]),
    st.sampled_from(["1", "int", "0.5", '"a, b"', "'é'", "x:y"]),
)
def test_a_mended_pair_means_what_it_was_read_as(
    tmp_path_factory: pytest.TempPathFactory, key: str, gap: str, value: str
) -> None:
    folder = tmp_path_factory.mktemp("p")
    before = parameter(folder, f": {{ {key}{gap}{value} }} # é")[1]
    text = (folder / "MLproject").read_text(encoding="utf-8")
    edits = [edit for lint in load_project(folder).lints for edit in lint.edits]
    (folder / "MLproject").write_text(apply_edits(text, edits), encoding="utf-8")
    project = load_project(folder)
    after = project.entry_points["main"].parameters["p"]
    assert "missing-space" not in {lint.rule for lint in project.lints}
    assert (after.type, after.default, after.minimum, after.pattern) == (
        before.type, before.default, before.minimum, before.pattern,
    )  # fmt: skip
