from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.model import CondaEnv, PythonEnv, PythonEnvFile, UvLockEnv
from tests.unit.scaffold.proposed import filled, proposed, written

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
PLAIN = "print(1)\n"


def environment_of(folder: Path, script: str = PLAIN, **files: str) -> PythonEnv:
    filled(folder, {"train.py": script, **files})
    (found,) = written(folder).environments
    assert isinstance(found, PythonEnvFile)
    assert found.file == folder / "python_env.yaml"
    return read_python_env(found)


def test_requirements_get_a_file_that_mlflow_reads_too(tmp_path: Path) -> None:
    found = environment_of(tmp_path, **{"requirements.txt": "numpy\n"})
    assert (found.python, found.dependencies) == (RUNNING, ("-r requirements.txt",))


def test_the_python_that_the_folder_names(tmp_path: Path) -> None:
    files = {"requirements.txt": "numpy\n", ".python-version": "3.11.4\n"}
    assert environment_of(tmp_path, **files).python == "3.11.4"


def test_imports_are_named_where_no_file_says_anything(tmp_path: Path) -> None:
    script = (
        "import os.path, numpy as np, local.part\nfrom sklearn import svm\nimport yaml, PIL.Image\n"
        "import mlflow.sklearn\nfrom beside import x\nfrom . import y\nprint(1)\n"
    )
    found = environment_of(tmp_path, script, **{"beside.py": "import cv2", "local/part.py": ""})
    expected = ("mlflow", "numpy", "opencv-python-headless", "pillow", "PyYAML", "scikit-learn")
    assert found.dependencies == expected


def test_a_package_is_named_once(tmp_path: Path) -> None:
    found = environment_of(tmp_path, "import Cython, cython\nprint(1)\n")
    assert len(found.dependencies) == 1


def test_without_imports_there_is_none(tmp_path: Path) -> None:
    filled(tmp_path, {"train.py": "import os\nprint(1)\n", "Dockerfile": "FROM x\n"})
    found = proposed(tmp_path)
    assert list(found.files()) == [tmp_path / "MLproject"]
    assert "docker_env" in str(found.environment.hint)
    assert written(tmp_path).environments == ()


@pytest.mark.parametrize("name", ["conda.yaml", "environment.yml"])
def test_a_conda_environment_is_named(tmp_path: Path, name: str) -> None:
    filled(tmp_path, {"train.py": PLAIN, name: "name: x\nchannels: [conda-forge]\n"
                      "dependencies: [python=3.11]\n", "requirements.txt": "numpy\n"})  # fmt: skip
    (found,) = written(tmp_path).environments
    assert isinstance(found, CondaEnv)
    assert found.file.name == name
    assert f"conda_env: {name}" in (tmp_path / "MLproject").read_text()


def test_what_mlrun_finds_by_itself_is_said(tmp_path: Path) -> None:
    pyproject = "[project]\nname = 'x'\nversion = '1'\n"
    filled(tmp_path, {"train.py": PLAIN, "pyproject.toml": pyproject, "uv.lock": "version = 1\n"})
    (found,) = written(tmp_path).environments
    assert isinstance(found, UvLockEnv)
    assert "# The environment is that of uv.lock" in (tmp_path / "MLproject").read_text()


def test_a_python_environment_is_named(tmp_path: Path) -> None:
    found = environment_of(
        tmp_path, **{"python_env.yaml": "python: '3.10'\ndependencies: [numpy]\n"}
    )
    assert found.python == "3.10"
