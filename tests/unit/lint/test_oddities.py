"""What real project files have in common that is odd: each is found, and what is not is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.lint.check import check
from mlrun.lint.rules.rule import Subject
from mlrun.lint.targets import Target

MAIN = "entry_points:\n  main:\n    command: python train.py\n"


def entry_point(parameters: str, command: str) -> str:
    """Return a file with one entry point, whose parameters are a flow mapping."""
    return f"entry_points:\n  main:\n    parameters: {{{parameters}}}\n    command: {command}\n"


ODD = {
    "an indented fold with options on their own lines": (
        entry_point("rate: float", ">\n      python train.py\n        --rate {rate}"),
        {"continued-line"},
    ),
    "blank lines in a fold": (
        entry_point("", ">-\n      python a.py\n\n      python b.py\n\n      python c.py"),
        {"several-commands"},
    ),
    "a default without a space": (
        entry_point("rate: {type:float, default:0.1}", "python train.py {rate}"),
        {"missing-space"},
    ),
    "a misspelt default": (
        entry_point("rate: {type: float, defulat: 1}", "python train.py {rate}"),
        {"misspelt-key"},
    ),
    "empty parameters": (
        "entry_points:\n  main:\n    parameters:\n    command: python train.py\n",
        {"mlflow-empty"},
    ),
    "a command beside its name": (
        "entry_points:\n  main:\n  command: python train.py\n", {"misplaced-command"},
    ),
    "a lone brace": (
        entry_point("rate: float", "$ROOT/scripts} && python train.py {rate}"), {"literal-braces"},
    ),
    "a placeholder that is not declared": (
        entry_point("", "python train.py {rate}"), {"unknown-placeholder"},
    ),
    "a placeholder in quotes": (
        entry_point("out: string", "'echo \"{out}\"'"), {"quoted-placeholder"},
    ),
    "words of a value": (
        entry_point("options: string", "python train.py $(echo {options})"), {"split-value"},
    ),
    "a path for an output": (
        entry_point("out_file: path", "python train.py {out_file}"), {"missing-output"},
    ),
    "an output's default": (
        entry_point("model_out: {type: path, default: m.pkl}", "python train.py {model_out}"),
        {"missing-output"},
    ),
    "a run of docker": (
        "docker_env: {image: a}\nentry_points:\n  main:\n    command: docker run a && ls\n",
        {"own-container", "shell-in-container"},
    ),
    "the folder in a volume of Windows": (
        f'docker_env: {{image: a, volumes: ["%cd%:/app"]}}\n{MAIN}', {"windows-variable"},
    ),
    "an image's name": (f"name: Churn\ndocker_env: {{image: a}}\n{MAIN}", {"image-name"}),
    "docker as a text": (f"docker_env: a\n{MAIN}", {"docker-env-text"}),
    "two environments": (
        f"docker_env: {{image: a}}\nconda_env: conda.yaml\n{MAIN}", {"several-environments"},
    ),
    "an environment in the file": (
        f"python_env: {{python: '3.11', dependencies: [a==1]}}\n{MAIN}", {"inline-python-env"},
    ),
    "a null environment": (f"conda_env: null\n{MAIN}", {"null-environment"}),
    "a path of Windows": (f"conda_env: .\\conda.yaml\n{MAIN}", {"windows-path"}),
    "a file in the parent folder": (
        f"conda_env: ../conda.yaml\n{MAIN}", {"outer-environment-file"},
    ),
    "a file that is not there": (f"conda_env: none.yaml\n{MAIN}", {"missing-environment-file"}),
    "keys of other tools": (f"uv_env: a\nhooks: b\nrocket: c\n{MAIN}", {"unknown-key"}),
    "a run within the run": (
        "entry_points:\n  main:\n    command: mlflow run . -e a\n", {"nested-run"},
    ),
    "an option that is glued to a value": (
        entry_point("a: int, b: int", "x --a {a}--b {b}"), {"glued-option"},
    ),
    "the same entry point twice": (f"{MAIN}  main:\n    command: x\n", {"duplicate-key"}),
    "an empty entry point": ("entry_points:\n  main:\n", {"no-command"}),
}  # fmt: skip

FINE = {
    "no main": MAIN.replace("main", "train"),
    "no environment": MAIN,
    "no name": MAIN,
    "a script that needs bash": "entry_points:\n  main:\n    command: source a.sh && python b.py\n",
    "a variable of the run": "entry_points:\n  main:\n    command: x --run $MLFLOW_RUN_ID\n",
    "an escape of MLflow's": "entry_points:\n  main:\n    command: x ${{VAR:-1}}\n",
    "a relative default": entry_point("data: {type: path, default: data}", "x {data}"),
    "a small number": entry_point("rate: {type: float, default: 0.00006}", "x {rate}"),
    "a whole number": entry_point("rate: {type: float, default: 3}", "x {rate}"),
    "an empty default": entry_point("a: {default: ''}", "x {a}"),
    "a list": entry_point("a: {type: list, default: [a, b]}", "x {a}"),
    "hyphens": entry_point("batch-size: int", "x --batch-size {batch-size}"),
    "glued to other text": entry_point("a: int, b: string", "x --out=runs/{a}_{b}.txt"),
    "the folder in a volume": f'docker_env: {{image: a, volumes: ["$(pwd):/b"]}}\n{MAIN}',
    "a name that is no image's": f"name: Churn\n{MAIN}",
}


def found(folder: Path, text: str) -> set[str | None]:
    project = folder / "project"
    project.mkdir()
    for parent in (folder, project):
        (parent / "conda.yaml").touch()
    file = project / "MLproject"
    file.write_text(text, encoding="utf-8")
    report = check(Target(file, Subject.PROJECT))
    return {finding.problem.rule for finding in report.findings}


@pytest.mark.parametrize(("text", "rules"), ODD.values(), ids=list(ODD))
def test_what_is_odd_is_found(tmp_path: Path, text: str, rules: set[str]) -> None:
    assert found(tmp_path, text) == rules


@pytest.mark.parametrize("text", FINE.values(), ids=list(FINE))
def test_what_is_fine_is_left(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == set()
