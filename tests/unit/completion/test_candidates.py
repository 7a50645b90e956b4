"""What could stand at the cursor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from mlrun.completion import answering, project
from mlrun.completion.candidates import candidates
from mlrun.completion.vocabulary import Candidate
from mlrun.completion.words import MLRUN
from mlrun.project.project_file import find_project_file
from mlrun.project.scripts import SUFFIXES

PROJECT = """
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5, description: How fast}
      kind: {choices: [a, "b c"], default: a}
      on: bool
      data: path
      token: {secret: true, default: "env:TOKEN"}
    command: "train {alpha}"
  main2: echo two
  other: {parameters: {mine: int}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "MLproject").write_text(PROJECT)
    (tmp_path / "train.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(line: str) -> list[str]:
    *words, current = line.split(" ")
    return [found.text for found in candidates(MLRUN, words, current)]


def test_rules_and_schemas_are_offered() -> None:
    assert "misspelt-key" in texts("lint --rule miss")
    assert texts("lint --explain=conda-f") == ["--explain=conda-form"]
    assert texts("schema ml") == ["mlproject"]
    assert texts("schema mlproject ") == []


def test_commands_and_options_are_offered() -> None:
    assert texts("ru") == ["run", "runs"]
    assert texts("runs l") == ["list", "log"]
    assert "--entry-point" in texts("run -")
    assert texts("run --experiment-") == ["--experiment-name", "--experiment-id"]
    assert texts("describe --output ") == ["text", "json"]


def test_an_option_is_offered_once_unless_it_repeats() -> None:
    assert texts("run . --experiment-name x --experiment-n") == []
    assert texts("run . -e x --entry") == []
    assert texts("run . --param-list alpha=1 --param-l") == ["--param-list"]


def test_names_of_the_project_are_offered() -> None:
    assert texts("run . -e ") == ["main", "main2", "other", "train.py"]
    assert texts("run . --entry-point=ma") == ["--entry-point=main", "--entry-point=main2"]
    assert texts("run . -P ") == ["alpha=", "kind=", "on=", "data=", "token="]
    assert texts("run . -P kind=a -Palpha=2 -P ") == ["on=", "data=", "token="]
    assert texts("run . -e other -P ") == ["mine="]
    assert texts("run . -e missing -P ") == []
    assert texts("run https://host/project.git -e ") == []


def test_values_are_offered() -> None:
    assert texts("run . -P kind=") == ["kind=a", "kind=b c"]
    assert texts("run . -P on=t") == ["on=true"]
    assert texts("run . -P alpha=") == ["alpha=0.5"]
    assert list(candidates(MLRUN, ["run", ".", "-P"], "data=ro")) == [Candidate("files", "data=ro")]
    assert texts("run . -P nothing=") == []


def test_a_secret_is_offered_as_what_it_may_come_from_and_never_shown() -> None:
    found = list(candidates(MLRUN, ["run", ".", "-P"], "token="))
    assert [one.text for one in found] == ["token=env:", "token=@"]
    assert "env:TOKEN" not in str(list(candidates(MLRUN, ["run", ".", "-P"], "tok")))


def test_help_says_what_a_parameter_is() -> None:
    (found,) = candidates(MLRUN, ["run", ".", "-P"], "al")
    assert found == Candidate("open", "alpha=", "float, default 0.5: How fast")


def test_a_project_below_another_folder_is_looked_up_there(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "mlproject").write_text("entry_points: {deep: echo}")
    assert texts("run .#inner -e d") == ["deep"]
    assert texts("run inner -e d") == ["deep"]


@pytest.mark.parametrize(
    ("text", "entry_points", "parameters"),
    [
        ("", [], []),
        ("- a", [], []),
        ("entry_points: [", [], []),
        ("entry_points: {main: [1]}", ["main"], []),
        ("a: &a [*a]", [], []),
        ("\0", [], []),
        ("x: !!python/object:os.system {}", [], []),
        ("entry_points: {main: {parameters: [a]}}", ["main"], []),
        ("entry_points: {main: {parameters: {a: [1], b: {choices: 3}}}}", ["main"], ["a=", "b="]),
    ],
)
def test_a_broken_file_offers_what_can_be_read_of_it(
    folder: Path, text: str, entry_points: list[str], parameters: list[str]
) -> None:
    (folder / "MLproject").write_text(text)
    assert texts("run . -e ") == [*entry_points, "train.py"]
    assert texts("run . -P ") == parameters
    assert texts("run . -P a=") == texts("run . -P b=") == []


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\n"
        + "".join(f"{here}: &{here} [{', '.join([f'*{last}'] * 9)}]\n" for last, here in
                  zip("abcdefghij", "bcdefghijk", strict=True))
        + "entry_points: {main: {description: *k, parameters: {a: {type: *k, choices: [*k],"
        " description: *k, secret: *k, default: *k}}}}",
        "entry_points: " + "[" * 100_000,
        "entry_points: " + "{a: " * 60 + "b" + "}" * 60,
    ],
    ids=["aliases", "depth", "more depth"],
)  # fmt: skip
def test_a_file_that_no_memory_could_hold_is_not_spelt_out(folder: Path, text: str) -> None:
    (folder / "MLproject").write_text(text)
    for line in ("run . -e ", "run . -P ", "run . -P a="):
        assert not [one for one in texts(line) if len(one) > 10]


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / "MLproject").unlink()
    os.mkfifo(folder / "MLproject")
    assert texts("run . -e ") == ["train.py"]


def test_what_is_merged_into_a_mapping_is_offered(folder: Path) -> None:
    (folder / "MLproject").write_text(
        "x: &x {a: int, b: int}\nentry_points: {main: {parameters: {<<: *x, c: int}, command: x}}"
    )
    assert texts("run . -P ") == ["a=", "b=", "c="]


def test_after_two_hyphens_there_are_no_options() -> None:
    assert texts("run -- -") == ["-"]


@pytest.mark.parametrize(
    ("line", "breaks", "expected"),
    [
        ("mlrun run . -P kind=b", "=:", "word\tb\\ c\t\n"),
        ("mlrun run . -P kind=b", "", "word\tkind=b\\ c\t\n"),
        ("mlrun run . -P 'kind=b", "=:", "word\tkind=b c\t\n"),
        ("mlrun run . --env-manager=vi", "=:", "word\tvirtualenv\t\n"),
        ("cd x; mlrun run . -e main2 | tail", "=:", ""),
    ],
)
def test_bash_gets_what_follows_its_own_break(
    line: str,
    breaks: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(os.fsencode(line))))
    monkeypatch.setenv("COMP_WORDBREAKS", breaks)
    answering.answer("bash")
    assert capfdbinary.readouterr().out.decode() == expected


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("cmd", r"cmd\$\(x\)\'\`\""),
        ('"cmd', "cmd\\$(x)'\\`\\\""),
        ("'cmd", "cmd$(x)'\\''`\""),
        ("home", r"home"),
        ("\\~", r"\~home"),
        ('"cry', None),
        ("'cry", "cry!"),
        ("esc", None),
        ("two", None),
        ("over", None),
        ("long", None),
    ],
)
def test_a_name_runs_nothing_in_bash_and_is_one_word(
    current: str,
    expected: str | None,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    names = ["cmd$(x)'`\"", "~home", "home", "cry!", "esc\x1b[2J", "two\nlines", "over\u202e"]
    names.append("long" * 1000)
    described = {"description": "red \x1b[31m \x9b31m"}
    document = {"entry_points": dict.fromkeys(names, described)}
    (folder / "MLproject").write_text(yaml.safe_dump(document), encoding="utf-8")
    line = f"mlrun run . -e {current}"
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    answering.answer("bash")
    shown = capfdbinary.readouterr().out.decode()
    assert shown == ("" if expected is None else f"word\t{expected}\tred  [31m  31m\n")


@pytest.mark.parametrize(
    "names",
    [
        ("MLproject.yml",),
        ("mlproject", "MLproject"),
        ("mlproject.yaml", "MLproject"),
        ("MLPROJECT.yml", "MLproject"),
        ("mlproject.yml", "MLproject.yaml"),
    ],
)
def test_the_project_file_is_the_one_that_runs_read(folder: Path, names: tuple[str, ...]) -> None:
    (folder / "MLproject").unlink()
    for name in names:
        (folder / name).write_text(f"entry_points: {{'in {name}': {{}}}}")
    read = find_project_file(folder).path
    assert read is not None
    assert texts("run . -e in") == [f"in {read.name}"]


def test_scripts_are_those_that_run() -> None:
    assert project._SCRIPTS == SUFFIXES
