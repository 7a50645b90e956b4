"""`mlrun lint` as a user calls it: files, words, exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlrun.lint.rules.all import ALL_RULES
from tests.functional.commands import MLRUN, Place

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/lint.schema.json").read_text())

WELL = "entry_points:\n  main:\n    command: python train.py\n"
NOTE = "python: '3.11'\ndependencies:\n  - pip:\n    - numpy==2.1.0\n"
BAD = "python: '3.11'\ndependencies:\n  - numpy=2.1.0\n  - -r gone.txt\n"
MENDED = BAD.replace("numpy=", "numpy==")
AT_LINE_3 = "project/python_env.yaml:3:5: error[conda-form]: 'numpy=2.1.0' is conda's form"

AT_LINE_4 = "project/python_env.yaml:4:5: error[missing-requirements-file]"


@pytest.fixture
def bad(place: Place) -> Place:
    place.write(WELL)
    (place.project / "python_env.yaml").write_text(BAD)
    return place


def environment(place: Place) -> Path:
    return place.project / "python_env.yaml"


def document(place: Place, *words: str) -> dict[str, Any]:
    answer = place.mlrun("lint", *words, "--output", "json")
    found: dict[str, Any] = json.loads(answer.stdout)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def test_the_schema_is_one_and_its_example_is_right() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for example in SCHEMA["examples"]:
        Draft202012Validator(SCHEMA).validate(example)


def test_a_project_in_which_nothing_is_found(place: Place) -> None:
    place.write(WELL)
    answer = place.mlrun("lint", "project")
    assert (answer.returncode, answer.stdout) == (0, "")
    assert answer.stderr == "mlrun: nothing found in 1 file\n"


def test_each_finding_has_its_line(bad: Place) -> None:
    answer = bad.mlrun("lint", "project")
    assert answer.returncode == 1
    assert answer.stdout.splitlines() == [
        f"{AT_LINE_3} of a requirement",
        "  hint: write `numpy==2.1.0`",
        f"{AT_LINE_4}: there is no file 'gone.txt'",
        "  hint: paths are relative to the file that names them",
    ]
    assert answer.stderr == "mlrun: 2 errors in 1 file; 1 can be mended with --fix\n"


def test_the_documentation_shows_what_is_printed(place: Place) -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "lint.md").read_text()
    place.write(
        "name: churn\npython_env: python_env.yaml\n\nentry_points:\n  main:\n    parameters:\n"
        "      alpha: {defulat: 0.5, type: float}\n    command: python train.py --alpha {alpha}\n",
    )
    environment(place).write_text("python: '3.11'\n")
    answer = place.mlrun("lint", "project")
    printed = (answer.stdout + answer.stderr).replace("project/", "").splitlines()
    assert "".join(f"    {line}\n" for line in printed) in documentation
    (silenced,) = re.findall(r"```yaml\n(hooks: .*?)```", documentation, re.DOTALL)
    place.write(WELL + silenced)
    assert place.mlrun("lint", "project").stdout == ""


def test_the_folder_that_one_stands_in_is_the_default(bad: Place) -> None:
    answer = subprocess.run(
        [*MLRUN, "lint"], cwd=bad.project, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout.startswith("python_env.yaml:3:5: ")


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--strict",), 1)])
def test_notes_alone_fail_where_that_is_asked_for(
    place: Place, words: tuple[str, ...], code: int
) -> None:
    place.write(WELL)
    environment(place).write_text(NOTE)
    answer = place.mlrun("lint", "project/python_env.yaml", *words)
    assert answer.returncode == code
    assert "note[nested-pip]" in answer.stdout
    assert "1 note in 1 file" in answer.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("projekt",), "did you mean 'project'?"),
        (("project", "--rule", "conda-from"), "did you mean `conda-form`?"),
        (("--explain", "conda-from"), "did you mean `conda-form`?"),
        (("--explain", "xyz"), "--explain all"),
        (("project", "--fix", "--diff"), "give one of them"),
        (("project", "--diff", "--output", "json"), "--diff prints a diff"),
        (("project", "--output", "xml"), "'xml' is not one of"),
    ],
)
def test_a_wrong_command_line(bad: Place, words: tuple[str, ...], expected: str) -> None:
    answer = bad.mlrun("lint", *words)
    assert answer.returncode == 2
    assert expected in answer.stderr
    assert answer.stdout == ""
    assert environment(bad).read_text() == BAD


def test_one_rule_alone(bad: Place) -> None:
    answer = bad.mlrun("lint", "project", "--rule", "missing-requirements-file", "--fix")
    assert answer.returncode == 1
    assert "conda-form" not in answer.stdout
    assert environment(bad).read_text() == BAD
    assert bad.mlrun("lint", "project", "--rule", "nested-pip").returncode == 0


def test_fix_mends_and_tells(bad: Place) -> None:
    answer = bad.mlrun("lint", "project", "--fix")
    assert answer.returncode == 1
    first, *_, left, _hint = answer.stdout.splitlines()
    assert first == f"{AT_LINE_3} of a requirement".replace("error", "mended")
    assert "4:5: error[missing-requirements-file]" in left
    assert answer.stderr == "mlrun: 1 error in 1 file; 1 was mended\n"
    assert environment(bad).read_text() == MENDED
    (bad.project / "gone.txt").write_text("")
    answer = bad.mlrun("lint", "project", "--fix")
    assert (answer.returncode, answer.stdout) == (0, "")


def test_fix_keeps_all_but_the_mistake(bad: Place) -> None:
    file = environment(bad)
    file.write_bytes(b"\xef\xbb\xbf" + BAD.replace("\n", "  # \u00e9\r\n").encode())
    file.chmod(0o640)
    bad.mlrun("lint", "project", "--fix")
    assert file.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "  # \u00e9\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640


def test_fix_refuses_a_read_only_file_before_it_writes_any(bad: Place) -> None:
    (bad.project / "MLproject").write_text(WELL.replace("command", "comand"))
    environment(bad).chmod(0o444)
    answer = bad.mlrun("lint", "project", "--fix")
    assert answer.returncode == 2
    assert "'project/python_env.yaml' cannot be mended: it is read-only" in answer.stderr
    assert "comand" in (bad.project / "MLproject").read_text()


def test_diff_shows_what_fix_would_change(bad: Place) -> None:
    environment(bad).write_text(BAD.rstrip("\n"))
    answer = bad.mlrun("lint", "project", "--diff")
    assert answer.returncode == 1
    assert answer.stderr == "mlrun: --fix would mend 1 finding in 1 file\n"
    assert environment(bad).read_text() == BAD.rstrip("\n")
    applied = ["git", "apply", "-p1", "-"]
    subprocess.run(applied, cwd=bad.folder, input=answer.stdout, text=True, check=True)
    assert environment(bad).read_text() == MENDED.rstrip("\n")
    assert bad.mlrun("lint", "project", "--diff").stdout == ""


def test_the_document(bad: Place) -> None:
    found = document(bad, "project")
    assert found["counts"] == {"errors": 2, "warnings": 0, "notes": 0}
    project, file = found["files"]
    assert project == {"file": "project/MLproject", "findings": [], "mended": []}
    first, second = file["findings"]
    assert first == {
        "rule": "conda-form",
        "severity": "error",
        "message": "'numpy=2.1.0' is conda's form of a requirement",
        "hint": "write `numpy==2.1.0`",
        "file": "project/python_env.yaml",
        "line": 3,
        "column": 5,
        "end_column": 16,
        "edits": [{"start": 33, "end": 44, "text": "numpy==2.1.0"}],
    }
    assert second["edits"] == []
    mended = document(bad, "project", "--fix")["files"][1]
    assert mended["mended"] == [first]
    assert [finding["rule"] for finding in mended["findings"]] == ["missing-requirements-file"]


def test_annotations_are_escaped(place: Place) -> None:
    place.folder.joinpath("a,b").mkdir()
    file = place.folder / "a,b" / "python_env.yaml"
    file.write_text("python: '3.11'\ndependencies: ['a%b/cd', c=1]\n'50%': x\n")
    answer = place.mlrun("lint", "a,b", "--output", "github")
    at = "file=a%2Cb/python_env.yaml"
    assert answer.stdout.splitlines() == [
        f"::error {at},line=2,col=26,endColumn=29,title=mlrun lint%3A conda-form"
        "::'c=1' is conda's form of a requirement%0Awrite `c==1`",
        f"::notice {at},line=3,col=1,endColumn=6,title=mlrun lint%3A unknown-key"
        f"::{answer.stdout.splitlines()[1].partition('::')[2].rpartition('::')[2]}",
    ]
    assert "50%25" in answer.stdout.splitlines()[1]
    assert "1 error, 1 note in 1 file" in answer.stderr


def test_github_gets_annotations_beside_the_text(bad: Place) -> None:
    env = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(bad.folder.parent)}
    lines = bad.mlrun("lint", "project", env=env).stdout.splitlines()
    assert lines[0].startswith(AT_LINE_3)
    below = f"{bad.folder.name}/project/python_env.yaml"
    assert lines[4].startswith(f"::error file={below},line=3,col=5,endColumn=16,title=")
    assert len(lines) == 6
    (text,) = {
        bad.mlrun("lint", "project", "--output", "text", env=env).stdout,
        bad.mlrun("lint", "project", env={"GITHUB_ACTIONS": "false"}).stdout,
    }
    assert "::" not in text


def test_github_obeys_no_name_of_a_file_or_key(place: Place) -> None:
    folder = place.folder / "::error::x"
    folder.mkdir()
    (folder / "python_env.yaml").write_text(
        "python: '3.11'\ndependencies: ['a:b: 1']\n'##[x]': y\n"
    )
    for words in (["--output", "text"], ["--diff"]):
        lines = place.mlrun("lint", "::error::x", *words, env={"GITHUB_ACTIONS": "true"}).stdout
        first, *_, last = lines.splitlines() or ["", ""]
        if lines:
            assert first == f"::stop-commands::{last.strip(':')}"
    assert (
        "::error::x/python_env.yaml:3:1: note[unknown-key]"
        in place.mlrun("lint", "::error::x").stdout
    )


def test_a_rule_is_explained(place: Place) -> None:
    answer = place.mlrun("lint", "--explain", "conda-form")
    assert answer.returncode == 0
    assert answer.stdout.startswith("conda-form (error, python_env.yaml)\n")
    for part in (ALL_RULES["conda-form"].bad, ALL_RULES["conda-form"].good):
        assert "".join(f"    {line}\n" for line in part.splitlines()) in answer.stdout
    listed = place.mlrun("lint", "--explain", "all").stdout.splitlines()
    assert [line.split()[0] for line in listed] == sorted(ALL_RULES)


def test_on_a_terminal_the_line_is_shown(bad: Place) -> None:
    inner, outer = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.run(
        [*MLRUN, "lint", "project"], cwd=bad.folder, stdout=outer, stderr=subprocess.DEVNULL,
        env=env, check=False,
    )  # fmt: skip
    os.close(outer)
    shown = os.read(inner, 1 << 16).decode().splitlines()
    os.close(inner)
    assert process.returncode == 1
    assert shown[1:3] == ["  3 |   - numpy=2.1.0", "    |     ^~~~~~~~~~~"]
    assert shown[3] == "  hint: write `numpy==2.1.0`"


def test_an_address_is_refused_without_its_password(place: Place) -> None:
    answer = place.mlrun("lint", "https://me:hunter2@host/p.git")
    assert answer.returncode == 2
    assert "https://***@host/p.git is no file of this machine" in answer.stderr
    assert "hunter2" not in answer.stderr


def test_a_line_with_a_secret_is_shown_for_no_other_finding(place: Place) -> None:
    place.write(
        "entry_points:\n  main:\n    parameters:\n"
        "      a: {secret: true, default: hunter2, choices: [x]}\n"
        "      password: {default: hunter2, flaot: 3}\n"
        "      b: {type: strin}\n"
        "    command: echo {password}{b}\n"
    )
    inner, outer = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    subprocess.run(
        [*MLRUN, "lint", "project"], cwd=place.folder, stdout=outer, stderr=subprocess.DEVNULL,
        env=env, check=False,
    )  # fmt: skip
    os.close(outer)
    shown = os.read(inner, 1 << 16).decode()
    os.close(inner)
    assert "b: {type: strin}" in shown
    assert "[meaningless-constraint]" in shown
    assert "[open-password]" in shown
    assert "hunter2" not in shown


def test_nothing_of_a_file_reaches_the_terminal_unseen(place: Place) -> None:
    place.write(WELL + '"\\e[31m": x\n')
    answer = place.mlrun("lint", "project")
    assert "\x1b" not in answer.stdout
    assert "unknown-key" in answer.stdout


def test_little_is_imported(place: Place) -> None:
    place.write(f"python_env: python_env.yaml\n{WELL}")
    environment(place).write_text(BAD.replace("  - -r gone.txt\n", ""))
    code = (
        "import sys; from mlrun.cli.main import exit_code_for; exit_code_for(['lint', 'project'])\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=place.folder, capture_output=True, text=True, check=True
    )
    modules = set(answer.stderr.splitlines()[-1].split())
    heavy = {"mlrun.runner", "mlrun.environments", "mlrun.sources", "tempfile", "difflib", "git"}
    assert modules & heavy == set()
