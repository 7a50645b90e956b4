"""Real container engines, and a base image that no registry has to give.

A `conftest.py` that wants them imports the fixtures by name.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound
from filelock import FileLock

from tests import base_image as making
from tests.components import missing

_PATIENCE = 60.0
_PODMAN_SETTINGS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[network]
network_backend = "netavark"
[engine]
{runtime}
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True, slots=True)
class DockerEngine:
    """A container engine that answers.

    Attributes:
        address: `unix:///PATH`.
    """

    address: str

    @property
    def variables(self) -> dict[str, str]:
        """What leads a program to this engine."""
        return {"DOCKER_HOST": self.address}

    def client(self, timeout: int = 120) -> docker.DockerClient:
        """Return a client of docker's own library, for `with closing(...)`.

        Args:
            timeout: Seconds of silence after which it gives up.
        """
        return docker.DockerClient(base_url=self.address, version="auto", timeout=timeout)

    def python_image(self, python: str = sys.executable) -> str:
        """Return the name of an image with this Python of the machine, made unless it is there."""
        chosen = making.interpreter(python)
        name = making.image_name(chosen)
        with FileLock(_lock("image")), closing(self.client()) as client:
            try:
                client.images.get(name)
            except ImageNotFound:
                _import(client, chosen, name)
        return name


@pytest.fixture(scope="session")
def docker_engine() -> DockerEngine:
    """The Docker engine of this machine."""
    engine = DockerEngine(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    if (reason := _silent(engine)) is not None:
        missing("docker", reason)
    return engine


@pytest.fixture(scope="session")
def base_image(docker_engine: DockerEngine) -> str:
    """Name of an image with sh, bash, coreutils and the Python that runs the tests."""
    return docker_engine.python_image()


class PrivateEngine:
    """A Docker daemon of a test's own, without a network for its containers.

    Attributes:
        engine: What it is to its clients; stays the same over a restart.
    """

    def __init__(self, folder: Path) -> None:
        self.engine = DockerEngine(f"unix://{folder}/socket")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        words = [f"--{name}={self._folder / place}" for name, place in places.items()]
        words += [f"--host={self.engine.address}", "--bridge=none", "--iptables=false"]
        words += ["--shutdown-timeout=5", "--group="]
        # In a network of its own: a daemon without a bridge removes that of the machine's engine.
        argv = ["unshare", "--net", _program("dockerd") or "dockerd", *words]
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        _wait_until_answering(self.engine, self._process, self._folder / "log")

    def kill(self) -> None:
        """End the daemon as a crash does: its containers go on."""
        self._end(signal.SIGKILL)
        # Its containerd ends with it, but seems to be there where nobody has collected it yet.
        for left in ("pid", "exec/containerd/containerd.pid"):
            (self._folder / left).unlink(missing_ok=True)

    def stop(self) -> None:
        """End it in order, with all its containers."""
        self._end(signal.SIGTERM)

    def clear(self) -> None:
        """End all that is left of it, and remove its files."""
        self.stop()
        for pid in _processes_of(self._folder):
            os.kill(pid, signal.SIGKILL)
        _remove(self._folder)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE)
            self._process = None


@pytest.fixture
def private_engine() -> Iterator[PrivateEngine]:
    """A started Docker daemon that a test may stop, kill and start again."""
    if os.geteuid() != 0 or _program("dockerd") is None:
        missing("dockerd", "only root can start it, where it is installed")
    # The path of a socket has about a hundred characters at most.
    private = PrivateEngine(Path(tempfile.mkdtemp(prefix="mlrun-dockerd-")))
    try:
        private.start()
        yield private
    finally:
        private.clear()


@pytest.fixture
def podman_engine(podman_service: DockerEngine) -> Iterator[DockerEngine]:
    """Podman's engine, for one test at a time.

    Each worker's service gives out addresses of the same network, and knows nothing of others.
    """
    with FileLock(_lock("podman")):
        yield podman_service


@pytest.fixture(scope="session")
def podman_service() -> Iterator[DockerEngine]:
    """Podman's service, with a store of its own."""
    podman = shutil.which("podman")
    if podman is None:
        missing("podman", "it is not installed")
        raise AssertionError
    folder = Path(tempfile.mkdtemp(prefix="mlrun-podman-"))
    engine = DockerEngine(f"unix://{folder}/socket")
    runtime = 'runtime = "runc"' if _program("runc") else ""
    (folder / "containers.conf").write_text(_PODMAN_SETTINGS.format(runtime=runtime))
    store = [f"--root={folder / 'data'}", f"--runroot={folder / 'run'}"]
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(
            [podman, *store, "system", "service", "--time=0", engine.address],
            env={**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_answering(engine, process, folder / "log")
        yield engine
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        for pid in _processes_of(folder):
            os.kill(pid, signal.SIGKILL)
        _remove(folder)


def _lock(name: str) -> Path:
    return Path(tempfile.gettempdir(), f"mlrun-test-{name}-{os.getuid()}.lock")


def _import(client: docker.DockerClient, python: making.Interpreter, name: str) -> None:
    with tempfile.TemporaryFile() as layer:
        making.write_image(python, layer)
        layer.seek(0)
        # Podman takes no notice of a tag beside the name.
        client.api.import_image(layer, repository=name, changes=list(making.SETTINGS))
    client.images.get(name)  # an engine's failure stands in its answer, not in the status


def _silent(engine: DockerEngine) -> str | None:
    """Return why there is no answer, None when there is one.

    Without docker's library, which leaves a socket open where it cannot connect.
    """
    kind, _, place = engine.address.partition("://")
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    host, _, port = place.rpartition(":")
    with socket.socket(family) as connection:
        connection.settimeout(30)
        try:
            connection.connect(place if kind == "unix" else (host, int(port)))
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
            answer = connection.recv(1000).split()
        except OSError as error:
            return f"no engine answers at {engine.address}: {error}"
    return None if answer[1:2] == [b"200"] else f"the engine at {engine.address} says {answer!r}"


def _wait_until_answering(
    engine: DockerEngine, process: subprocess.Popen[bytes], log: Path
) -> None:
    end = time.monotonic() + _PATIENCE
    while _silent(engine) is not None:
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"no engine: {log.read_text(errors='replace')[-2000:]}", pytrace=False)
        time.sleep(0.05)


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _processes_of(folder: Path) -> list[int]:
    """Return those that have the folder on their command line, and what descends from them."""
    children: dict[int, list[int]] = {}
    waiting = []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        children.setdefault(int(status.rpartition(")")[2].split()[1]), []).append(pid)
        if str(folder).encode() in words and pid != os.getpid():
            waiting.append(pid)
    found: list[int] = []
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return sorted(set(found))


def _remove(folder: Path) -> None:
    """Remove a folder and what is mounted in it."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    mounted = [line.split()[1] for line in lines if line.split()[1].startswith(f"{folder}/")]
    for place in reversed(mounted):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
