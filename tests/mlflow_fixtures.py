"""Real MLflow: environments of four versions, kept between test runs, and a real server.

A `conftest.py` that wants them imports the fixtures by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from filelock import FileLock

from tests.components import missing

# Read at import: a test's own folders hide the variable later.
_CACHE = Path(os.environ.get("MLRUN_TEST_CACHE") or platformdirs.user_cache_dir("mlrun-tests"))


@dataclass(frozen=True)
class MlflowVersion:
    """What to install, and into which Python, the best first.

    Attributes:
        requirements: MLflow itself, then what it needs pinned or has not asked for.
        pythons: Each serves; a machine may have only one of them.
        overrides: Requirements that replace what a package asks for.
    """

    requirements: tuple[str, ...]
    pythons: tuple[str, ...]
    overrides: tuple[str, ...] = ()


# It needs pkg_resources beside Python's own distutils, and its autologging a scikit-learn of its
# time. For Python 3.12 there are neither these nor the pandas that it asks for: there it gets newer
# ones, and does without autologging.
V1_30 = MlflowVersion(
    (
        "mlflow==1.30.1",
        "scikit-learn<1.3; python_version < '3.12'",
        "scikit-learn<1.6",
        "matplotlib<3.10",
        "numpy<2",
        "setuptools<60; python_version < '3.12'",
        "setuptools<81",
    ),
    ("3.9", "3.8", "3.10", "3.11", "3.12"),
    ("pandas<2; python_version < '3.12'", "pandas<3"),
)
# Newer opentelemetry packages dropped what this version imports.
V2_22 = MlflowVersion(
    ("mlflow==2.22.2", "opentelemetry-api<1.31", "opentelemetry-sdk<1.31"),
    ("3.10", "3.11", "3.12", "3.13"),
)
# Newer SQLAlchemy dropped what this version imports.
V3_1 = MlflowVersion(("mlflow==3.1.4", "sqlalchemy<2.1"), ("3.11", "3.12", "3.10", "3.13"))
V3_17 = MlflowVersion(("mlflow==3.17.2",), ("3.11", "3.12", "3.10", "3.13"))


@dataclass(frozen=True)
class MlflowClient:
    """A Python in whose environment MLflow is."""

    python: Path

    def run(self, script: str, variables: Mapping[str, str], *words: str) -> Any:
        """Run a script and return the last line that it prints, read as JSON.

        Args:
            script: Python code.
            variables: For its environment, beside PATH and HOME.
            words: Its arguments.
        """
        done = subprocess.run(
            [self.python, "-c", script, *words],
            env={**_plain_environment(), **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


class MlflowServer:
    """A real `mlflow server` with one worker, on a port of its own that a restart keeps.

    Attributes:
        address: Its URL, without a closing slash.
        database: Its SQLite file.
        artifacts: The folder that holds what `mlflow-artifacts:/` names.
    """

    def __init__(self, client: MlflowClient, folder: Path, workers: int | None = 1) -> None:
        self.address = f"http://127.0.0.1:{unused_port()}"
        self.database = folder / "mlflow.db"
        self.artifacts = folder / "artifacts"
        self._python = client.python
        self._workers = [] if workers is None else ["--workers", str(workers)]
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers."""
        words = ["--host", "127.0.0.1", "--port", self.address.rpartition(":")[2], *self._workers]
        words += ["--backend-store-uri", f"sqlite:///{self.database}"]
        words += ["--artifacts-destination", str(self.artifacts)]
        # A worker's jobs are of no use here, and cost seconds at the start.
        lean = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} if self._workers else {}
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [self._python, "-m", "mlflow", "server", *words],
                cwd=self._log.parent,
                env={**_plain_environment(), **lean},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            wait_until_it_answers(f"{self.address}/health", self._process, self._log)

    def kill(self) -> None:
        """End it as a crash of its machine does, all its processes at once."""
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            _end(self._process)
            self._process = None


@pytest.fixture(scope="session")
def mlflow_1_30() -> MlflowClient:
    """The last MLflow 1."""
    return MlflowClient(_environment(V1_30))


@pytest.fixture(scope="session")
def mlflow_2_22() -> MlflowClient:
    """The last MLflow 2."""
    return MlflowClient(_environment(V2_22))


@pytest.fixture(scope="session")
def mlflow_3_1() -> MlflowClient:
    """An early MLflow 3, with the schema that mlrun's own databases have."""
    return MlflowClient(_environment(V3_1))


@pytest.fixture(scope="session")
def mlflow_3_17() -> MlflowClient:
    """The newest MLflow."""
    return MlflowClient(_environment(V3_17))


@pytest.fixture(scope="session")
def mlflow2(mlflow_2_22: MlflowClient) -> MlflowClient:
    """MLflow 2."""
    return mlflow_2_22


@pytest.fixture(scope="session")
def mlflow3(mlflow_3_17: MlflowClient) -> MlflowClient:
    """MLflow 3."""
    return mlflow_3_17


@pytest.fixture(scope="session", params=["mlflow2", "mlflow3"])
def mlflow_client(request: pytest.FixtureRequest) -> MlflowClient:
    """Each of the two."""
    client: MlflowClient = request.getfixturevalue(request.param)
    return client


@pytest.fixture(scope="session", params=["mlflow_1_30", "mlflow_2_22", "mlflow_3_1", "mlflow_3_17"])
def each_mlflow(request: pytest.FixtureRequest) -> MlflowClient:
    """Each of the four."""
    client: MlflowClient = request.getfixturevalue(request.param)
    return client


@pytest.fixture(scope="session")
def tracking_server(
    mlflow_3_17: MlflowClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MlflowServer]:
    """A tracking server of the newest MLflow, with one worker."""
    server = MlflowServer(mlflow_3_17, tmp_path_factory.mktemp("mlflow-server"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def mlflow_server(tracking_server: MlflowServer) -> str:
    """Address of a tracking server of MLflow 3."""
    return tracking_server.address


def find_python(version: str) -> Path | None:
    """Return a Python of this version (`3.11`) that really starts."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    candidates = [shutil.which(f"python{version}")]
    candidates += sorted(map(str, pyenv.glob(f"{version}.*/bin/python")), reverse=True)
    candidates.append(_said([_uv(), "python", "find", "--no-project", version]))
    for candidate in candidates:
        # What is found may be a shim of pyenv, with no Python behind it.
        found, _, place = _said([candidate or "", "-c", _SAY_WHICH]).partition(" ")
        if found == version:
            return Path(place)
    return None


_SAY_WHICH = (
    "import os, sys; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"
)


def _environment(version: MlflowVersion) -> Path:
    """Return the Python of an environment with this MLflow, built unless it is there."""
    python = next((found for v in version.pythons if (found := find_python(v))), None)
    if python is None:
        missing("mlflow", f"no Python of {', '.join(version.pythons)} is installed")
        raise AssertionError
    identity = "\n".join((*version.requirements, *version.overrides, str(python)))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    folder = _CACHE / f"{version.requirements[0].replace('==', '-')}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            _build(folder, python, version)
    return folder / "bin" / "python"


def _build(folder: Path, python: Path, version: MlflowVersion) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "bin" / "python"
    overrides = Path(f"{folder}.overrides")
    overrides.write_text("\n".join(version.overrides))
    pip = ["pip", "install", "--compile-bytecode", "--python", str(target)]
    for command in (
        ["venv", "--python", str(python), str(folder)],
        [*pip, "--override", str(overrides), *version.requirements],
    ):
        done = subprocess.run(
            [_uv(), *command], capture_output=True, text=True, timeout=900, check=False
        )
        if done.returncode != 0:
            missing("mlflow", f"uv {command[0]} failed: {done.stderr[-800:]}")
    (folder / "complete").touch()


def _uv() -> str:
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv") or "uv"


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def unused_port() -> int:
    """Return a port of the loopback on which nothing listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    # A proxy of the user's would be asked for the loopback address.
    return {**kept, "NO_PROXY": "*", "GIT_PYTHON_REFRESH": "quiet", "DO_NOT_TRACK": "true"}


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the first answer of a server; fail with its log if it ends, or takes a minute."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()[-2000:]}", pytrace=False)
        try:
            with opener.open(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server does not answer: {log.read_text()[-2000:]}", pytrace=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (15, 9):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(20)
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
