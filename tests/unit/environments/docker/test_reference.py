"""Names of images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.docker.reference import (
    is_image_id,
    is_image_name,
    registry_of,
    repository_name,
    split_name,
)

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("name", "repository", "tag", "registry"),
    [
        ("python", "python", "latest", "docker.io"),
        ("python:3.11-slim", "python", "3.11-slim", "docker.io"),
        ("team/image:v1", "team/image", "v1", "docker.io"),
        ("localhost:5000/image", "localhost:5000/image", "latest", "localhost:5000"),
        ("reg.example.com/a/b:1", "reg.example.com/a/b", "1", "reg.example.com"),
        (f"a@{DIGEST}", "a", DIGEST, "docker.io"),
        (f"a:1@{DIGEST}", "a:1", DIGEST, "docker.io"),
    ],
)
def test_parts(name: str, repository: str, tag: str, registry: str) -> None:
    assert is_image_name(name)
    assert not is_image_id(name)
    assert split_name(name) == (repository, tag)
    assert registry_of(name) == registry


@pytest.mark.parametrize(
    "name", ["", "Python", "a b", "a:", "/a", "a//b", "$IMAGE", "-a", "a:b:c", "a\n"]
)
def test_what_is_no_name(name: str) -> None:
    assert not is_image_name(name)


@pytest.mark.parametrize("name", [DIGEST, "0" * 64, "0123456789ab"])
def test_ids(name: str) -> None:
    assert is_image_name(name)
    assert is_image_id(name)


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("My Project", "my-project"),
        ("sklearn_Elasticnet.wine", "sklearn-elasticnet-wine"),
        ("--", "docker-project"),
        (None, "docker-project"),
        ("Größe", "gr-e"),
    ],
)
def test_a_project_s_name_for_its_images(project: str | None, expected: str) -> None:
    assert repository_name(project) == expected


@given(st.text())
def test_a_project_s_name_is_always_one_for_images(project: str) -> None:
    assert is_image_name(f"{repository_name(project)}:0123")
