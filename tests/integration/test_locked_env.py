"""Environments made exactly as a lock says, and as of a date, from an index on this machine."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.lock.dates import parse_as_of
from mlrun.environments.lock.document import read_lock, read_project_lock, write_project_lock
from mlrun.environments.lock.model import EnvironmentLock, LockedPackage, ProjectLock
from mlrun.environments.python.environment import PythonEnvironment
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.model import PythonEnv
from tests.components import missing
from tests.package_index import PackageIndex, serving
from tests.unit.environments.wheels import make_wheel

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
EARLY, LATE = "2022-03-01T10:00:00Z", "2024-03-01T10:00:00Z"
AS_OF = parse_as_of("2023-05-01", datetime.now(timezone.utc))

# A build backend that needs nothing, so that sources are built without an index of tools.
BACKEND = """
import os, zipfile

def get_requires_for_build_wheel(config=None): return []

def build_wheel(folder, config=None, metadata=None):
    name = "NAME-VERSION-py3-none-any.whl"
    info = "NAME-VERSION.dist-info"
    files = {
        "NAME.py": open("NAME.py").read(),
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: NAME\\nVersion: VERSION\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in files) + f"{info}/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """An index with a login, which is the only one; nothing is cached from other tests."""
    if find_uv(os.environ) is None:
        missing("uv", "it is not installed")
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    with serving(PackageIndex(login="me:se-cret")) as served:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setenv("PIP_RETRIES", "0")
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
        monkeypatch.setenv("PIP_INDEX_URL", served.with_login)
        yield served


@pytest.fixture
def wheels(tmp_path: Path, index: PackageIndex) -> Path:
    """A folder of wheels; the index has those of an early day."""
    folder = tmp_path / "wheels"
    index.add(make_wheel(folder, "alpha", "1.0", requires=("beta",)), EARLY)
    index.add(make_wheel(folder, "beta", "1.0"), EARLY)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def environment(
    folder: Path,
    *dependencies: str,
    manager: str = "uv",
    as_of: datetime | None = None,
    pinned: EnvironmentLock | None = None,
) -> PythonEnvironment:
    spec = PythonEnv(RUNNING, (), dependencies, folder, None, Location(folder / "python_env.yaml"))
    return PythonEnvironment(spec, manager, exact_python=False, as_of=as_of, pinned=pinned)


def lock_of(prepared: PreparedEnvironment) -> EnvironmentLock:
    assert prepared.lock is not None
    lock = read_lock(prepared.lock)
    assert lock is not None
    return lock


def versions(lock: EnvironmentLock) -> dict[str, str]:
    tools = ("pip", "setuptools", "wheel")
    return {package.name: package.version for package in lock.packages if package.name not in tools}


def package(lock: EnvironmentLock, name: str) -> LockedPackage:
    return next(one for one in lock.packages if one.name == name)


def printed(prepared: PreparedEnvironment, code: str) -> str:
    argv = [str(prepared.python), "-c", code]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def later(index: PackageIndex, wheels: Path) -> None:
    """Let the index have newer versions."""
    index.add(make_wheel(wheels, "alpha", "2.0", requires=("beta",)), LATE)
    index.add(make_wheel(wheels, "beta", "2.0"), LATE)


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_lock_gives_exactly_what_was_installed(
    index: PackageIndex, wheels: Path, project: Path, manager: str
) -> None:
    lock = lock_of(environment(project, "alpha", manager=manager).prepare(print))
    assert versions(lock) == {"alpha": "1.0", "beta": "1.0"}
    assert lock.manager == manager
    assert lock.python is not None
    assert lock.python.startswith(f"{RUNNING}.")
    beta = package(lock, "beta")
    assert beta.url == f"{index.address}/files/beta-1.0-py3-none-any.whl"
    assert beta.hashes[0].startswith("sha256:")
    later(index, wheels)
    index.requests.clear()
    pinned = environment(project, "alpha", manager=manager, pinned=lock).prepare(print)
    assert printed(pinned, "import alpha, beta; print(alpha.VERSION, beta.VERSION)") == "1.0 1.0"
    assert not [path for path in index.requests if path.startswith("/simple/")]
    assert lock_of(pinned).packages == lock.packages
    again = environment(project, "alpha", manager=manager, pinned=lock).prepare(print)
    assert again.folder == pinned.folder


def test_what_virtualenv_brings_goes_where_the_lock_does_not_name_it(
    index: PackageIndex, wheels: Path, project: Path
) -> None:
    lock = lock_of(environment(project, "alpha").prepare(print))
    pinned = environment(project, "alpha", manager="virtualenv", pinned=lock).prepare(print)
    names = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))"
    assert printed(pinned, names) == "['alpha', 'beta']"


def test_no_login_gets_into_a_lock_or_log(index: PackageIndex, wheels: Path, project: Path) -> None:
    direct = (
        f"beta @ {index.address.replace('//', f'//{index.login}@')}/files/beta-1.0-py3-none-any.whl"
    )
    prepared = environment(project, "alpha", direct).prepare(print)
    lock = lock_of(prepared)
    assert package(lock, "beta").url == f"{index.address}/files/beta-1.0-py3-none-any.whl"
    assert package(lock, "beta").hashes
    assert prepared.lock is not None
    assert "se-cret" not in prepared.lock.read_text()
    for log in prepared.lock.parents[1].glob("*.log"):
        assert "se-cret" not in log.read_text()


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_file_that_is_another_one_is_refused(
    index: PackageIndex, wheels: Path, project: Path, manager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = lock_of(environment(project, "alpha", manager=manager).prepare(print))
    monkeypatch.setenv("UV_CACHE_DIR", str(wheels.parent / "another-cache"))
    make_wheel(wheels, "beta", "1.0", code="VERSION = 'forged'\n")
    with pytest.raises(EnvironmentBuildError, match=r"(?i)hash"):
        environment(project, "alpha", manager=manager, pinned=lock).prepare(print)


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_packages_as_of_a_date(
    index: PackageIndex, wheels: Path, project: Path, manager: str
) -> None:
    later(index, wheels)
    now = environment(project, "alpha", manager=manager).prepare(print)
    assert versions(lock_of(now)) == {"alpha": "2.0", "beta": "2.0"}
    assert lock_of(now).as_of is None
    then = environment(project, "alpha", manager=manager, as_of=AS_OF).prepare(print)
    assert versions(lock_of(then)) == {"alpha": "1.0", "beta": "1.0"}
    assert lock_of(then).as_of == "2023-05-01T23:59:59Z"
    assert then.folder != now.folder


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_an_index_that_gives_no_dates(index: PackageIndex, project: Path, manager: str) -> None:
    index.add(make_wheel(project / "wheels", "alpha", "1.0"))
    with pytest.raises(EnvironmentBuildError, match="no upload times") as caught:
        environment(project, "alpha", manager=manager, as_of=AS_OF).prepare(print)
    assert "leave out --as-of" in (caught.value.hint or "")


def test_old_projects_are_told_of_their_date(
    index: PackageIndex, wheels: Path, project: Path
) -> None:
    index.add(make_wheel(wheels, "gamma", "1.0", requires=("alpha<1",)))
    with pytest.raises(EnvironmentBuildError) as caught:
        environment(project, "gamma").prepare(print)
    assert "--as-of DATE" in (caught.value.hint or "")


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_what_is_built_from_sources(
    index: PackageIndex, tmp_path: Path, project: Path, manager: str
) -> None:
    index.add(sources(tmp_path, "gamma", "1.0"), EARLY)
    lock = lock_of(environment(project, "gamma", manager=manager).prepare(print))
    assert package(lock, "gamma").url == f"{index.address}/files/gamma-1.0.tar.gz"
    index.add(sources(tmp_path, "gamma", "1.1"), LATE)
    pinned = environment(project, "gamma", manager=manager, pinned=lock).prepare(print)
    assert printed(pinned, "import gamma; print(gamma.VERSION)") == "1.0"


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_commit_of_a_repository(
    index: PackageIndex, tmp_path: Path, project: Path, manager: str
) -> None:
    repository = tmp_path / "repository"
    first = commit(repository, "gamma", "1.0")
    asked = f"gamma @ git+{repository.as_uri()}"
    lock = lock_of(environment(project, asked, manager=manager).prepare(print))
    assert package(lock, "gamma").url == f"git+{repository.as_uri()}@{first}"
    commit(repository, "gamma", "1.1")
    pinned = environment(project, asked, manager=manager, pinned=lock).prepare(print)
    assert printed(pinned, "import gamma; print(gamma.VERSION)") == "1.0"


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_wheel_in_the_project_moves_with_it(
    index: PackageIndex, tmp_path: Path, project: Path, manager: str
) -> None:
    make_wheel(project / "wheels", "delta", "1.0")
    asked = "./wheels/delta-1.0-py3-none-any.whl"
    lock = lock_of(environment(project, asked, manager=manager).prepare(print))
    assert '"./wheels/' in write_project_lock(project, ProjectLock((lock,))).read_text()
    there = project.rename(tmp_path / "there")
    read = read_project_lock(there)
    assert read is not None
    moved = environment(there, asked, manager=manager, pinned=read.environments[0])
    assert moved.digest() == lock.digest
    assert printed(moved.prepare(print), "import delta; print(delta.VERSION)") == "1.0"


def test_code_of_the_project_is_in_no_lock(
    index: PackageIndex, wheels: Path, project: Path
) -> None:
    tree(project, "own", "1.0")
    backend = project / "backend.py"
    more = "\ndef build_editable(folder, config=None, metadata=None): return build_wheel(folder)\n"
    backend.write_text(backend.read_text() + more)
    lock = lock_of(environment(project, "-e .", "beta").prepare(print))
    assert versions(lock) == {"beta": "1.0"}
    later(index, wheels)
    pinned = environment(project, "-e .", "beta", pinned=lock).prepare(print)
    assert printed(pinned, "import own, beta; print(own.VERSION, beta.VERSION)") == "1.0 1.0"
    assert lock_of(pinned).packages == lock.packages


def test_a_folder_is_bound_by_todays_tools_to_packages_of_a_date(
    index: PackageIndex, wheels: Path, project: Path
) -> None:
    later(index, wheels)
    backend = BACKEND.replace("NAME", "own").replace("VERSION", "1.0")
    more = "\ndef build_editable(folder, config=None, metadata=None): return build_wheel(folder)\n"
    index.add(make_wheel(wheels, "builder", "1.0", backend), EARLY)
    index.add(make_wheel(wheels, "builder", "2.0", backend + more), LATE)
    (tree(project, "own", "1.0") / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["builder"]\nbuild-backend = "builder"\n'
    )
    prepared = environment(project, "-e .", "beta", as_of=AS_OF).prepare(print)
    assert printed(prepared, "import own, beta; print(own.VERSION, beta.VERSION)") == "1.0 1.0"


def tree(folder: Path, name: str, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    backend = BACKEND.replace("NAME", name).replace("VERSION", version)
    (folder / "backend.py").write_text(backend)
    (folder / f"{name}.py").write_text(f"VERSION = {version!r}\n")
    (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
    )
    return folder


def sources(tmp_path: Path, name: str, version: str) -> Path:
    folder = tree(tmp_path / f"{name}-{version}", name, version)
    archive = tmp_path / f"{name}-{version}.tar.gz"
    with tarfile.open(archive, "w:gz") as stream:
        for file in sorted(folder.iterdir()):
            entry = tarfile.TarInfo(f"{folder.name}/{file.name}")
            content = file.read_bytes()
            entry.size = len(content)
            stream.addfile(entry, io.BytesIO(content))
    return archive


def commit(repository: Path, name: str, version: str) -> str:
    tree(repository, name, version)
    nobody = {
        f"GIT_{who}_{what}": "me@host"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    env = {**os.environ, **nobody, "GIT_CONFIG_GLOBAL": os.devnull}
    for words in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", version)):
        subprocess.run(("git", *words), cwd=repository, env=env, check=True)
    argv = ("git", "rev-parse", "HEAD")
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout.strip()
