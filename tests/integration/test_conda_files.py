"""What conda files, the user's settings and the Python index mean to real installers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.environments.base import EnvironmentKind, PreparedEnvironment
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import EnvironmentBuildError, Location, ProjectError
from mlrun.project.model import CondaEnv
from tests.conda_channel import channel_with_pythons, conda_home, conda_packages
from tests.unit.environments.conftest import heard, no_index
from tests.unit.environments.wheels import make_wheel

__all__ = ["channel_with_pythons", "conda_home", "conda_packages", "heard", "no_index"]

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def home(no_index: Path, conda_home: Path) -> Path:
    """Keep the user's settings for conda out, and return an empty home folder."""
    return conda_home


def environment(folder: Path, text: str, manager: str | None = None) -> EnvironmentKind:
    folder.mkdir(exist_ok=True)
    file = folder / "conda.yaml"
    file.write_text(text)
    options = EnvironmentOptions(manager=manager)
    return choose_environment((CondaEnv(file, Location(file)),), options)


def answer(prepared: PreparedEnvironment, code: str) -> str:
    assert prepared.python is not None
    env = {**os.environ, **prepared.variables}
    argv = [str(prepared.python), "-c", code]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.strip()


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_conda_project_from_the_python_index(
    tmp_path: Path, no_index: Path, heard: list[str], manager: str
) -> None:
    for name, version in {
        "pip": "9.0", "setuptools": "40.1", "wheel": "1.0",
        "torch": "1.7.1", "sums": "1.5", "extra": "2.0",
    }.items():  # fmt: skip
        make_wheel(no_index, name, version)
    make_wheel(no_index, "torch", "1.8.0")
    text = f"""\
channels: [pytorch, conda-forge]
dependencies:
- python={RUNNING}
- pytorch=1.7=py3_cuda
- conda-forge::sums>=1,<2
- mkl
- pip:
  - -r more.txt
variables: {{LEVEL: a b}}
"""
    text = text.replace("1.7=py3", "1.7.1=py3")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "more.txt").write_text("extra\n")
    prepared = environment(tmp_path / "project", text, manager).prepare(heard.append)
    code = "import os, torch, sums, extra; print(torch.VERSION, sums.VERSION, os.environ['LEVEL'])"
    assert answer(prepared, code) == "1.7.1 1.5 a b"
    warnings = "\n".join(problem.message for problem in prepared.warnings)
    assert "left out" in warnings
    assert "mkl" in warnings
    assert "pytorch=1.7.1=py3_cuda" in warnings


def test_what_the_index_cannot_have_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"'git'.*'r-base=4'"):
        environment(tmp_path / "project", "dependencies: [git, six, r-base=4]\n", "uv")


def test_the_users_settings_decide_where_packages_come_from(
    tmp_path: Path, home: Path, channel_with_pythons: Path, heard: list[str]
) -> None:
    base, name = channel_with_pythons.parent, channel_with_pythons.name
    (home / ".condarc").write_text(f"channel_alias: {base.as_uri()}\ndefault_channels: [{name}]\n")
    by_name = f"channels: [{name}, nodefaults]\ndependencies: [python=3.10, greeting]\n"
    by_default = "dependencies: [python=3.10, greeting]\n"
    by_package = f"channels: [nodefaults]\ndependencies: [python=3.10, '{name}::greeting']\n"
    for number, text in enumerate((by_name, by_default, by_package)):
        prepared = environment(tmp_path / f"p{number}", text).prepare(heard.append)
        said = answer(prepared, "import greeting; print(greeting.greet('you'))")
        assert said == "good day, you"


def test_a_channel_beside_the_file(
    tmp_path: Path, channel_with_pythons: Path, heard: list[str]
) -> None:
    (tmp_path / "channel").symlink_to(channel_with_pythons)
    text = "channels: [../channel, nodefaults]\ndependencies: [python=3.10, greeting]\n"
    prepared = environment(tmp_path / "project", text).prepare(heard.append)
    assert answer(prepared, "import greeting; print(greeting.greet('you'))") == "good day, you"


def test_an_export_of_another_system_is_refused(
    tmp_path: Path, channel_with_pythons: Path, heard: list[str]
) -> None:
    text = f"""\
channels: ['{channel_with_pythons.as_uri()}', nodefaults]
dependencies:
- python=3.10
- certifi=2022.9.24=py310haa95532_0
prefix: C:\\Users\\ana\\envs\\x
"""
    with pytest.raises(ProjectError, match="an export of Windows") as caught:
        environment(tmp_path / "project", text).prepare(heard.append)
    assert "--from-history" in (caught.value.hint or "")
    location = caught.value.location
    assert location is not None
    assert (location.line, location.column) == (4, 3)


def test_a_package_of_another_system_explains_the_solvers_error(
    tmp_path: Path, channel_with_pythons: Path, heard: list[str]
) -> None:
    text = f"""\
channels: ['{channel_with_pythons.as_uri()}', nodefaults]
dependencies: [python=3.10, pyobjc-core=9]
"""
    with pytest.raises(
        EnvironmentBuildError, match="no channel has the conda package 'pyobjc-core'"
    ) as caught:
        environment(tmp_path / "project", text).prepare(heard.append)
    assert "an export of macOS" in caught.value.problems[0].message
