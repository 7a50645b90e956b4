"""Real MLflow: environments of two versions, kept between test runs, and a real server.

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
    """What to install, and into which Python, the best first."""

    requirements: tuple[str, ...]
    pythons: tuple[str, ...]


NEW = MlflowVersion(("mlflow==3.17.2",), ("3.11", "3.12", "3.10", "3.13"))
# Newer opentelemetry packages dropped what this version imports.
OLD = MlflowVersion(
    ("mlflow==2.22.2", "opentelemetry-api<1.31", "opentelemetry-sdk<1.31"),
    ("3.10", "3.11", "3.12"),
)


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


@pytest.fixture(scope="session")
def mlflow3() -> MlflowClient:
    """MLflow 3."""
    return MlflowClient(_environment(NEW))


@pytest.fixture(scope="session")
def mlflow2() -> MlflowClient:
    """MLflow 2."""
    return MlflowClient(_environment(OLD))


@pytest.fixture(scope="session", params=["mlflow2", "mlflow3"])
def mlflow_client(request: pytest.FixtureRequest) -> MlflowClient:
    """Each of the two."""
    client: MlflowClient = request.getfixturevalue(request.param)
    return client


@pytest.fixture(scope="session")
def mlflow_server(mlflow3: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a tracking server of MLflow 3."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    words += ["--artifacts-destination", f"{folder}/artifacts"]
    variables = {**_plain_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [mlflow3.python, "-m", "mlflow", "server", *words],
            cwd=folder,
            env=variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, process, folder / "log")
        yield address
    finally:
        _end(process)


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
    identity = "\n".join((*version.requirements, str(python)))
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
    for command in (
        ["venv", "--python", str(python), str(folder)],
        ["pip", "install", "--compile-bytecode", "--python", str(target), *version.requirements],
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


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    # A proxy of the user's would be asked for the loopback address.
    return {**kept, "NO_PROXY": "*", "GIT_PYTHON_REFRESH": "quiet", "DO_NOT_TRACK": "true"}


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()[-2000:]}", pytrace=False)
        try:
            with opener.open(f"{address}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
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
