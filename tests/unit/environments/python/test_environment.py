"""Python environments, made of wheels that lie in a folder: no network."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.python.environment import PythonEnvironment
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.model import PythonEnv
from tests.components import missing
from tests.unit.environments.wheels import make_wheel

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"

# A build backend that needs nothing, so that a folder can be built without an index.
BACKEND = """
import os, zipfile

def get_requires_for_build_wheel(config=None): return []
get_requires_for_build_editable = get_requires_for_build_wheel

def _wheel(folder, files):
    open("build-was-here", "w").close()
    name = "own-1.0-py3-none-any.whl"
    files = {**files, "own-1.0.dist-info/METADATA":
        "Metadata-Version: 2.1\\nName: own\\nVersion: 1.0\\nRequires-Dist: needed\\n",
        "own-1.0.dist-info/WHEEL":
        "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "own-1.0.dist-info/entry_points.txt": "[console_scripts]\\nown = own:main\\n"}
    record = "".join(f"{path},,\\n" for path in files) + "own-1.0.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in {**files, "own-1.0.dist-info/RECORD": record}.items():
            archive.writestr(path, text)
    return name

def build_wheel(folder, config=None, metadata=None):
    return _wheel(folder, {"own.py": open("own.py").read()})

def build_editable(folder, config=None, metadata=None):
    EXTRA
    return _wheel(folder, {"own.pth": os.getcwd() + "\\n"})
"""


@pytest.fixture(params=["uv", "virtualenv"])
def manager(request: pytest.FixtureRequest) -> str:
    if request.param == "uv" and find_uv(os.environ) is None:
        missing("uv", "it is not installed")
    return str(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def environment(
    folder: Path, *dependencies: str, manager: str = "uv", python: str | None = RUNNING
) -> PythonEnvironment:
    spec = PythonEnv(python, (), dependencies, folder, None, Location(folder / "python_env.yaml"))
    return PythonEnvironment(spec, manager, exact_python=False)


def output(prepared: PreparedEnvironment, *argv: str) -> str:
    path = os.pathsep.join([*map(str, prepared.path), os.environ["PATH"]])
    kept = {k: v for k, v in os.environ.items() if k not in prepared.unset}
    env = {**kept, **prepared.variables, "PATH": path}
    program = shutil.which(argv[0], path=path)
    assert program is not None
    done = subprocess.run(
        [program, *argv[1:]], env=env, capture_output=True, text=True, check=True, cwd="/"
    )
    return done.stdout.strip()


def own_project(folder: Path, answer: str, extra: str = "pass") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "backend.py").write_text(BACKEND.replace("EXTRA", extra))
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "own"\nversion = "1.0"\ndynamic = ["dependencies", "scripts"]\n'
    )
    (folder / "own.py").write_text(f"def main(): print({answer!r}, __file__)\n")
    return folder


def test_requirements_are_installed_and_found_again(
    no_index: Path, project: Path, manager: str, heard: list[str]
) -> None:
    make_wheel(no_index, "needed", "1.0")
    make_wheel(no_index, "needed", "2.0")
    (project / "requirements.txt").write_text("needed<2\n")
    one = environment(project, "-r requirements.txt", manager=manager)
    prepared = one.prepare(heard.append)
    assert output(prepared, "python", "-c", "import needed; print(needed.VERSION)") == "1.0"
    assert prepared.manager == manager
    assert prepared.digest == one.digest()
    assert prepared.python_version == ".".join(map(str, sys.version_info[:3]))
    assert output(prepared, "python", "-c", "import sys; print(sys.prefix)") == str(prepared.folder)
    assert any("building" in line for line in heard)
    heard.clear()
    again = environment(project, "-r requirements.txt", manager=manager).prepare(heard.append)
    assert again.folder == prepared.folder
    assert heard == []
    again.release()
    prepared.release()


def test_another_project_with_the_same_requirements_shares_it(
    no_index: Path, project: Path, tmp_path: Path
) -> None:
    make_wheel(no_index, "needed")
    other = tmp_path / "other"
    other.mkdir()
    folders = {environment(f, "needed").prepare(print).folder for f in (project, other)}
    assert len(folders) == 1


def test_build_dependencies_come_first(no_index: Path, project: Path, manager: str) -> None:
    make_wheel(no_index, "needed", "1.0")
    make_wheel(no_index, "needed", "2.0")
    one = environment(project, "needed==2.0", manager=manager)
    one.spec = dataclasses.replace(one.spec, build_dependencies=("needed==1.0",))
    prepared = one.prepare(print)
    assert output(prepared, "python", "-c", "import needed; print(needed.VERSION)") == "2.0"


def test_constraints_of_the_user_hold(
    no_index: Path, project: Path, manager: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_wheel(no_index, "needed", "1.0")
    make_wheel(no_index, "needed", "2.0")
    limits = tmp_path / "limits.txt"
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    for limit, version in (("needed<2", "1.0"), ("needed<3", "2.0")):
        limits.write_text(limit)
        prepared = environment(project, "needed", manager=manager).prepare(print)
        assert output(prepared, "python", "-c", "import needed; print(needed.VERSION)") == version


def test_a_failure_shows_what_the_installer_said(
    no_index: Path, project: Path, manager: str, tmp_path: Path
) -> None:
    with pytest.raises(EnvironmentBuildError, match="mlruntestnone") as caught:
        environment(project, "mlruntestnone", manager=manager).prepare(print)
    assert caught.value.location == Location(project / "python_env.yaml")
    (log,) = (tmp_path / "cache" / "environments").glob("*/build.log")
    assert str(log) in (caught.value.hint or "")
    assert "mlruntestnone" in log.read_text()
    assert [p.name for p in log.parent.iterdir()] == ["build.log"]


def test_a_login_in_an_index_is_nowhere_to_be_seen(
    no_index: Path, project: Path, manager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:pass1234@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    index = "--extra-index-url http://you:other567@127.0.0.1:9/more"
    with pytest.raises(EnvironmentBuildError) as caught:
        environment(project, index, "mlruntestnone", manager=manager).prepare(print)
    (log,) = (tmp_path / "cache" / "environments").glob("*/build.log")
    shown = f"{caught.value.message} {log.read_text()}"
    assert "127.0.0.1:9" in shown
    assert "pass1234" not in shown
    assert "other567" not in shown


def test_an_environment_whose_python_is_gone_is_built_anew(no_index: Path, project: Path) -> None:
    first = environment(project).prepare(print)
    first.release()
    assert first.python is not None
    first.python.unlink()
    first.python.symlink_to("/no/such/python")
    second = environment(project).prepare(print)
    assert second.folder != first.folder
    assert output(second, "python", "-c", "print(1)") == "1"


def test_another_patch_version_is_recorded_and_refused_on_demand(
    no_index: Path, project: Path, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    asked = f"{RUNNING}.99"
    for _ in range(2):
        prepared = environment(project, python=asked).prepare(heard.append)
        assert len(prepared.warnings) == 1
        assert asked in prepared.warnings[0].message
        assert prepared.python_version is not None
        assert prepared.python_version.startswith(f"{RUNNING}.")
    exact = environment(project, python=asked)
    exact.exact_python = True
    with pytest.raises(EnvironmentBuildError, match=asked):
        exact.prepare(heard.append)
    assert environment(project, python=asked).prepare(heard.append).folder == prepared.folder


def test_the_project_itself_belongs_to_its_checkout(
    no_index: Path, tmp_path: Path, manager: str
) -> None:
    make_wheel(no_index, "needed", code="VALUE = 'from the cache'\n")
    one = own_project(tmp_path / "one", "first")
    two = own_project(tmp_path / "two", "second")
    before = {p: p.stat().st_mtime_ns for p in one.rglob("*")}
    prepared = [environment(f, "-e .", manager=manager).prepare(print) for f in (one, two)]
    assert {p: p.stat().st_mtime_ns for p in one.rglob("*")} == before
    assert output(prepared[0], "own") == f"first {one / 'own.py'}"
    assert output(prepared[1], "own") == f"second {two / 'own.py'}"
    for each in prepared:
        code = "import needed, importlib.metadata as m; print(needed.VALUE, m.version('own'))"
        assert output(each, "python", "-c", code) == "from the cache 1.0"
    (one / "own.py").write_text("def main(): print('changed')\n")
    again = environment(one, "-e .", manager=manager).prepare(print)
    assert again.folder == prepared[0].folder
    assert output(again, "own") == "changed"
    environments = tmp_path / "cache" / "environments"
    built = [p for p in environments.glob("*/*/env") if (p / "pyvenv.cfg").exists()]
    assert len(built) == 3
    for found in environments.rglob("own.py"):
        pytest.fail(f"the project's code was kept: {found}")


def test_a_project_that_compiles_is_refused(no_index: Path, tmp_path: Path) -> None:
    make_wheel(no_index, "needed")
    folder = own_project(tmp_path / "one", "first", "open('fast.so', 'w').close()")
    with pytest.raises(EnvironmentBuildError, match="compiled") as caught:
        environment(folder, ".").prepare(print)
    assert caught.value.hint


def test_a_run_holds_what_it_uses(no_index: Path, project: Path, tmp_path: Path) -> None:
    from mlrun.disk import Removal
    from mlrun.environments.store.entries import entries, remove

    prepared = environment(project).prepare(print)
    (entry,) = entries(tmp_path / "cache" / "environments")
    assert remove(entry) is Removal.IN_USE
    prepared.release()
    assert remove(entry) is Removal.REMOVED
