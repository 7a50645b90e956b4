"""What an editor makes of the schemas, with a real YAML language server."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlrun.lint.project_file import check_project_file
from mlrun.project.parameters.types import ParameterType
from mlrun.schema_files import schema_file
from tests.components import missing
from tests.schemas import refusals, validator
from tests.unit.project.test_corpus import CORPUS, PATHS
from tests.yaml_language_server import Diagnostic, Editor, editor

__all__ = ["editor"]

TYPES = {kind.value for kind in ParameterType}
KEYS = {
    *("type", "default", "description", "choices", "min", "max", "pattern"),
    *("optional", "flag", "secret", "exists"),
}
GOOD = """\
name: churn
python_env: python_env.yaml
entry_points:
  main:
    description: Trains the model.
    parameters:
      data: path
      layers: List[int]
      alpha: {type: Float, default: 1e-3, min: 0, max: 1, description: Step size.}
      optimiser: {choices: [adam, sgd], default: adam}
      tag: {pattern: "[a-z]+", optional: true}
      shuffle: {type: bool, default: false, flag: --shuffle/--no-shuffle}
      token: {secret: true, default: env:TOKEN}
      out: {type: path, exists: false, default: model.pkl}
    command: >-
      TOKEN={token} python train.py {data} --alpha {alpha}
  report:
    conda_env: report.yaml
    command: Rscript report.R
"""
PARAMETERS = """\
entry_points:
  main:
    command: python train.py
    parameters:
"""


class Page:
    """A file in an editor, which begins with the line that names its schema."""

    def __init__(self, editor: Editor, folder: Path, schema: str) -> None:
        self._editor = editor
        self._folder = folder
        self._numbers = count()
        self._line = f"# yaml-language-server: $schema={schema_file(schema)}\n"

    def diagnostics(self, text: str) -> list[tuple[int, str, str]]:
        """Return the line of the text, what is underlined, and what is said."""
        found = self._editor.open(self._file(), self._line + text)
        return [self._told(one) for one in found]

    def complete(self, text: str) -> dict[str, str]:
        return self._editor.complete(self._file(), self._line + text)

    def hover(self, text: str) -> str:
        return self._editor.hover(self._file(), self._line + text)

    def _file(self) -> Path:
        return self._folder / str(next(self._numbers)) / "MLproject"

    @staticmethod
    def _told(one: Diagnostic) -> tuple[int, str, str]:
        return one.line - 1, one.text, one.message


@pytest.fixture
def project(editor: Editor, tmp_path: Path) -> Page:
    return Page(editor, tmp_path, "mlproject")


def test_nothing_is_underlined_in_a_good_file(project: Page) -> None:
    assert project.diagnostics(GOOD) == []


@pytest.mark.parametrize(
    ("text", "underlined", "message"),
    [
        ("alpha: flot", "flot", "This type is not known."),
        ("alpha: {type: flot}", "flot", "This type is not known."),
        ("alpha: {typ: float}", "typ", "Property typ is not allowed."),
        ("alpha: [float]", "[float]", "A parameter is `NAME: TYPE`"),
        ("alpha: 0.5", "0.5", "A parameter is `NAME: TYPE`"),
        ("alpha: {type: int, default: x}", "x", "The default is not an int."),
        ("alpha: {type: string, min: 0}", "0", "`min` and `max` have a meaning for"),
        ("alpha: {type: float, max: high}", "high", "`max` must be a number."),
        ("alpha: {choices: adam}", "adam", "`choices` is a list"),
        ("alpha: {type: bool, flag: shuffle}", "shuffle", "`flag` is true, or an option"),
        ("alpha: {optional: maybe}", "maybe", "`optional` is true or false."),
        ("alpha: {secret: true, default: hunter2}", "hunter2", "The default of a secret"),
        ("alpha: {type: int, secret: true, min: 0}", "0", "This has no meaning for a secret"),
    ],
)
def test_a_wrong_parameter(project: Page, text: str, underlined: str, message: str) -> None:
    ((line, marked, said),) = project.diagnostics(f"{PARAMETERS}      {text}\n")
    assert (line, marked) == (5, underlined)
    assert said.startswith(message)


@pytest.mark.parametrize(
    ("text", "line", "underlined", "message"),
    [
        ("entrypoints: {}\n", 1, "entrypoints", "Property entrypoints is not allowed."),
        ("entry_points: []\n", 1, "[]", "`entry_points` has the names"),
        ("entry_points:\n  main: train\n", 2, "train", "An entry point is a mapping"),
        ("entry_points:\n  main: {}\n", 2, "main", 'Missing property "command".'),
        ("entry_points: {main: {command: [x]}}\n", 1, "[x]", "`command` must be one text."),
        ("docker_env: {}\n", 1, "d", 'Missing property "image".'),
        (
            "docker_env: x\nconda_env: y\n",
            2,
            "conda_env",
            "`docker_env` and `conda_env` stand side by",
        ),
        ("python_env: {python: '3.x'}\n", 1, "'3.x'", "This is no version of Python"),
        ("python_env: {dependencies: [numpy=2]}\n", 1, "numpy=2", "This is conda's form"),
        ("name: [x]\n", 1, "[x]", "`name` must be one text."),
    ],
)
def test_a_wrong_file(project: Page, text: str, line: int, underlined: str, message: str) -> None:
    ((found, marked, said),) = project.diagnostics(text)
    assert (found, said[: len(message)]) == (line, message)
    assert marked.startswith(underlined)


def test_the_keys_of_a_project_are_offered(project: Page) -> None:
    offered = project.complete("|")
    assert offered.keys() >= {"name", "entry_points", "python_env", "conda_env", "docker_env"}
    assert offered["entry_points"] == "entry_points:\n  "


def test_an_entry_point_is_offered_whole(project: Page) -> None:
    offered = project.complete("entry_points:\n  |")
    assert offered["entry point"] == "${1:main}:\n  command: ${2:python train.py}"
    offered = project.complete("entry_points:\n  main:\n    |")
    assert offered.keys() >= {"command", "parameters", "description", "conda_env", "docker_env"}


def test_a_parameter_is_offered_whole(project: Page) -> None:
    offered = project.complete(f"{PARAMETERS}      |")
    assert {"parameter", "required parameter", "choices", "flag"} <= offered.keys()
    choice = "|" + ",".join(kind.value for kind in ParameterType) + "|"
    assert offered["parameter"] == f"${{1:alpha}}:\n  type: ${{2{choice}}}\n  default: ${{3:0.1}}"


def test_types_are_offered_where_a_type_stands(project: Page) -> None:
    assert project.complete(f"{PARAMETERS}      alpha: |").keys() >= TYPES
    assert project.complete(f"{PARAMETERS}      alpha:\n        type: |").keys() >= TYPES
    assert project.complete(f"{PARAMETERS}      alpha: {{type: |}}").keys() >= TYPES


def test_keys_are_offered_within_a_parameter_and_types_are_not(project: Page) -> None:
    offered = project.complete(f"{PARAMETERS}      alpha:\n        |")
    assert offered.keys() >= KEYS
    assert not offered.keys() & TYPES
    assert offered["choices"] == "choices:\n  - "
    assert offered["min"].startswith("min: ")
    offered = project.complete(f"{PARAMETERS}      alpha:\n        type: float\n        |")
    assert offered.keys() >= KEYS - {"type"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("na|me: x\n", "recorded with its runs"),
        ("docker_env: {ima|ge: x}\n", "The image"),
        ("entry_points:\n  main:\n    comm|and: x\n", "What bash runs"),
        (f"{PARAMETERS}      alpha:\n        ty|pe: float\n", "A whole number"),
        (f"{PARAMETERS}      alpha: {{ty|pe: float}}\n", "MLflow knows"),
        (f"{PARAMETERS}      alpha:\n        optio|nal: true\n", "without a value"),
        ("entry_points:\n  main:\n    cond|a_env: x\n", "The conda environment"),
    ],
)
def test_a_key_is_explained(project: Page, text: str, word: str) -> None:
    assert word in project.hover(text)


def test_an_environment_of_python(editor: Editor, tmp_path: Path) -> None:
    page = Page(editor, tmp_path, "python_env")
    assert page.diagnostics("python: '3.11'\ndependencies:\n- numpy==2.1.0\n- -r x.txt\n") == []
    assert page.complete("|").keys() == {"python", "build_dependencies", "dependencies"}
    ((line, marked, _),) = page.diagnostics("python: '3.11'\ndependncies: []\n")
    assert (line, marked) == (2, "dependncies")


def test_an_environment_of_conda(editor: Editor, tmp_path: Path) -> None:
    page = Page(editor, tmp_path, "conda")
    good = "channels: [conda-forge]\ndependencies:\n- python=3.11\n- pip:\n  - mlflow==3.1.4\n"
    assert page.diagnostics(good) == []
    assert page.complete("|").keys() >= {"channels", "dependencies", "variables"}
    ((line, marked, _),) = page.diagnostics("dependencies:\n- pip:\n  - mlflow=3\n")
    assert (line, marked) == (3, "mlflow=3")


def test_a_parameter_file(editor: Editor, tmp_path: Path) -> None:
    page = Page(editor, tmp_path, "params")
    assert page.diagnostics("alpha: 0.5\nlayers: [1, 2]\nnone: null\n") == []
    assert "The value of the parameter" in page.hover("al|pha: 0.5\n")
    ((line, _, said),) = page.diagnostics("- alpha\n")
    assert (line, said) == (1, "A parameter file has one `NAME: VALUE` a line.")


def test_real_files(editor: Editor) -> None:
    """It underlines something in those files in which there is something to be found."""
    if not PATHS:
        missing("corpus", "the folder shared/corpus beside the repository")
    texts = {CORPUS / path: (CORPUS / path).read_text(encoding="utf-8-sig") for path in PATHS}
    line = f"# yaml-language-server: $schema={schema_file('mlproject')}\n"
    found = editor.open_all({file: line + text for file, text in texts.items()})
    checker = validator("mlproject")
    for file, text in texts.items():
        # It takes no notice of a key without a value in `{type:float}`.
        if "missing-space" not in {problem.rule for problem in check_project_file(file)}:
            assert bool(found[file]) is is_refused(checker, text), file


def is_refused(checker: Draft202012Validator, text: str) -> bool:
    try:
        return bool(refusals(checker, text))
    except yaml.YAMLError:
        return True


def test_what_is_merged_is_known(project: Page) -> None:
    text = "&a {type: int, min: 0}\n      b: {<<: *a, default: 3}\n      c: {<<: *a, mni: 1}\n"
    ((line, marked, _),) = project.diagnostics(f"{PARAMETERS}      a: {text}")
    assert (line, marked) == (7, "mni")


def test_the_line_of_the_documentation_names_the_schema(editor: Editor, tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "project-file.md"
    (line,) = re.findall(r"```sh\n(.*yaml-language-server.*)\n```", page.read_text())
    program = tmp_path / "bin" / "mlrun"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m mlrun "$@"\n')
    program.chmod(0o755)
    file = tmp_path / "MLproject"
    file.write_text("name: churn\nentrypoints: {}\n")
    variables = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-ec", line], cwd=tmp_path, env=variables, check=True)
    (found,) = editor.open(file, file.read_text())
    assert (found.line, found.text) == (3, "entrypoints")
