"""What a run gets that names no environment, one of an entry point's own, or the user's."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from mlrun.environments.installing.uv_program import find_uv
from tests.components import missing
from tests.functional.commands import Place, recorded
from tests.unit.environments.wheels import make_wheel

ASK = "python -c 'import sys; print(sys.prefix)'"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that lie in a folder, and no index."""
    if find_uv({}) is None:
        missing("uv", "it is not installed")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    make_wheel(tmp_path / "wheels", "needed", code="VALUE = 'from the wheel'\n")
    return tmp_path / "wheels"


def test_a_folder_with_requirements_and_a_script(place: Place, wheels: Path) -> None:
    place.project.mkdir()
    (place.project / "requirements.txt").write_text("needed\n")
    (place.project / "train.py").write_text("import needed; print(needed.VALUE)\n")
    answer = place.run_project("-e", "train.py")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "from the wheel\n"
    (run,) = place.runs()
    assert recorded(run, "tags")["mlflow.project.env"] == "uv"
    (place.project / "MLproject").write_text("python_env: null\n")
    assert place.run_project("-e", "train.py").returncode == 1


def test_a_pyproject_that_is_no_package(place: Place, wheels: Path) -> None:
    place.write(
        "entry_points: {main: {command: python train.py}}",
        pyproject_toml="[project]\nname = 'x'\nversion = '1'\ndependencies = ['needed']\n",
        train_py="import needed; print(needed.VALUE)\n",
    )
    answer = place.run_project()
    assert answer.stdout == "from the wheel\n", answer.stderr


def test_an_entry_points_own_environment(place: Place, wheels: Path) -> None:
    place.write(
        "python_env: null\nentry_points:\n"
        f'  main: {{command: "{ASK}"}}\n'
        f'  own: {{command: "{ASK}", python_env: {{dependencies: [needed]}}}}\n'
        f'  inherited: {{command: "{ASK}", python_env: null}}\n'
    )
    cache = str(place.folder.parent / "cache")
    assert cache not in place.run_project().stdout
    assert cache in place.run_project("-e", "own").stdout
    assert cache not in place.run_project("-e", "inherited").stdout


def test_the_users_own_environment_takes_the_place_of_the_projects(place: Place) -> None:
    venv.create(place.folder / "mine", with_pip=False)
    place.write(
        f'entry_points: {{main: {{command: "{ASK}"}}}}', requirements_txt="no-such-package\n"
    )
    answer = place.run_project("--env", "mine")
    assert answer.stdout == f"{place.folder / 'mine'}\n", answer.stderr
    (run,) = place.runs()
    tags = recorded(run, "tags")
    assert "mlflow.project.env" not in tags
    assert tags["mlrun.python"] == ".".join(map(str, sys.version_info[:3]))
    wrong = place.run_project("--env", "mien")
    assert wrong.returncode == 2
    assert f"did you mean '{place.folder / 'mine'}'?" in wrong.stderr


def test_an_r_project_without_r(place: Place, tmp_path: Path) -> None:
    """Bash is all that there is on PATH, so there is no Rscript."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bash").symlink_to("/bin/bash")
    env = {"PATH": str(tmp_path / "bin")}
    place.write(
        "entry_points: {main: {command: Rscript fit.R}, hello: {command: echo hello}}",
        renv_lock="{}",
    )
    answer = place.run_project(env=env)
    assert answer.returncode == 125
    assert "there is no Rscript on PATH" in answer.stderr
    answer = place.run_project("-e", "hello", env=env)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "hello\n"
    assert "there is no Rscript on PATH" in answer.stderr
