"""`mlrun env prune --images`: what mlrun has built in an engine, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import docker.errors
import pytest

from mlrun.environments.docker.building import LABEL
from mlrun.environments.docker.built_images import BuiltImage, built_images, remove_image
from tests.docker_engine import DockerEngine
from tests.functional.commands import Place

CONTENT = "0123456789abcdef" * 4


def tagged(engine: DockerEngine, base: str, name: str, *, label: bool) -> BuiltImage:
    """Make an image on top of another."""
    client = engine.client()
    container = client.containers.create(base, ["true"])
    try:
        changes = f'LABEL {LABEL}="{CONTENT}"' if label else "LABEL other=1"
        container.commit(repository=name, tag=CONTENT[:16], changes=changes)
    finally:
        container.remove()
        client.close()
    return BuiltImage(f"{name}:{CONTENT[:16]}", 0, 0.0)


def test_images_of_mlruns_are_found_and_removed(
    docker_engine: DockerEngine, base_image: str, tmp_path: Path
) -> None:
    environ = {**os.environ, **docker_engine.variables}
    suffix = f"{os.getpid()}-{time.time_ns()}"
    mine = tagged(docker_engine, base_image, f"mlrun-test-mine-{suffix}", label=True)
    other = tagged(docker_engine, base_image, f"mlrun-test-other-{suffix}", label=False)
    client = docker_engine.client()
    try:
        on_mine = client.containers.create(mine.name, ["true"])
        on_mine.commit(repository=f"mlrun-test-derived-{suffix}", tag="1")
        on_mine.remove()
        client.images.get(mine.name).tag(f"mlrun-test-also-{suffix}", "1")
        names = {image.name for image in built_images(environ)}
        assert mine.name in names
        assert not {name for name in names if suffix in name and name != mine.name}
        client.images.remove(f"mlrun-test-derived-{suffix}:1")
        client.images.remove(f"mlrun-test-also-{suffix}:1")
        container = client.containers.create(mine.name, ["true"])
        assert remove_image(environ, mine) is False
        container.remove()
        place = Place(tmp_path)
        answer = place.mlrun("env", "prune", "--images", env=docker_engine.variables)
        assert answer.returncode == 0, answer.stderr
        assert mine.name in {image.name for image in built_images(environ)}
        assert remove_image(environ, mine) is True
        assert remove_image(environ, mine) is True
        assert mine.name not in {image.name for image in built_images(environ)}
        with pytest.raises(docker.errors.ImageNotFound):
            client.images.get(mine.name)
    finally:
        client.images.remove(other.name)
        client.close()


def test_an_engine_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
    answer = Place(tmp_path).mlrun("env", "prune", "--images", env=nowhere)
    assert answer.returncode == 125
    assert answer.stderr.count("error: ") == 1
    assert "leave out --images" in answer.stderr
