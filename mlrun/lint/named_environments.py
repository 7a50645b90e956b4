"""What is wrong with the environments that a project file names, going by the files around it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import yaml

from mlrun.errors import Location, Problem
from mlrun.lint.raw_mappings import pairs
from mlrun.near_miss import nearest_file
from mlrun.project.environments.python_env_file import PACKAGING_SUFFIXES
from mlrun.project.model import CondaEnv, DockerEnv, Environment, Project, PythonEnvFile, RenvEnv
from mlrun.project.reading.nodes import Document, scalar, shown


def check_named_environments(document: Document, project: Project) -> Iterator[Problem]:
    """Yield what is suspicious about the environments that a project names.

    Args:
        document: The project file.
        project: What was read from it.
    """
    folder = Path(os.path.normpath(project.folder))
    own = [env for each in project.entry_points.values() for env in each.environments]
    for environment in (*project.environments, *own):
        if isinstance(environment, (CondaEnv, PythonEnvFile, RenvEnv)):
            yield from _file(Path(os.path.normpath(environment.file)), environment.location, folder)
        elif isinstance(environment, DockerEnv) and environment.image:
            yield from _image(document, environment)
    yield from _image_name(document, project.environments)
    for environment in project.environments:
        if isinstance(environment, PythonEnvFile) and environment.location.line is not None:
            yield from _packaging_file(environment)


def _packaging_file(environment: PythonEnvFile) -> Iterator[Problem]:
    if environment.file.suffix.lower() in PACKAGING_SUFFIXES:
        yield Problem(
            f"MLflow reads {shown(environment.file.name)} as if it were a python_env.yaml",
            environment.location,
            "write a python_env.yaml, such as `dependencies: [-r requirements.txt]`, and name that",
            "mlflow-environment",
        )


def _file(file: Path, location: Location, folder: Path) -> Iterator[Problem]:
    if location.line is None:
        return  # It is there under its usual name; nobody has named it.
    if not _is_there(file):
        yield Problem(
            f"there is no environment file {_shown(file, folder)}",
            location,
            _near(file, folder) or "write the file, or remove the key",
            "missing-environment-file",
        )
    elif not file.is_relative_to(folder):
        yield Problem(
            f"the environment file {_shown(file, folder)} lies outside the project's folder",
            location,
            "move it into the folder: a copy of the folder alone does not have it",
            "outer-environment-file",
        )


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):
        return False


def _shown(file: Path, folder: Path) -> str:
    relative = os.path.relpath(file, folder)
    return shown(min(relative, str(file), key=len))


def _near(file: Path, folder: Path) -> str | None:
    try:
        near = nearest_file(file)
    except ValueError:
        return None
    above = file.parent.parent / file.name
    if near is None and _is_there(above):
        return f"did you mean {_shown(above, folder)}?"
    return f"did you mean {shown(near)}?" if near else None


def _image(document: Document, environment: DockerEnv) -> Iterator[Problem]:
    from mlrun.environments.docker.reference import is_image_name

    name = environment.image.strip()
    if is_image_name(name):
        return
    hint = "write NAME, NAME:TAG or REGISTRY/NAME:TAG"
    if is_image_name(name.lower()):
        hint = f"names of images have no capital letters: {name.lower()}"
    node = dict(pairs(document.root)).get("docker_env")
    place = environment.location
    if isinstance(node, yaml.MappingNode) and document.locate(node) == place:
        place = next((document.locate(v) for k, v in node.value if k.value == "image"), place)
    yield Problem(f"{shown(name)} is no name of an image", place, hint, "bad-image")


def _image_name(document: Document, environments: tuple[Environment, ...]) -> Iterator[Problem]:
    node = dict(pairs(document.root)).get("name")
    name = scalar(node) if node is not None else None
    if node is None or name is None or name == name.lower():
        return
    if any(isinstance(each, DockerEnv) for each in environments):
        yield Problem(
            f"an image cannot be named after the project: {shown(name)} has capital letters",
            document.locate(node),
            f"`mlflow run --build-image` needs, say, `name: {name.lower()}`",
            "image-name",
        )
