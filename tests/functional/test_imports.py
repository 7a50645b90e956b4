"""What is imported before the command starts: the list is part of the start-up time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest

from tests.conda_channel import Package, conda_home, conda_packages, write_channel
from tests.docker_engine import DockerEngine
from tests.functional.commands import Place
from tests.git_servers import GitServers
from tests.repositories import make_project

__all__ = ["conda_home", "conda_packages"]

ROOT = Path(__file__).resolve().parents[2]

# What mlrun may import of others' on the way to a command of the system's own environment.
THIRD_PARTY = {"click", "platformdirs", "yaml", "_yaml", "cython_runtime", "_cython"}

# Heavy modules of Python's own, each of which costs more than a millisecond. Not `difflib`:
# Click itself imports it when it meets a short option.
HEAVY = {
    "asyncio",
    "concurrent.futures",
    "ctypes",
    "email",
    "http.client",
    "importlib.metadata",
    "logging",
    "multiprocessing",
    "ssl",
    "tempfile",
    "unittest",
    "urllib.request",
    "xml",
    "zipfile",
}

# What a run of a commit that was fetched before needs beyond a project in place.
FETCHED = {
    "mlrun.hashing",
    *(f"mlrun.sources.{name}" for name in ("cache", "cache.holding", "subfolder")),
    *(f"mlrun.sources.addresses.{name}" for name in ("parts", "refused_schemes", "remote", "web")),
    *(f"mlrun.sources.git.{name}" for name in ("filling", "lfs", "lfs.contents", "local_failures")),
    *(f"mlrun.sources.git.{name}" for name in ("mirror", "placing", "repository", "resolving")),
    *(f"mlrun.sources.git.{name}" for name in ("submodules", "url", "versions")),
}
# What only a file needs that says more of its parameters than MLflow knows.
ASKED_FOR = {
    "mlrun.near_miss",
    *(f"mlrun.project.{name}" for name in ("constraint_declarations", "constraints")),
    *(f"mlrun.project.{name}" for name in ("remote_paths", "secrets")),
}
# What only making an environment needs, and OpenSSL, without which little is hashed faster.
BUILDING = {"filelock", "hashlib", "mlrun.environments.installing.installers"}
DIGEST = {"_sha2", "_sha256"}

SPY = """
import json, sys
before = set(sys.modules)
from mlrun.cli.main import exit_code_for
from mlrun.backends.local import LocalBackend
launch = LocalBackend.launch
def spy(*words, **named):
    handle = launch(*words, **named)
    print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr, flush=True)
    return handle
LocalBackend.launch = spy
sys.exit(exit_code_for(["run", "--quiet", *sys.argv[1:]]))
"""


def modules_before_start(place: Place, *words: str) -> set[str]:
    answer = subprocess.run(
        [sys.executable, "-c", SPY, *words],
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(answer.stderr.splitlines()[0]))


def test_nothing_heavy_is_imported_before_the_command_starts(place: Place) -> None:
    place.write("entry_points: {main: {parameters: {a: float, p: path}, command: 'echo {a} {p}'}}")
    modules = modules_before_start(place, "project", "-P", "a=1", "-P", "p=project")
    tops = {re.sub(r"(_\d+)*$", "", name.partition(".")[0]) for name in modules}
    assert tops - sys.stdlib_module_names - {"mlrun"} <= THIRD_PARTY
    assert modules & {*HEAVY, *ASKED_FOR} == set()


def test_few_dataclasses_are_compiled_before_the_command_starts(place: Place) -> None:
    """Each costs half a millisecond: see `mlrun.light_dataclass`."""
    place.write("entry_points: {main: {parameters: {a: float}, command: 'echo {a}'}}")
    compiled = set()
    for name in modules_before_start(place, "project", "-P", "a=1"):
        of = vars(import_module(name)) if name.startswith("mlrun.") else {}
        for each in of.values():
            if isinstance(each, type) and is_dataclass(each) and each.__module__ == name:
                init: FunctionType = vars(each)["__init__"]
                compiled |= {each.__name__} if init.__code__.co_filename == "<string>" else set()
    assert compiled == {"RunRequest", "Errand"}


def test_a_commit_that_was_fetched_before_costs_few_modules(
    place: Place, git_servers: GitServers
) -> None:
    repository = make_project(git_servers.root / "p.git")
    uri = git_servers.url("http", "p.git")
    place.write("entry_points: {main: {command: 'true'}}")
    words = (uri, "--version", repository.git("rev-parse", "main"))
    modules_before_start(place, *words)
    git_servers.http.forget()
    modules = modules_before_start(place, *words)
    assert git_servers.http.requests == []
    assert modules - modules_before_start(place, "project") - DIGEST == FETCHED
    assert modules & HEAVY == set()


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_imports_no_step_of_the_line(words: tuple[str, ...]) -> None:
    code = (
        "import sys; from mlrun.cli.main import exit_code_for\n"
        f"exit_code_for({list(words)!r})\n"
        "print(sorted(m for m in sys.modules if m.startswith(('mlrun', 'yaml'))), file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "mlrun.runner" not in answer.stderr
    assert "yaml" not in answer.stderr


def test_nothing_is_collected_on_the_way_out() -> None:
    code = (
        "import atexit, gc\n"
        "from mlrun.cli.main import main\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 1000))\n"
        "main(['--version'])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split()[2:] == ["False", "True"]


def test_package_itself_imports_almost_nothing() -> None:
    code = (
        "import sys; old = set(sys.modules); import mlrun; print(*sorted(set(sys.modules) - old))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["__future__", "mlrun", "mlrun._version"]


@pytest.mark.parametrize(
    "module", ["guardian", "leftovers", "container.attendance", "container.trace"]
)
def test_processes_beside_the_command_import_next_to_nothing(module: str) -> None:
    code = (
        f"import os, sys; old = set(sys.modules); sys.path.append({str(ROOT)!r})\n"
        f"import mlrun.execution.{module}; print(*sorted(set(sys.modules) - old))"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    others = {name for name in answer.stdout.split() if not name.startswith("mlrun")}
    assert others <= {"__future__", "_socket", "fcntl", "select"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("requirements.txt", ""), ("pyproject.toml", "[project]\nname='x'\ndependencies=[]\n")],
)
def test_an_environment_that_is_there_costs_no_installer(
    place: Place, name: str, text: str
) -> None:
    place.write("entry_points: {main: {command: 'true'}}")
    (place.project / name).write_text(text)
    assert "mlrun.environments.python.building" in modules_before_start(place, "project")
    modules = modules_before_start(place, "project")
    assert "mlrun.environments.python.environment" in modules
    assert modules & {*HEAVY, *BUILDING} == set()


def test_a_uv_lock_that_was_synchronised_is_not_read_again(place: Place) -> None:
    example = str(ROOT / "example_projects" / "uv_lock")
    assert "mlrun.environments.uv_lock.building" in modules_before_start(place, example)
    modules = modules_before_start(place, example)
    assert "mlrun.environments.uv_lock.environment" in modules
    assert modules & {*HEAVY, *BUILDING, "tomllib", "tomli"} == set()


@pytest.mark.usefixtures("conda_home")
def test_a_conda_environment_that_is_there_costs_no_solver(place: Place, tmp_path: Path) -> None:
    channel = write_channel(tmp_path / "channel", [Package("alone", "1")])
    spec = f"channels: ['{channel.as_uri()}', nodefaults]\ndependencies: [alone=1]\n"
    place.write("conda_env: conda.yaml\nentry_points: {main: {command: 'true'}}", conda_yaml=spec)
    assert "rattler" in modules_before_start(place, "project")
    modules = modules_before_start(place, "project")
    assert "mlrun.environments.conda.environment" in modules
    building = {f"mlrun.environments.conda.{name}" for name in ("building", "solving", "client")}
    assert modules & {*HEAVY, *BUILDING, *building, "rattler", "socket"} == set()


@pytest.fixture
def image_engine(docker_engine: DockerEngine) -> Iterator[DockerEngine]:
    """The engine, from which images of a project named `light` are removed in the end."""
    yield docker_engine
    with closing(docker_engine.client()) as client:
        for image in client.images.list("light"):
            client.images.remove(str(image.id), force=True)


@pytest.mark.parametrize("words", [(), ("--build-image",)])
def test_a_container_costs_no_library(
    place: Place,
    words: tuple[str, ...],
    image_engine: DockerEngine,
    base_image: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", image_engine.address)
    place.write(
        f"name: light\ndocker_env: {{image: '{base_image}'}}\n"
        "entry_points: {main: {command: 'true'}}"
    )
    words = ("project", "--no-tracking", "-A", "network=none", *words)
    modules_before_start(place, *words)
    modules = modules_before_start(place, *words)
    assert "mlrun.execution.container.attended" in modules
    # Files that were written a moment ago are hashed each time.
    hashed = {"hashlib"} if words[-1] == "--build-image" else set()
    assert modules & {*HEAVY, *BUILDING, "docker", "requests", "socket"} - hashed == set()


def test_an_environment_of_the_users_own_costs_no_store(place: Place) -> None:
    place.write("entry_points: {main: {command: 'true'}}")
    modules = modules_before_start(place, "project", "--env", sys.prefix)
    assert "mlrun.environments.existing" in modules
    heavy = {*HEAVY, *BUILDING, "mlrun.environments.store", "mlrun.environments.requirements"}
    assert modules & heavy == set()
