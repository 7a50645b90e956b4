from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import Location, ProjectError
from mlrun.project.load import find_entry_point
from mlrun.project.model import DockerEnv, PythonEnv, PythonEnvFile, RenvEnv
from tests.unit.project.written import lint_messages, load_text, main_of, place, refused


def test_an_entry_point_keeps_its_command_and_the_place_of_it(tmp_path: Path) -> None:
    project = load_text(
        tmp_path,
        """\
        name: demo
        entry_points:
          main:
            description: trains
            parameters:
              alpha: float
            command: "python train.py {alpha}"
          'two words': {command: echo}
        """,
    )
    assert list(project.entry_points) == ["main", "two words"]
    main = project.entry_points["main"]
    assert main.command == "python train.py {alpha}"
    assert main.description == "trains"
    assert list(main.parameters) == ["alpha"]
    assert str(main.location) == f"{tmp_path / 'MLproject'}:7:14"
    assert project.lints == ()


def test_a_folded_command_keeps_what_yaml_made_of_it(tmp_path: Path) -> None:
    _, main = main_of(tmp_path, "command: >-\n  python x.py\n    --a 1\n\n  echo done\n")
    assert main.command == "python x.py\n  --a 1\n\necho done"


@pytest.mark.parametrize("nothing", ["", "~", "{}"])
def test_empty_entry_points_are_none(tmp_path: Path, nothing: str) -> None:
    assert load_text(tmp_path, f"entry_points: {nothing}").entry_points == {}


def test_names_are_as_written(tmp_path: Path) -> None:
    project = load_text(tmp_path, "entry_points:\n  1.10: {command: a}\n  on: {command: b}\n")
    assert list(project.entry_points) == ["1.10", "on"]


def test_a_command_that_yaml_takes_for_a_value_is_text(tmp_path: Path) -> None:
    assert main_of(tmp_path, "command: true")[1].command == "true"


def test_a_command_beside_the_name(tmp_path: Path) -> None:
    error = refused(tmp_path, "entry_points:\n  main:\n  command: python x.py\n")
    assert error.message == "`command` stands beside the entry point 'main', not below it"
    assert place(error) == (3, 3)
    assert error.hint == "indent it further than 'main'"


def test_a_command_without_a_name(tmp_path: Path) -> None:
    error = refused(tmp_path, "entry_points:\n  command: python x.py\n")
    assert "where the name of an entry point does" in error.message
    assert place(error) == (2, 3)


def test_an_entry_point_may_be_called_command(tmp_path: Path) -> None:
    project = load_text(tmp_path, "entry_points: {command: {command: ls}}")
    assert project.entry_points["command"].command == "ls"


@pytest.mark.parametrize(
    ("text", "message", "expected"),
    [
        ("entry_points:\n  - main: {command: x}\n", "must be a mapping, not a list", (2, 3)),
        ("entry_points: main\n", "must be a mapping, not 'main'", (1, 15)),
        ("entry_points:\n  main:\n    - command: x\n", "'main' must be a mapping, not a", (3, 5)),
        ("entry_points:\n  main: 5\n", "'main' must be a mapping, not '5'", (2, 9)),
        ("entry_points:\n  main:\n    command:x\n", "'command:x' has no space after", (3, 5)),
        ("entry_points:\n  main:\n    command: a\n    command: b\n", "twice", (4, 5)),
        ("entry_points:\n  a: {}\n  a: {}\n", "'a' is given twice, first on line 2", (3, 3)),
    ],
)  # fmt: skip
def test_a_wrong_form_is_located(
    tmp_path: Path, text: str, message: str, expected: tuple[int, int]
) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert place(error) == expected
    assert error.hint


def test_a_command_alone_is_what_was_meant(tmp_path: Path) -> None:
    project = load_text(tmp_path, "entry_points: {main: python x.py}")
    assert project.entry_points["main"].command == "python x.py"
    assert "a command alone, which MLflow refuses" in lint_messages(project)


@pytest.mark.parametrize(
    ("broken", "message", "expected"),
    [
        ("", "'broken' is empty", (3, 3)),
        ("{}", "'broken' has no `command`", (3, 3)),
        ("{command: }", "'broken' has no `command`", (3, 12)),
        ("{command: [a, b]}", "must be one text, not a list", (3, 12)),
        ("{command: {a: b}}", "must be one text, not a mapping", (3, 12)),
        ("{comand: x}", "has 'comand' where `command` is expected", (3, 12)),
        ("{Command: x}", "has 'Command' where `command` is expected", (3, 12)),
    ],
)
def test_without_a_command_only_that_entry_point_cannot_run(
    tmp_path: Path, broken: str, message: str, expected: tuple[int, int]
) -> None:
    project = load_text(tmp_path, f"entry_points:\n  main: {{command: echo}}\n  broken: {broken}\n")
    assert find_entry_point(project).command == "echo"
    with pytest.raises(ProjectError) as caught:
        find_entry_point(project, "broken")
    assert message in caught.value.message
    assert place(caught.value) == expected
    assert "`command: ...`" in (caught.value.hint or "")


def test_a_command_of_several_texts(tmp_path: Path) -> None:
    project = load_text(tmp_path, "entry_points: {main: {command: [a, b]}}")
    problem = project.entry_points["main"].problem
    assert problem is not None
    assert problem.hint == "write `command: ...` in one line; several commands have && between them"


def test_misspelt_parameters_that_the_command_needs(tmp_path: Path) -> None:
    project, _ = main_of(tmp_path, "parameter:\n  alpha: float\ncommand: echo {alpha}")
    with pytest.raises(ProjectError, match="'parameter' is not a key") as caught:
        find_entry_point(project)
    assert place(caught.value) == (3, 5)
    assert caught.value.hint == "did you mean `parameters`?"


def test_misspelt_parameters_that_it_does_not_need(tmp_path: Path) -> None:
    project, _ = main_of(tmp_path, "parameter:\n  alpha: float\ncommand: echo")
    assert find_entry_point(project).command == "echo"
    assert "did you mean `parameters`?" in lint_messages(project)


def test_unknown_keys_are_ignored_in_one_lint(tmp_path: Path) -> None:
    project, _ = main_of(tmp_path, "env: x\nimage: y\ncommand: echo")
    assert len(project.lints) == 1
    assert "'env', 'image'" in lint_messages(project)


def test_an_entry_point_may_name_its_own_environment(tmp_path: Path) -> None:
    project = load_text(
        tmp_path,
        "conda_env: conda.yaml\n"
        "entry_points:\n"
        "  prepare: {command: a, python_env: prepare.yaml}\n"
        "  train: {command: a, docker_env: {image: 'i:1'}}\n"
        "  inline: {command: a, python_env: {dependencies: [b]}}\n"
        "  same: {command: a, python_env: null}\n"
        "  plain: {command: a}\n",
    )
    assert project.lints == ()
    own = {name: entry.environments for name, entry in project.entry_points.items()}
    assert own["prepare"] == (
        PythonEnvFile(tmp_path / "prepare.yaml", Location(tmp_path / "MLproject", 3, 37)),
    )
    (container,) = own["train"]
    assert isinstance(container, DockerEnv)
    (inline,) = own["inline"]
    assert isinstance(inline, PythonEnv)
    assert own["same"] == own["plain"] == ()


def test_several_environments_of_an_entry_point_are_a_choice(tmp_path: Path) -> None:
    text = "entry_points: {main: {command: a, python_env: p.yaml, docker_env: i}}\n"
    project = load_text(tmp_path, text)
    assert [type(e) for e in project.entry_points["main"].environments] == [
        DockerEnv,
        PythonEnvFile,
    ]
    (lint,) = project.lints
    assert "more than one environment" in lint.message


def test_a_misspelt_environment_of_an_entry_point_is_said(tmp_path: Path) -> None:
    project = load_text(tmp_path, "entry_points: {main: {command: a, pyhton_env: p.yaml}}\n")
    (lint,) = project.lints
    assert lint.hint == "did you mean `python_env`?"


def test_only_rs_commands_need_r(tmp_path: Path) -> None:
    text = "renv_env: renv.lock\nentry_points:\n  r: {command: Rscript a.R}\n  py: {command: a}\n"
    project = load_text(tmp_path, text)
    (needed,) = find_entry_point(project, "r").environments
    assert isinstance(needed, RenvEnv)
    assert needed.required
    assert find_entry_point(project, "py").environments == ()
    (tmp_path / "b.R").write_text("")
    (needed,) = find_entry_point(project, "b.R").environments
    assert isinstance(needed, RenvEnv)
    assert needed.required
