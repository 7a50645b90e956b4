"""Environments from a real index, through the command line's own path: file, choice, build."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlrun.environments.base import EnvironmentKind, PreparedEnvironment
from mlrun.environments.installing.pip_settings import read_pip_settings
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.installing.uv_settings import uv_variables
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.python.version import parse_version
from mlrun.environments.select import choose_environment
from mlrun.errors import Location
from mlrun.project.model import PythonEnvFile
from tests.components import missing

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
PREPARE = """
import sys
from pathlib import Path
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import Location
from mlrun.project.model import PythonEnvFile
file = PythonEnvFile(Path(sys.argv[1]), Location(Path(sys.argv[1])))
environment = choose_environment((file,), EnvironmentOptions(manager="uv"))
prepared = environment.prepare(lambda line: print(line, flush=True))
print("DONE", prepared.folder, flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def index() -> None:
    """End the tests where small packages cannot be had."""
    uv = find_uv(os.environ)
    if uv is None:
        missing("uv", "it is not installed")
        return
    env = {**os.environ, **uv_variables(read_pip_settings(os.environ), os.environ)}
    argv = [str(uv), "pip", "install", "--dry-run", "--target", "/nowhere", "six", "hatchling"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        missing("pypi", done.stderr.strip().splitlines()[-1])


def chosen(folder: Path, text: str, manager: str | None = None) -> EnvironmentKind:
    file = folder / "python_env.yaml"
    file.write_text(text)
    return choose_environment(
        (PythonEnvFile(file, Location(file)),), EnvironmentOptions(manager=manager)
    )


def output(prepared: PreparedEnvironment, *argv: str) -> str:
    path = os.pathsep.join([*map(str, prepared.path), os.environ["PATH"]])
    env = {**os.environ, **prepared.variables, "PATH": path}
    command = ["bash", "-c", '"$@"', "bash", *argv]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.strip()


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_file_as_mlflow_writes_it(tmp_path: Path, manager: str) -> None:
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    text = (
        f"python: '{RUNNING}'\nbuild_dependencies:\n- pip\n- setuptools<80\n- wheel\n"
        "dependencies:\n- -r requirements.txt\n- iniconfig>=2\n"
    )
    prepared = chosen(tmp_path, text, manager).prepare(print)
    code = "import six, iniconfig, setuptools; print(six.__version__)"
    assert output(prepared, "python", "-c", code) == "1.16.0"
    assert output(prepared, "pip", "--version").startswith("pip ")
    assert str(prepared.folder) in output(prepared, "pip", "--version")


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
@pytest.mark.parametrize("backend", ["setuptools", "hatchling"])
def test_a_project_that_installs_itself(tmp_path: Path, manager: str, backend: str) -> None:
    project = tmp_path / "project"
    package = project / ("src/trainer" if backend == "setuptools" else "trainer")
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import six\ndef main(): print('trained', __file__)\n")
    build = "setuptools.build_meta" if backend == "setuptools" else "hatchling.build"
    (project / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["{backend}"]\nbuild-backend = "{build}"\n'
        '[project]\nname = "trainer"\nversion = "1.2"\ndependencies = ["six"]\n'
        '[project.optional-dependencies]\nall = ["iniconfig"]\n'
        '[project.scripts]\ntrain = "trainer:main"\n'
    )
    (project / "requirements.txt").write_text("-e .[all]\n")
    before = sorted(project.rglob("*"))
    environment = chosen(project, "dependencies: [-r requirements.txt]\n", manager)
    prepared = environment.prepare(print)
    assert output(prepared, "train") == f"trained {package / '__init__.py'}"
    code = "import iniconfig, importlib.metadata as m; print(m.version('trainer'))"
    assert output(prepared, "python", "-c", code) == "1.2"
    assert sorted(p for p in project.rglob("*") if "__pycache__" not in p.parts) == sorted(
        [*before, project / "python_env.yaml"]
    )


def test_scripts_of_packages_see_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "own.py").write_text("VALUE = 42\n")
    (project / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='own', version='1', py_modules=['own'])\n"
    )
    prepared = chosen(project, "dependencies: [., pytest]\n").prepare(print)
    test = tmp_path / "test_it.py"
    test.write_text("import own\ndef test(): assert own.VALUE == 42\n")
    assert "1 passed" in output(prepared, "pytest", "-p", "no:cacheprovider", str(test))


def test_twenty_first_runs_at_once(tmp_path: Path) -> None:
    chosen(tmp_path, "dependencies: [six]\n")
    argv = [sys.executable, "-c", PREPARE, str(tmp_path / "python_env.yaml")]
    processes = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(20)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 20, outputs
    assert sum("building the environment" in output for output in outputs) == 1
    assert len({output.splitlines()[-1] for output in outputs}) == 1


def test_a_first_run_that_is_killed_does_no_harm(tmp_path: Path) -> None:
    environment = chosen(tmp_path, "dependencies: [six, iniconfig]\n")
    argv = [sys.executable, "-c", PREPARE, str(tmp_path / "python_env.yaml")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "building the environment" in process.stdout.readline()
        while not list((tmp_path / "cache").rglob("pyvenv.cfg")):
            assert process.poll() is None
            time.sleep(0.001)
        process.kill()
    prepared = environment.prepare(print)
    assert output(prepared, "python", "-c", "import six, iniconfig; print(1)") == "1"
    attempts = (tmp_path / "cache").rglob("pyvenv.cfg")
    assert [path.parent for path in attempts] == [prepared.folder]


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
@pytest.mark.parametrize("python", ["3.7", "3.8", "3.9", "3.12", "3.13"])
def test_other_pythons(tmp_path: Path, manager: str, python: str) -> None:
    from mlrun.environments.python.interpreters import installed
    from mlrun.environments.python.version import parse_request

    if not installed(os.environ, parse_request(python)):
        missing(f"python{python}", "it is not installed")
    text = f"python: '{python}'\ndependencies: [six]\n"
    prepared = chosen(tmp_path, text, manager).prepare(print)
    code = "import six, sys; print('%d.%d' % sys.version_info[:2])"
    assert output(prepared, "python", "-c", code) == python
    assert parse_version(prepared.python_version or "")[:2] == parse_version(python)
