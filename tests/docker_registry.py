"""A real registry of images on the loopback, behind a password.

A `conftest.py` that wants it imports the fixture by name.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.components import missing
from tests.docker_engine import DockerEngine
from tests.mlflow_fixtures import unused_port

USER, PASSWORD = "alice", "s3cret"
# PASSWORD as the registry keeps it (bcrypt).
_HASHED = "$2b$04$1ksMgYvwLyQo5oP9zoU3ruq4nJK1wJP6YVSCZlRsyNyHbhAPoBOSC"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that wants USER and PASSWORD.

    Attributes:
        name: `127.0.0.1:PORT`, which images of it begin with. Engines speak plain HTTP to it.
    """

    name: str

    def push(self, engine: DockerEngine, image: str, repository: str) -> str:
        """Push an image of the engine and forget it there; return its name in the registry."""
        target = f"{self.name}/{repository}"
        login = {"username": USER, "password": PASSWORD}
        with closing(engine.client()) as client:
            client.images.get(image).tag(target, tag="latest")
            for line in client.api.push(
                target, tag="latest", auth_config=login, stream=True, decode=True
            ):
                assert "error" not in line, line
            client.images.remove(f"{target}:latest")
        return f"{target}:latest"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry without images."""
    program = shutil.which("docker-registry")
    if program is None:
        missing("docker-registry", "it is not installed")
        raise AssertionError
    folder = tmp_path_factory.mktemp("registry")
    (folder / "passwords").write_text(f"{USER}:{_HASHED}\n")
    name = f"127.0.0.1:{unused_port()}"
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": name},
        "auth": {"htpasswd": {"realm": "tests", "path": str(folder / "passwords")}},
    }
    (folder / "config.yml").write_text(json.dumps(settings))  # JSON is YAML, too
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
    try:
        _wait(name, process, folder / "log")
        yield Registry(name)
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _wait(name: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            opener.open(f"http://{name}/v2/", timeout=5).close()
        except urllib.error.HTTPError as answer:
            with answer:
                if answer.code == 401:
                    return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"no registry: {log.read_text()[-2000:]}", pytrace=False)
