"""A real S3 endpoint: moto's server, in an environment that is kept between test runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from filelock import FileLock

from tests.components import missing
from tests.mlflow_fixtures import unused_port, wait_until_it_answers

_MOTO = "moto[server,s3]>=5.1,<6"
# Read at import: a test's own folders hide the variable later.
_CACHE = Path(os.environ.get("MLRUN_TEST_CACHE") or platformdirs.user_cache_dir("mlrun-tests"))
_LOGIN = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "hidden-aws-word",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class S3:
    """An endpoint.

    Attributes:
        url: Its address.
    """

    url: str

    @cached_property
    def client(self) -> Any:
        """A client of botocore's, which s3fs brings."""
        from botocore.session import Session  # type: ignore[import-untyped]

        return Session().create_client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
            region_name="us-east-1",
        )

    def make_bucket(self, name: str) -> Bucket:
        """Return a new bucket."""
        self.client.create_bucket(Bucket=name)
        return Bucket(self, name)


@dataclass(frozen=True)
class Bucket:
    """A bucket of a test's own."""

    endpoint: S3
    name: str

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        self.endpoint.client.put_object(Bucket=self.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self.endpoint.client.delete_object(Bucket=self.name, Key=key)

    def uri(self, key: str = "") -> str:
        """Return an address in it."""
        return f"s3://{self.name}/{key}"


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 endpoint."""
    port = unused_port()
    log = tmp_path_factory.mktemp("s3") / "log"
    with open(log, "wb") as written:
        process = subprocess.Popen(
            [_moto_server(), "-H", "127.0.0.1", "-p", str(port)],
            stdout=written,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(log.parent), **_LOGIN},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{url}/moto-api/", process, log)
        yield S3(url)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def s3_login(monkeypatch: pytest.MonkeyPatch, s3_server: S3) -> None:
    """Let libraries find the endpoint, and a login for it."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in {**_LOGIN, "AWS_ENDPOINT_URL": s3_server.url, "NO_PROXY": "*"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket(s3_server: S3, s3_login: None) -> Bucket:
    """An empty bucket."""
    return s3_server.make_bucket(f"test-{os.urandom(6).hex()}")


def _moto_server() -> Path:
    """Return the program, installed unless it is there."""
    folder = _CACHE / f"moto-{sys.version_info.major}.{sys.version_info.minor}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            _build(folder)
    return folder / "bin" / "moto_server"


def _build(folder: Path) -> None:
    from uv import find_uv_bin

    shutil.rmtree(folder, ignore_errors=True)
    uv = find_uv_bin()
    install = ["pip", "install", "--python", str(folder / "bin" / "python"), _MOTO]
    for command in (["venv", "--python", sys.executable, str(folder)], install):
        done = subprocess.run(
            [uv, *command], capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode != 0:
            missing("s3", f"uv {command[0]} failed: {done.stderr[-800:]}")
    (folder / "complete").touch()
