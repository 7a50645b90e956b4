"""Which program makes conda environments, and what it is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from mlrun.environments.conda.executable import create_with, find_executable
from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.installing.installers import Building
from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.model import CondaRequirement, CondaSpec

SCRIPT = """#!/bin/sh
for word; do echo "$word"; done > "$0.words"
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/conda-meta"; cat "$4" > "$2/file"
"""


def program(folder: Path, name: str, script: str = SCRIPT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(script)
    file.chmod(0o755)
    return file


def test_none_unless_the_user_wants_one() -> None:
    assert find_executable(None, {"PATH": os.environ["PATH"]}) is None


def test_by_path_by_name_and_by_mlflows_variables(tmp_path: Path) -> None:
    conda, mamba = (program(tmp_path / "home" / "bin", name) for name in ("conda", "mamba"))
    path = {"PATH": str(conda.parent)}
    home = {"MLFLOW_CONDA_HOME": str(tmp_path / "home")}
    command = {"MLFLOW_CONDA_CREATE_ENV_CMD": "mamba"}
    assert find_executable(str(conda), {}) == conda
    assert find_executable("mamba", path) == mamba
    assert find_executable(None, home) == conda
    assert find_executable(None, {**home, **command}) == mamba
    assert find_executable(None, {**path, **command}) == mamba
    assert find_executable("conda", {**path, **command}) == conda
    assert find_executable(None, {"PATH": "", "CONDA_EXE": str(conda), **command}) == mamba


@pytest.mark.parametrize(
    ("given", "environ", "name"),
    [
        ("nosuch", {}, "--conda-exe"),
        (None, {"MLFLOW_CONDA_HOME": "/nosuch"}, "MLFLOW_CONDA_HOME"),
        (None, {"MLFLOW_CONDA_CREATE_ENV_CMD": "nosuch"}, "MLFLOW_CONDA_CREATE_ENV_CMD"),
    ],
)
def test_one_that_is_not_there(given: str | None, environ: dict[str, str], name: str) -> None:
    with pytest.raises(EnvironmentBuildError, match=f"program that {name} names is not there"):
        find_executable(given, {"PATH": "", **environ})


def spec(folder: Path) -> CondaSpec:
    here = Location(folder / "conda.yaml", 1, 1)
    packages = tuple(CondaRequirement(text, here) for text in ("python=3.9", "x::y>=1"))
    return CondaSpec(("one", "./two"), False, packages, ("six",), {}, folder, here.file, here)


def building(folder: Path) -> Building:
    (folder / "work").mkdir()
    log = BuildLog(folder / "log", {})
    here = Location(folder / "conda.yaml", 1, 1)
    return Building(log, folder / "work", folder, here, PipSettings({}), dict(os.environ))


@pytest.mark.parametrize("name", ["conda", "mamba", "micromamba"])
def test_it_gets_the_conda_part(tmp_path: Path, name: str) -> None:
    tool = program(tmp_path / "bin", name)
    prefix = tmp_path / "env"
    create_with(tool, spec(tmp_path), prefix, ("python",), building(tmp_path))
    content = yaml.safe_load((prefix / "file").read_text())
    assert content["channels"] == ["one", "./two", "nodefaults"]
    assert content["dependencies"] == ["python=3.9", "x::y>=1", "python"]
    words = Path(f"{tool}.words").read_text().split()
    assert words[:2] == (["create", "--yes"] if name == "micromamba" else ["env", "create"])


def test_its_failure_is_shown(tmp_path: Path) -> None:
    tool = program(tmp_path / "bin", "conda", "#!/bin/sh\necho no such package; exit 1\n")
    with pytest.raises(EnvironmentBuildError, match="no such package"):
        create_with(tool, spec(tmp_path), tmp_path / "env", (), building(tmp_path))
    tool = program(tmp_path / "bin", "conda", "#!/bin/sh\n")
    (tmp_path / "work" / "environment.yml").unlink()
    (tmp_path / "work").rmdir()
    with pytest.raises(EnvironmentBuildError, match="made no environment"):
        create_with(tool, spec(tmp_path), tmp_path / "env", (), building(tmp_path))
