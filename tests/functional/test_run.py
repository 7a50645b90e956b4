"""`mlrun run` of a project in a folder, from the words to the record."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from tests.functional.commands import Place, recorded, status

SCHEMAS = Path(__file__).parents[2] / "schemas"

ECHO = """
name: echo
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      word: {type: string, default: hello}
    command: "printf '%s|' {alpha} {word}"
  fail:
    command: "echo broken >&2; exit 7"
"""


@pytest.fixture
def echo(place: Place) -> Place:
    place.write(ECHO)
    return place


def test_command_gets_its_values_and_the_run_is_recorded(echo: Place) -> None:
    answer = echo.run_project("-P", "alpha=0.10", "-P", "word=two words; $(x)")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "0.10|two words; $(x)|"
    (run,) = echo.runs()
    assert status(run) == "FINISHED"
    assert recorded(run, "params") == {"alpha": "0.10", "word": "two words; $(x)"}
    tags = recorded(run, "tags")
    assert tags["mlflow.source.type"] == "PROJECT"
    assert tags["mlflow.source.name"] == str(echo.project)
    assert tags["mlflow.project.entryPoint"] == "main"
    assert tags["mlflow.project.backend"] == "local"


def test_exit_code_and_status_of_a_failure(echo: Place) -> None:
    answer = echo.run_project("-e", "fail")
    assert answer.returncode == 7
    assert "broken" in answer.stderr
    assert status(echo.runs()[0]) == "FAILED"


def test_command_sees_its_run(place: Place) -> None:
    place.write(
        "entry_points: {main: {command: 'echo $MLFLOW_RUN_ID $MLFLOW_EXPERIMENT_ID "
        "$MLFLOW_TRACKING_URI; pwd'}}"
    )
    answer = place.run_project("--experiment-name", "mine")
    run_id, experiment_id, uri, folder = answer.stdout.split()
    assert folder == str(place.project)
    assert uri.startswith("http://127.0.0.1:")
    assert [run.name for run in place.runs(experiment_id)] == [run_id]


def test_options_reach_the_record(echo: Place) -> None:
    answer = echo.run_project(
        "--run-name", "night", "--tag", "team=a=b", "--parent-run-id", "f" * 32, "--no-log-params"
    )
    assert answer.returncode == 0, answer.stderr
    (run,) = echo.runs()
    tags = recorded(run, "tags")
    assert (tags["mlflow.runName"], tags["team"]) == ("night", "a=b")
    assert tags["mlflow.parentRunId"] == "f" * 32
    assert recorded(run, "params") == {}


def test_run_is_continued(echo: Place) -> None:
    assert echo.run_project("-e", "fail").returncode == 7
    (run,) = echo.runs()
    assert echo.run_project("--run-id", run.name).returncode == 0
    assert echo.runs() == [run]
    assert status(run) == "FINISHED"


def test_undeclared_value_goes_to_the_command_with_a_hint(echo: Place) -> None:
    answer = echo.run_project("-P", "alhpa=1")
    assert answer.stdout == "0.5|hello|--alhpa|1|"
    assert "alpha" in answer.stderr


def test_parameter_file_is_weaker_than_a_flag(echo: Place) -> None:
    (echo.folder / "values.yaml").write_text("alpha: 0.10\nword: from the file\n")
    answer = echo.run_project("--params-file", "values.yaml", "-P", "word=from the flag")
    assert answer.stdout == "0.10|from the flag|"


def test_all_mistakes_are_reported_at_once_and_nothing_is_recorded(place: Place) -> None:
    place.write(
        "entry_points:\n  main:\n    parameters:\n      a: float\n      b: int\n      c: string\n"
        "    command: echo {a} {b} {c}\n"
    )
    answer = place.run_project("-P", "a=x", "-P", "b=1.5")
    assert answer.returncode == 125
    assert answer.stdout == ""
    for fragment in ("'a'", "'b'", "'c'"):
        assert fragment in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not place.database.exists()


def test_dry_run_prints_the_plan_and_does_nothing(echo: Place) -> None:
    answer = echo.run_project("--dry-run", "-P", "alpha=1")
    plan = json.loads(answer.stdout)
    jsonschema.validate(plan, json.loads((SCHEMAS / "plan.schema.json").read_text()))
    assert plan["work"]["parameters"][0]["origin"] == "flag"
    assert not echo.database.exists()


def test_json_result_is_all_there_is_on_stdout(echo: Place) -> None:
    answer = echo.run_project("--output", "json", "--result-file", "result.json", "-e", "fail")
    result = json.loads(answer.stdout)
    jsonschema.validate(result, json.loads((SCHEMAS / "result.schema.json").read_text()))
    assert result["outcome"]["status"] == "FAILED"
    assert result["outcome"]["command_exit_code"] == answer.returncode == 7
    assert json.loads((echo.folder / "result.json").read_text()) == result


def test_json_of_an_error_names_phase_and_place(place: Place) -> None:
    place.write("entry_points: {main: {comand: ls}}\n")
    answer = place.run_project("--output", "json")
    result = json.loads(answer.stdout)
    jsonschema.validate(result, json.loads((SCHEMAS / "result.schema.json").read_text()))
    assert answer.returncode == result["error"]["exit_code"] == 125
    assert result["error"]["phase"] == "load"
    assert "MLproject:1" in result["error"]["problems"][0]["at"]


def test_event_stream_fits_its_schema(echo: Place) -> None:
    answer = echo.run_project("--output", "json-lines")
    schema = json.loads((SCHEMAS / "event.schema.json").read_text())
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    for event in events:
        jsonschema.validate(event, schema)
    assert [e["event"] for e in events if e["event"] not in {"warning", "progress"}] == [
        "planned",
        "tracked",
        "prepared",
        "started",
        "ended",
        "finished",
    ]
    assert "hello" in answer.stderr


def test_quiet_says_nothing_of_its_own(echo: Place) -> None:
    answer = echo.run_project("--quiet")
    assert (answer.stdout, answer.stderr) == ("0.5|hello|", "")


def test_no_tracking_records_only_its_own_folder(echo: Place) -> None:
    answer = echo.run_project("--no-tracking")
    assert answer.returncode == 0, answer.stderr
    assert not echo.database.exists()
    assert echo.mlrun("runs", "log").stdout == "0.5|hello|"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("-b", "kubernetes"), "kubernetes"),
        (("-b", "databricks"), "databricks"),
        (("-b", "lcoal"), "local"),
        (("-v", "v1"), "v1"),
        (("--tracking-uri", "postgresql://h/x"), "postgresql"),
        (("--tracking-uri", "databricks"), "databricks"),
    ],
)
def test_what_is_not_supported_yet_is_refused_by_name(
    echo: Place, words: tuple[str, ...], named: str
) -> None:
    answer = echo.run_project(*words)
    assert answer.returncode == 125, answer.stderr
    assert named in answer.stderr
    assert not echo.database.exists()
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("-P", "novalue"),
        ("-P", "a=1", "-P", "a=2"),
        ("--experiment-name", "a", "--experiment-id", "1"),
        ("--no-conda", "--env-manager", "uv"),
        ("--output", "xml"),
        ("--no-tracking", "--run-id", "x"),
    ],
)
def test_contradictions_are_usage_errors(echo: Place, words: tuple[str, ...]) -> None:
    answer = echo.run_project(*words)
    assert answer.returncode == 2, answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("config", ["{not json", "[1]", "missing.json"])
def test_backend_config_must_be_a_json_object(echo: Place, config: str) -> None:
    answer = echo.run_project("--backend-config", config)
    assert answer.returncode == 2
    assert "--backend-config" in answer.stderr
    assert not echo.database.exists()


def test_backend_config_is_read_and_said_to_be_without_effect(echo: Place) -> None:
    (echo.folder / "options.json").write_text('{"cluster": "a"}')
    answer = echo.run_project("-c", "options.json")
    assert answer.returncode == 0
    assert "--backend-config has no effect on 'local'" in answer.stderr


def test_environment_variables_name_the_experiment(echo: Place) -> None:
    answer = echo.run_project(env={"MLFLOW_EXPERIMENT_NAME": "from the environment"})
    assert answer.returncode == 0, answer.stderr
    with closing(sqlite3.connect(echo.database)) as database:
        names = database.execute("SELECT name FROM experiments").fetchall()
    assert names == [("Default",), ("from the environment",)]


def test_python_is_the_users_own(place: Place, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho the users own\n")
    fake.chmod(0o755)
    place.write("entry_points: {main: {command: python train.py}}")
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    assert place.run_project(env={"PATH": path}).stdout == "the users own\n"


def test_nested_run_names_its_parent(place: Place) -> None:
    place.write(
        "entry_points:\n"
        f"  main: {{command: '{sys.executable} -m mlrun run . -e inner'}}\n"
        "  inner: {command: 'echo inner'}\n"
    )
    answer = place.run_project()
    assert answer.returncode == 0, answer.stderr
    tags = {run.name: recorded(run, "tags") for run in place.runs()}
    parents = {name: found.get("mlflow.parentRunId") for name, found in tags.items()}
    (inner,) = [name for name, parent in parents.items() if parent]
    assert parents[inner] in parents
    assert parents[inner] != inner


def file_tags(run: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (run / "tags").iterdir()}


def test_nested_run_has_its_parent_only_where_that_is_recorded(place: Place) -> None:
    mlrun = f"{sys.executable} -m mlrun run . -e inner --tracking-uri"
    place.write(
        "entry_points:\n"
        f"  same: {{command: '{mlrun} ../mlruns'}}\n"
        f"  other: {{command: '{mlrun} ../others'}}\n"
        "  inner: {command: 'true'}\n"
    )
    for words in (("same",), ("other",), ("same", "--no-tracking")):
        answer = place.run_project("-e", *words, env={"MLFLOW_TRACKING_URI": "mlruns"})
        assert answer.returncode == 0, answer.stderr
    inner = [
        tags
        for meta in place.folder.glob("*/0/*/meta.yaml")
        if (tags := file_tags(meta.parent))["mlflow.project.entryPoint"] == "inner"
    ]
    assert len(inner) == 3
    assert sum("mlflow.parentRunId" in tags for tags in inner) == 1


def test_vanished_project_and_unreadable_store(echo: Place) -> None:
    shutil.rmtree(echo.project)
    answer = echo.run_project()
    assert answer.returncode == 125
    assert "there is no folder" in answer.stderr


def test_store_that_is_a_file(echo: Place) -> None:
    echo.store.write_text("")
    answer = echo.run_project("--tracking-uri", "file:mlruns")
    assert answer.returncode == 125
    assert str(echo.store) in answer.stderr
    assert "Traceback" not in answer.stderr
    assert echo.mlrun("runs", "list").stdout == ""


def test_database_that_is_none(echo: Place) -> None:
    echo.database.write_text("a letter to a friend, longer than the header of a database\n" * 20)
    answer = echo.run_project()
    assert answer.returncode == 125
    assert f"{echo.database} is not an SQLite database" in answer.stderr
    assert "--tracking-uri" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert echo.mlrun("runs", "list").stdout == ""


def test_unknown_placeholder_names_the_parameters_in_the_order_of_the_file(place: Place) -> None:
    names = [f"p{number}" for number in range(9)]
    declared = ", ".join(f"{name}: {{default: x}}" for name in names)
    place.write(
        f"entry_points: {{main: {{parameters: {{{declared}}}, command: 'ls {{unknown}}'}}}}"
    )
    assert f"(it has: {', '.join(names)})" in place.run_project().stderr
