"""What `mlrun describe` says of a project, and that it can be pasted."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import jsonschema

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


def environment_lines(place: Place) -> list[str]:
    answer = place.mlrun("describe", "project")
    assert answer.returncode == 0, answer.stderr
    return [line for line in answer.stdout.splitlines() if "environment " in line]


def document(place: Place) -> dict[str, Any]:
    found = json.loads(place.mlrun("describe", "project", "--output", "json").stdout)
    assert isinstance(found, dict)
    return found


def test_the_environment_with_the_file_that_it_comes_from(place: Place) -> None:
    place.write("entry_points: {main: {command: 'true'}}", requirements_txt="six\n")
    assert environment_lines(place) == ["environment  uv, from requirements.txt"]
    answer = place.mlrun("describe", "project").stdout
    assert "(none is named: the first that is there of python_env.yaml, conda.yaml," in answer
    assert document(place)["environments"] == [
        {"kind": "requirements.txt", "file": "requirements.txt", "implied": True,
         "python": None, "image": None}
    ]  # fmt: skip
    (place.project / "pyproject.toml").write_text("[project]\nrequires-python = '>=3.10'\n")
    assert environment_lines(place) == ["environment  uv, from pyproject.toml, Python >=3.10"]
    assert "is taken before 'requirements.txt'" in place.mlrun("describe", "project").stderr


def test_an_environment_that_is_named_says_no_order(place: Place) -> None:
    place.write("python_env: env.yaml\nentry_points: {main: {command: a}}", env_yaml="python: 3.11")
    answer = place.mlrun("describe", "project").stdout
    assert "environment  uv, from env.yaml, Python 3.11" in answer
    assert "the first" not in answer
    place.write("entry_points: {main: {command: a}}")
    assert environment_lines(place) == ["environment  local"]


def test_an_entry_points_own_environment(place: Place) -> None:
    place.write(
        "entry_points:\n  main: {command: a, python_env: {python: '3.12'}}\n  other: {command: b}\n"
    )
    assert "    in an environment of its own: uv, Python 3.12" in environment_lines(place)
    entry_points = document(place)["entry_points"]
    assert entry_points["main"]["environment"] == "uv"
    assert entry_points["main"]["environments"][0]["python"] == "3.12"
    assert entry_points["other"]["environment"] is None


def test_a_file_that_is_broken_is_said_and_described_all_the_same(place: Place) -> None:
    place.write("entry_points: {main: {command: a}}", pyproject_toml="[project]\nname =\n")
    (line,) = environment_lines(place)
    assert "the file is no TOML" in line
    assert "from" not in line


def test_a_container_that_wants_variables_is_described_without_them(place: Place) -> None:
    place.write(
        "docker_env:\n  image: 'i:1'\n  environment: [NOT_SET_HERE]\n  volumes: ['$NONE:/data']\n"
        "entry_points: {main: {command: a}}"
    )
    answer = place.mlrun("describe", "project")
    assert answer.returncode == 0
    assert "environment  docker, image i:1\n" in answer.stdout
    assert "MLproject:3:17: " in answer.stderr
    assert "not set: NOT_SET_HERE" in answer.stderr
    document = json.loads(place.mlrun("describe", "project", "--output", "json").stdout)
    assert document["environment"] == "docker"


def test_containers_and_conda_environments(place: Place) -> None:
    place.write(
        "docker_env: {image: 'i:1'}\nentry_points:\n"
        "  main: {command: a, conda_env: c.yaml}\n"
        "  both: {command: a, conda_env: c.yaml, docker_env: {image: 'j:2'}}\n",
        c_yaml="channels: [mine]\ndependencies: [mine::python=3.9.18, numpy]\n",
    )
    first, own, both = environment_lines(place)
    assert first == "environment  docker, image i:1"
    assert own.endswith("conda, from c.yaml, Python 3.9.18")
    assert both.endswith("docker_env and conda_env (image j:2; from c.yaml, Python 3.9.18)")


SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/describe.schema.json").read_text())

PARAMETERS = """
entry_points:
  main:
    description: Fits it
    parameters:
      rate: {type: float, default: 0.1, min: 0, max: 1, description: How fast}
      steps: {type: int, min: 1}
      kind: {choices: [one, two], default: one}
      seed: {type: int, optional: true, max: 9}
      loud: {type: bool, default: false, flag: true}
      title: {pattern: "[a-z]+", default: " x"}
      out: {type: path, exists: false, default: out.txt}
      token: {secret: true}
    command: fit {rate} {steps} {kind} {seed} {loud} {title} {out}
  broken: {}
"""


def test_all_that_a_parameter_allows_is_said_in_one_look(place: Place) -> None:
    place.write(PARAMETERS)
    lines = place.mlrun("describe", "project").stdout.splitlines()
    assert "main    Fits it" in lines
    words = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line[:4] == "    "}
    assert words["rate"] == "float default 0.1 0 to 1 How fast"
    assert words["steps"] == "int required at least 1"
    assert words["kind"] == "string default one one | two"
    assert words["seed"] == "int optional at most 9"
    assert words["loud"] == "bool default False --loud or nothing"
    assert words["title"] == "string default ' x' matches [a-z]+"
    assert words["out"] == "path default out.txt need not exist"
    assert words["token"] == "string required secret: @FILE or env:NAME"
    assert "-P steps=... -P kind=one" in words["mlrun"]
    assert "-P token=env:..." in words["mlrun"]
    assert "seed" not in words["mlrun"]
    assert words["cannot"].startswith("run: the entry point 'broken'")


def test_the_document_has_all_of_it_too(place: Place) -> None:
    place.write(PARAMETERS)
    found = document(place)
    jsonschema.validate(found, SCHEMA)
    main = found["entry_points"]["main"]
    assert main["description"] == "Fits it"
    assert found["entry_points"]["broken"]["problem"]
    said = {
        name: {key for key, value in parameter.items() if value not in (None, False, "string")}
        for name, parameter in main["parameters"].items()
    }
    assert said == {
        "rate": {"type", "default", "description", "min", "max"},
        "steps": {"type", "required", "min"},
        "kind": {"default", "choices"},
        "seed": {"type", "optional", "max"},
        "loud": {"type", "default", "flag"},
        "title": {"default", "pattern"},
        "out": {"type", "default"},
        "token": {"required", "secret"},
    }


def test_the_example_of_the_schema_is_one() -> None:
    for example in SCHEMA["examples"]:
        jsonschema.validate(example, SCHEMA)


def test_a_long_description_goes_on_below(place: Place) -> None:
    about = " ".join(f"word{number}" for number in range(40))
    place.write(
        f"entry_points: {{main: {{parameters: {{a: {{description: {about}}}}}, command: x}}}}"
    )
    lines = place.mlrun("describe", "project").stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(" ".join(lines).split()).count(about) == 1
