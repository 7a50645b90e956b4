"""Environments from a `uv.lock`, with the real uv and a real index."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.installing.pip_settings import read_pip_settings
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.installing.uv_settings import uv_variables
from mlrun.environments.lock.document import read_lock
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import EnvironmentBuildError
from mlrun.project.load import load_project
from tests.components import missing

BUILD = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'


def uv(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = find_uv(os.environ)
    assert program is not None
    env = {**os.environ, **uv_variables(read_pip_settings(os.environ), os.environ)}
    return subprocess.run(
        [str(program), *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module", autouse=True)
def index() -> None:
    """End the tests where small packages cannot be had."""
    if find_uv(os.environ) is None:
        missing("uv", "it is not installed")
        return
    done = uv(
        Path.cwd(), "pip", "install", "--dry-run", "--target", "/nowhere", "six", "setuptools"
    )
    if done.returncode:
        missing("pypi", done.stderr.strip().splitlines()[-1])


def write(folder: Path, text: str, *modules: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    for module in modules:
        (folder / module).parent.mkdir(parents=True, exist_ok=True)
        (folder / module).write_text("WHERE = __file__\n")


def lock(folder: Path) -> None:
    done = uv(folder, "lock")
    assert done.returncode == 0, done.stderr
    for left in [*folder.rglob("*.egg-info"), *folder.rglob("__pycache__")]:
        shutil.rmtree(left)


@pytest.fixture
def workspace(locked: Path, tmp_path: Path) -> Path:
    """The project, for one test to change."""
    shutil.copytree(locked.parent, tmp_path / "work")
    return tmp_path / "work" / "curves"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a member of its workspace, and folders beside it; all locked."""
    folder = tmp_path_factory.mktemp("locked") / "curves"
    write(
        folder,
        '[project]\nname = "curves"\nversion = "0.1"\nrequires-python = ">=3.10"\n'
        'dependencies = ["sampling", "six==1.16.0", "beside", "absent; sys_platform == \'none\'"]\n'
        '[dependency-groups]\ndev = ["iniconfig==2.0.0"]\ndocs = ["attrs"]\n'
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
        "[tool.uv.sources]\nsampling = {workspace = true}\n"
        'beside = {path = "../beside"}\nabsent = {path = "../absent"}\n' + BUILD,
        "src/curves/__init__.py",
    )
    member = '[project]\nname = "sampling"\nversion = "0.1"\n'
    write(folder / "packages/sampling", member + BUILD, "src/sampling/__init__.py")
    unused = '[project]\nname = "unused"\nversion = "0.1"\n'
    write(folder / "packages/unused", unused + BUILD, "src/unused/__init__.py")
    for name in ("beside", "absent"):
        text = f'[project]\nname = "{name}"\nversion = "0.1"\ndependencies = ["six"]\n'
        write(folder.parent / name, text + BUILD, f"{name}.py")
    lock(folder)
    return folder


def prepare(folder: Path, said: list[str] | None = None) -> PreparedEnvironment:
    project = load_project(folder)
    said = [] if said is None else said
    return choose_environment(project.environments, EnvironmentOptions()).prepare(said.append)


def output(prepared: PreparedEnvironment, code: str) -> str:
    path = os.pathsep.join([*map(str, prepared.path), os.environ["PATH"]])
    env = {**os.environ, **prepared.variables, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["python", "-c", code], env=env, capture_output=True, text=True, check=True, cwd="/"
    )
    return done.stdout.strip()


def importable(prepared: PreparedEnvironment, *names: str) -> list[str]:
    code = f"import importlib.util as u; print(*[n for n in {names!r} if u.find_spec(n)])"
    return output(prepared, code).split()


def test_exactly_what_the_lock_says_and_the_projects_own_code(workspace: Path) -> None:
    before = sorted(workspace.parent.rglob("*"))
    prepared = prepare(workspace)
    names = ("curves", "sampling", "beside", "six", "iniconfig", "attrs", "absent", "unused", "pip")
    assert importable(prepared, *names) == ["curves", "sampling", "beside", "six", "iniconfig"]
    code = "import curves, sampling, beside, six; print(curves.WHERE, sampling.WHERE, beside.WHERE)"
    places = output(prepared, code).split()
    assert all(place.startswith(str(workspace.parent)) for place in places)
    assert output(prepared, "import six; print(six.__version__)") == "1.16.0"
    assert sorted(workspace.parent.rglob("*")) == before


def test_what_was_installed_is_recorded_with_its_files(workspace: Path) -> None:
    prepared = prepare(workspace)
    assert prepared.lock is not None
    recorded = read_lock(prepared.lock)
    assert recorded is not None
    packages = {package.name: package for package in recorded.packages}
    assert sorted(packages) == ["iniconfig", "six"]
    assert packages["six"].version == "1.16.0"
    (digest,) = packages["six"].hashes
    assert digest in (workspace / "uv.lock").read_text()
    assert (packages["six"].url or "").endswith(".whl")


def test_a_member_out_of_step_is_refused_too(workspace: Path) -> None:
    prepare(workspace).release()
    file = workspace / "packages/sampling/pyproject.toml"
    file.write_text(file.read_text().replace('"0.1"\n', '"0.1"\ndependencies = ["attrs"]\n', 1))
    with pytest.raises(EnvironmentBuildError, match="does not fit"):
        prepare(workspace)


def test_it_is_found_again_by_everybody_with_the_same_lock(workspace: Path, tmp_path: Path) -> None:
    prepare(workspace).release()
    said: list[str] = []
    again = prepare(workspace, said)
    assert said == []
    shutil.copytree(workspace.parent, tmp_path / "other")
    other = prepare(tmp_path / "other" / "curves", said)
    assert [line.partition(" ")[0] for line in said] == ["binding"]
    assert str(tmp_path / "other") in output(other, "import curves; print(curves.WHERE)")
    assert other.folder != again.folder


def test_a_project_that_is_no_package(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    write(
        folder,
        '[project]\nname = "scripts"\nversion = "0"\nrequires-python = ">=3.10"\n'
        'dependencies = ["six"]\n',
    )
    lock(folder)
    prepared = prepare(folder)
    assert importable(prepared, "six", "scripts") == ["six"]


def test_groups_are_as_the_project_and_the_user_say(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = prepare(workspace)
    monkeypatch.setenv("UV_NO_DEV", "1")
    without = prepare(workspace)
    assert importable(everything, "six", "iniconfig") == ["six", "iniconfig"]
    assert importable(without, "six", "iniconfig") == ["six"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"six==1.16.0"', '"six==1.17.0"'),
        ('"iniconfig==2.0.0"', '"iniconfig==2.0.0", "attrs"'),
        (">=3.10", ">=3.11"),
    ],
)
def test_a_lock_out_of_step_is_refused(workspace: Path, old: str, new: str) -> None:
    file = workspace / "pyproject.toml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(EnvironmentBuildError, match=r"does not fit pyproject\.toml") as caught:
        prepare(workspace)
    assert "`uv lock`" in (caught.value.hint or "")
    assert caught.value.location is not None
    assert caught.value.location.file == workspace / "uv.lock"


def test_another_index_than_the_locks_is_no_reason_to_refuse(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", (workspace / "no-such-index").as_uri())
    prepared = prepare(workspace)
    assert importable(prepared, "six", "curves") == ["six", "curves"]


def test_a_broken_lock_says_where(workspace: Path) -> None:
    with (workspace / "uv.lock").open("a") as stream:
        stream.write("[[package\n")
    with pytest.raises(Exception, match="no TOML") as caught:
        prepare(workspace)
    assert getattr(caught.value, "location").line > 10  # noqa: B009
