"""What is found about commands: where it stands, and what becomes of it once it is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Problem
from mlrun.lint.commands import check_commands
from mlrun.project.load import load_project
from mlrun.project.reading.yaml_mending import apply_edits

PARAMETERS = """\
      rate: float
      data: string
      count: int
      limit: {type: int, optional: true}
      fast: {type: bool, flag: true, default: false}
      mode: {type: bool, flag: --on/--off}
      key: {secret: true, default: env:KEY}
"""


def written(folder: Path, command: str, more: str = "") -> Path:
    file = folder / "MLproject"
    head = f"name: ü\n{more}entry_points:\n  main:\n    parameters:\n{PARAMETERS}"
    file.write_text(f"{head}    command: {command}\n", encoding="utf-8")
    return file


def found(folder: Path, command: str, more: str = "") -> list[Problem]:
    """Return what is found, but for parameters that are not used."""
    written(folder, command, more)
    problems = check_commands(load_project(folder))
    return [problem for problem in problems if problem.rule != "unused-parameter"]


def marked(folder: Path, problem: Problem) -> str:
    """Return the text of the file that a problem points at."""
    place = problem.location
    assert place is not None
    assert place.line is not None
    line = (folder / "MLproject").read_text(encoding="utf-8").splitlines()[place.line - 1]
    assert place.column is not None
    end = place.end_column - 1 if place.end_column is not None else None
    return line[place.column - 1 : end]


@pytest.mark.parametrize(
    ("command", "rule", "part"),
    [
        ("train {rat}", "unknown-placeholder", "{rat}"),
        ("train {rate} 'a", "unreadable-command", "'"),
        ("train 'a", "unreadable-command", "'"),
        ('|\n      echo "it\'s"\n      train $(date', "unreadable-command", "$"),
        ("train {rate:.3f}", "formatted-placeholder", "{rate:.3f}"),
        ("|\n      cat <<A\n      {rate}\n      A", "unsafe-place", "{rate}"),
        ("train > {limit}", "kept-argument", "{limit}"),
        ("train x{fast}", "kept-argument", "{fast}"),
        ("train --x={fast}", "kept-argument", "{fast}"),
        ("train {mode}/a", "kept-argument", "{mode}"),
        ("train {key}", "visible-secret", "{key}"),
        ("train ${rate} {rate}", "shell-variable", "{rate}"),
        ("python -c 'f({data})'", "restricted-place", "{data}"),
        ("echo $((1 + {data}))", "restricted-place", "{data}"),
        ("train {rate} | awk '{print}'", "literal-braces", "{"),
        ('train "{data}"', "quoted-placeholder", "{data}"),
        ('train "a {data}"', "quoted-placeholder", "{data}"),
        ("bash -c 'train {data}'", "quoted-placeholder", "{data}"),
        ("train $(echo {data})", "split-value", "{data}"),
        ("train `echo {data}`", "split-value", "{data}"),
        ("a=1 mlflow run .", "nested-run", "mlflow"),
        ("cd x && env A=1 docker run i", "own-container", "docker"),
        ("|\n      train\n       --b {rate}\n       --c", "continued-line", "--b"),
        (">\n      a\n\n      b {rate}", "several-commands", "b"),
    ],
)
def test_rule_and_place(tmp_path: Path, command: str, rule: str, part: str) -> None:
    (problem,) = found(tmp_path, command)
    assert (problem.rule, marked(tmp_path, problem)) == (rule, part)


def test_what_is_not_closed_is_told_by_its_own_words(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, "|\n      train {rate} {data} {count}\n      echo 'it {data}")
    assert "the quote ' is never closed" in problem.message
    assert str(problem.hint).endswith("if it is text: 'it {...}")


@pytest.mark.parametrize(
    "command",
    [
        "train {mode} --limit {limit} {fast} '{mode}' --rate={rate} '{rate}' {data}",
        "KEY={key} train ${{VAR:-1}}",
        "export KEY={key}; bash -c 'train --limit {limit}'",
        "python -c 'f({rate}, {count})' $(( {rate} ))",
        "|\n      train {rate}\n      test {rate}",
        ">\n      train {rate}\n      --b",
        "|\n      train \\\n        --b {rate}",
        'train "$(echo {data})"',
        "mlflow models serve; docker build .",
        "train # {key}",
    ],
)
def test_nothing_is_found(tmp_path: Path, command: str) -> None:
    assert found(tmp_path, command) == []


def test_all_that_is_wrong_is_found_at_once(tmp_path: Path) -> None:
    rules = [problem.rule for problem in found(tmp_path, "train {a} {b} {rate:2} {a}")]
    assert rules == ["unknown-placeholder", "unknown-placeholder", "formatted-placeholder"]
    rules = [p.rule for p in found(tmp_path, "train {key} > {limit} x{fast} '{data}' {z}")]
    assert sorted(map(str, rules)) == [
        *("kept-argument", "kept-argument", "quoted-placeholder"),
        *("unknown-placeholder", "visible-secret"),
    ]


def test_parameter_that_nothing_uses(tmp_path: Path) -> None:
    written(tmp_path, "train {rate} {coutn}")
    problems = [p for p in check_commands(load_project(tmp_path)) if p.rule == "unused-parameter"]
    assert [marked(tmp_path, problem) for problem in problems] == ["data", "limit", "fast", "mode"]


def test_shell_in_a_container(tmp_path: Path) -> None:
    docker = "docker_env: {image: churn}\n"
    (problem,) = found(tmp_path, "train {rate} && ls", docker)
    assert problem.rule == "shell-in-container"
    assert found(tmp_path, "train --rate {rate}", docker) == []
    assert found(tmp_path, "|\n      train \\\n        --rate {rate} \\\n        x", docker) == []


@pytest.mark.parametrize(
    ("command", "mended"),
    [
        ("awk '{print $1}' {data}", "awk '{{print $1}}' {data}"),
        ("a ${HOME} ${{X}} {{b c} {rate}", "a ${{HOME}} ${{X}} {{{{b c}} {rate}"),
        ('train "{data}:" x', 'train "{data}:" x'),
        ("|\n      a {}\n      b {data} '{x}'", "|\n      a {{}}\n      b {data} '{{x}}'"),
        ('train "{data}" {rate}', "train {data} {rate}"),
        ("train '{data}/x.csv' '{rate}'", "train {data}/x.csv '{rate}'"),
        (">\n      train\n      --a='{data}'", ">\n      train\n      --a='{data}'"),
        ('train "{data} b"', 'train "{data} b"'),
        (
            "|\n      train\n        --b {rate} \n\n        --c\n      test\n        --d",
            "|\n      train\n        --b {rate} \n\n        --c\n      test\n        --d",
        ),
        (
            ">-\n      train\n        --b {rate}  \n        --c é\n\n      test",
            ">-\n      train \\\n        --b {rate} \\\n        --c é\n\n      test",
        ),
        (
            "|\n      train # note\n        --b {rate}",
            "|\n      train # note\n        --b {rate}",
        ),
        ("'train ''{data}'''", "'train ''{data}'''"),
        ("\"awk '{print}' \\x41 {data}\"", "\"awk '{{print}}' \\x41 {data}\""),
        ('"awk \\x7bprint} {data}"', '"awk \\x7bprint} {data}"'),
    ],
)
def test_mends(tmp_path: Path, command: str, mended: str) -> None:
    problems = found(tmp_path, command)
    text = (tmp_path / "MLproject").read_text(encoding="utf-8")
    edits = [edit for problem in problems for edit in problem.edits]
    file = written(tmp_path, mended)
    assert apply_edits(text, edits) == file.read_text(encoding="utf-8")


def test_text_that_is_not_the_files(tmp_path: Path) -> None:
    file = written(tmp_path, "train {rat}")
    project = load_project(tmp_path)
    text = file.read_text(encoding="utf-8")
    file.write_text("name: another\n")
    (problem, *_) = check_commands(project, text)
    assert problem.location is not None
    assert problem.location.column == 20


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("train $rate", "$rate"),
        ("train --rate {{rate}} {{other}}", "{{rate}}"),
        ("'train { rate } {x'", "{ rate }"),
        ("train {rate", "{rate"),
        ("train {rate/x", "{rate"),
        ("train <rate> x", "<rate>"),
        ("|\n      train \\\n        --rate %(rate)s", "%(rate)s"),
        ("train %rate%", "%rate%"),
    ],
)
def test_parameter_that_is_named_in_another_form(tmp_path: Path, command: str, part: str) -> None:
    problems = command_problems_of(tmp_path, command)
    (problem,) = [p for p in problems if p.rule == "unmarked-placeholder"]
    assert marked(tmp_path, problem) == part
    assert problem.hint == "write {rate}"
    others = [p for p in problems if p.rule in ("unused-parameter", "literal-braces")]
    assert "rate" not in [marked(tmp_path, each) for each in others]
    assert not [p for p in others if p.rule == "literal-braces"]


@pytest.mark.parametrize("command", ["train $rates $rate-x", "train {rate} $rate", "train <rates>"])
def test_parameter_that_is_named_in_no_other_form(tmp_path: Path, command: str) -> None:
    assert "unmarked-placeholder" not in {p.rule for p in command_problems_of(tmp_path, command)}


def command_problems_of(folder: Path, command: str) -> list[Problem]:
    written(folder, command)
    return list(check_commands(load_project(folder)))


@pytest.mark.parametrize(
    ("before", "after", "hint"),
    [
        ("train", "train \\", "end the line before with a backslash"),
        ("train \\ ", "train \\", "remove the blank after the backslash before it"),
        ("train \\\t ", "train \\", "remove the blank after the backslash before it"),
        ("train ^", None, "write a backslash for the ^ before it"),
    ],
)
def test_end_of_the_line_before_a_continued_one(
    tmp_path: Path, before: str, after: str | None, hint: str
) -> None:
    file = written(tmp_path, f"|\n      {before}\n        --rate {{rate}}")
    (problem,) = [p for p in check_commands(load_project(tmp_path)) if p.rule == "continued-line"]
    assert problem.hint is not None
    assert problem.hint.startswith(hint)
    text = file.read_text(encoding="utf-8")
    mended = apply_edits(text, problem.edits)
    assert mended == (text if after is None else text.replace(f"{before}\n", f"{after}\n"))
