"""The engines, the image and the registry that other tests rely on."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from docker.errors import DockerException, ImageNotFound

from tests.docker_engine import DockerEngine, PrivateEngine
from tests.docker_registry import PASSWORD, USER, Registry

SAY = "import ssl, sqlite3, ctypes, pip; print('hello')"


def said(engine: DockerEngine, image: str, *words: str) -> str:
    with closing(engine.client()) as client:
        output: bytes = client.containers.run(image, list(words), remove=True)
        return output.decode().strip()


def test_the_base_image_has_a_shell_and_python(
    docker_engine: DockerEngine, base_image: str
) -> None:
    assert said(docker_engine, base_image, "bash", "-c", "cd /tmp && pwd") == "/tmp"
    assert said(docker_engine, base_image, "python3", "-c", SAY) == "hello"


def test_podman_runs_it_too(podman_engine: DockerEngine) -> None:
    assert said(podman_engine, podman_engine.python_image(), "python", "-c", SAY) == "hello"


def test_an_engine_of_its_own_ends_and_starts_again(private_engine: PrivateEngine) -> None:
    engine = private_engine.engine
    image = engine.python_image()
    with closing(engine.client()) as client:
        client.containers.run(image, ["sleep", "600"], detach=True)
    private_engine.kill()
    with pytest.raises(OSError, match="refused"), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(engine.address.removeprefix("unix://"))
    private_engine.start()
    private_engine.stop()
    private_engine.start()
    assert said(engine, image, "echo", "again") == "again"


def test_the_registry_wants_a_password(
    docker_engine: DockerEngine, base_image: str, registry: Registry
) -> None:
    name = registry.push(docker_engine, base_image, "team/python")
    with closing(docker_engine.client()) as client:
        with pytest.raises(ImageNotFound):
            client.images.get(name)
        with pytest.raises(DockerException, match="no basic auth"):
            client.images.pull(name)
        client.images.pull(name, auth_config={"username": USER, "password": PASSWORD})
        client.images.remove(name)
