"""Environments that the user made are used as they are."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.existing import ExistingEnvironment
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import UsageError

WHERE = "import os, sys; print(sys.prefix, os.environ.get('VIRTUAL_ENV'))"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("user") / ".venv"
    venv.create(folder, with_pip=False)
    return folder


def run(prepared: PreparedEnvironment, *argv: str) -> str:
    path = os.pathsep.join([*map(str, prepared.path), os.environ["PATH"]])
    env = {k: v for k, v in os.environ.items() if k not in prepared.unset}
    env |= {**prepared.variables, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["bash", "-c", '"$@"', "bash", *argv]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("inner", ["", "bin/python", "bin/python3"])
def test_a_virtual_environment_and_its_interpreter(made: Path, inner: str) -> None:
    before = sorted(made.rglob("*"))
    options = EnvironmentOptions(existing=made / inner)
    kind = choose_environment((), options)
    assert (kind.manager, kind.digest()) == ("local", None)
    prepared = kind.prepare(print)
    assert run(prepared, "python", "-c", WHERE) == f"{made} {made}"
    assert prepared.python_version == ".".join(map(str, sys.version_info[:3]))
    assert sorted(made.rglob("*")) == before


def test_a_conda_prefix_with_what_its_scripts_set(tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    for folder in ("conda-meta", "bin", "etc/conda/activate.d"):
        (prefix / folder).mkdir(parents=True)
    (prefix / "conda-meta" / "python-3.10.13-h1_0.json").touch()
    script = prefix / "etc/conda/activate.d/proj.sh"
    script.write_text('export PROJ_DATA="$CONDA_PREFIX/share/proj"\n')
    tool = prefix / "bin" / "tool"
    tool.write_text('#!/bin/sh\necho "$CONDA_PREFIX $PROJ_DATA"\n')
    tool.chmod(0o755)
    prepared = ExistingEnvironment(prefix).prepare(print)
    assert run(prepared, "tool") == f"{prefix} {prefix}/share/proj"
    assert prepared.python_version == "3.10.13"
    assert "VIRTUAL_ENV" in prepared.unset


def test_an_interpreter_of_another_name_is_python(tmp_path: Path) -> None:
    alone = tmp_path / "opt" / "python3.99"
    alone.parent.mkdir()
    alone.symlink_to(sys.executable)
    for _ in range(2):
        prepared = ExistingEnvironment(alone).prepare(print)
        assert run(prepared, "python", "-c", "print(40 + 2)") == "42"
    assert os.listdir(alone.parent) == ["python3.99"]


def test_a_prefix_with_a_python(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert ExistingEnvironment(tmp_path).prepare(print).path == (tmp_path / "bin",)


def test_what_is_no_environment_is_refused_with_a_near_miss(made: Path, tmp_path: Path) -> None:
    for wrong, hint in (
        (made.with_name(".vnev"), f"did you mean '{made}'?"),
        (made.parent, f"did you mean '{made}'?"),
        (made / "bin", f"did you mean '{made}'?"),
        (made / "pyvenv.cfg", "name an environment's folder, or the `python` in it"),
        (tmp_path, "name a virtual environment's folder, a conda prefix, or a python in one"),
    ):
        with pytest.raises(UsageError) as caught:
            ExistingEnvironment(wrong)
        assert str(wrong) in caught.value.message
        assert caught.value.hint == hint


def test_an_environment_whose_python_is_gone(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    with pytest.raises(UsageError, match="is gone"):
        ExistingEnvironment(tmp_path)


def test_it_excludes_what_would_make_one(made: Path) -> None:
    with pytest.raises(UsageError, match="--env uses an environment as it is"):
        choose_environment((), EnvironmentOptions(manager="uv", existing=made))
