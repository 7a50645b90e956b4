from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlrun.errors import ProjectError
from mlrun.project.model import EntryPoint, Project
from mlrun.project.scripts import script_entry_point, scripts_in


def project_in(folder: Path) -> Project:
    return Project(None, folder, None, {})


def script(folder: Path, name: str) -> EntryPoint:
    found = script_entry_point(project_in(folder), name)
    assert found is not None
    return found


SHELL = '"$(printenv SHELL 2>/dev/null || command -v bash || echo sh)"'


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("train.py", "python train.py"),
        ("sub/train.py", "python sub/train.py"),
        ("two words.py", "python 'two words.py'"),
        ("-c.py", "python ./-c.py"),
        ("a{b}.py", "python 'a{b}.py'"),
        ("train.sh", f"{SHELL} train.sh"),
        ("train.R", "Rscript -e 'mlflow::mlflow_source(\"train.R\")' --args"),
        ('"$x".R', 'Rscript -e \'mlflow::mlflow_source("\\"$x\\".R")\' --args'),
    ],
)
def test_a_script_is_run_by_what_its_ending_says(tmp_path: Path, name: str, command: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    found = script(tmp_path, name)
    assert found.name == name
    assert found.parameters == {}
    assert found.command.format() == command
    assert found.location.file == tmp_path / name


@pytest.mark.parametrize("name", ["missing.py", "main", "train.txt", ".py", "folder.py", ""])
def test_what_is_no_script(tmp_path: Path, name: str) -> None:
    (tmp_path / "train.txt").touch()
    (tmp_path / "folder.py").mkdir()
    assert script_entry_point(project_in(tmp_path), name) is None


@pytest.mark.parametrize("name", ["../out.py", "sub/../../out.py", "/bin/x.sh"])
def test_a_script_must_lie_in_the_project(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "out.py").touch()
    with pytest.raises(ProjectError, match="does not lie in the project"):
        script_entry_point(project_in(folder), name)


def test_an_absolute_path_into_the_project_is_fine(tmp_path: Path) -> None:
    (tmp_path / "x.py").touch()
    assert script(tmp_path, str(tmp_path / "x.py")).command == f"python {tmp_path / 'x.py'}"


@pytest.mark.parametrize("shell", ["/bin/sh", None])
def test_a_shell_script_runs_in_the_users_shell_else_in_bash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str | None
) -> None:
    monkeypatch.delenv("SHELL", raising=False)
    if shell is not None:
        monkeypatch.setenv("SHELL", shell)
    (tmp_path / "x.sh").write_text('tr "\\0" " " < /proc/$$/cmdline')
    command = script(tmp_path, "x.sh").command.format()
    shown = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == f"{shell or shutil.which('bash')} x.sh"


def test_a_shell_script_runs_where_there_is_no_bash(tmp_path: Path) -> None:
    for program in ("sh", "tr"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    (tmp_path / "x.sh").write_text('tr "\\0" " " < /proc/$$/cmdline')
    shown = subprocess.run(
        ["sh", "-c", script(tmp_path, "x.sh").command.format()],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert (shown.stdout.strip(), shown.stderr) == ("sh x.sh", "")


@settings(deadline=None, max_examples=40)
@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=40
    )
)
def test_any_file_name_reaches_python_as_it_is(stem: str) -> None:
    name = f"{stem}.py"
    if len(name.encode()) > 200:
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(
            "import sys; sys.stdout.buffer.write(sys.argv[0].encode())"
        )
        command = script(Path(folder), name).command.format()
        words = ["bash", "-c", command.replace("python", sys.executable + " -X utf8", 1)]
        ran = subprocess.run(words, cwd=folder, check=True, capture_output=True)
    assert Path(ran.stdout.decode()) == Path(name)


def test_the_scripts_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.py", "a.sh", "c.R", "d.txt"):
        (tmp_path / name).touch()
    (tmp_path / "e.py").mkdir()
    assert scripts_in(tmp_path) == ("a.sh", "b.py", "c.R")
    assert scripts_in(tmp_path / "gone") == ()
