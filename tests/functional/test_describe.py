"""What `mlrun describe` says of a project, and that it can be pasted."""

from __future__ import annotations

import shlex

from tests.functional.commands import Place


def test_the_command_line_runs_as_it_is_printed(place: Place) -> None:
    place.write(
        "entry_points:\n  main:\n    parameters:\n"
        "      data: {type: path, default: data.csv}\n"
        "      steps: {type: int, default: None}\n"
        "      title: {default: it's two words}\n"
        "    command: printf '%s\\n' {data} {steps} {title}\n",
        data_csv="1",
    )
    described = place.mlrun("describe", "project")
    line = described.stdout.splitlines()[-1].strip()
    assert line.startswith("mlrun run project")
    answer = place.mlrun(*shlex.split(line)[1:])
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == [
        str(place.project / "data.csv"), "None", "it's two words",
    ]  # fmt: skip


def test_a_required_value_is_left_to_fill_in(place: Place) -> None:
    place.write("entry_points: {fit: {parameters: {alpha: float}, command: 'true {alpha}'}}")
    assert "mlrun run project -e fit -P alpha=..." in place.mlrun("describe", "project").stdout


def test_a_folder_with_nothing_to_run_is_an_error(place: Place) -> None:
    place.project.mkdir()
    answer = place.mlrun("describe", "project")
    assert answer.returncode == 125
    assert "there is no project file" in answer.stderr


def test_a_project_writes_nothing_to_the_terminal_but_its_words(place: Place) -> None:
    place.write(
        'name: "x\\e]0;title\\a"\nentry_points:\n  "f\\e[2Jit":\n'
        '    parameters: {a: {default: "\\e[31m"}}\n    command: "true"\n'
    )
    answer = place.mlrun("describe", "project")
    assert "f\\x1b[2Jit" in answer.stdout
    assert "\x1b" not in answer.stdout
    assert "\a" not in answer.stdout
