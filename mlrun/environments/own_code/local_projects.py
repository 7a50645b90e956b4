"""Makes the code that belongs to a run importable, on top of an environment that is shared.

A list of requirements may name the project itself (`-e .`, `./library`). What such a folder
requires goes into the shared environment. The folder's own code does not, or one checkout
would run another one's code: it gets a small virtual environment of its own on top, which
belongs to that folder alone. That one points at the folder, so a run sees the code as it
is, without being built again; and the folder is never written to, for it is built from a copy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote

from mlrun.disk import content_of, names_in
from mlrun.environments.installing.installers import Building, Installation, Installer
from mlrun.environments.layout import packages_folder, programs_folder, python_of
from mlrun.environments.own_code.copying import copy_sources, native_modules
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.requirements import LocalProject
from mlrun.errors import EnvironmentBuildError

_SCRIPT_HEAD = 1024
"""Bytes at the start of a script in which its interpreter is named."""


def copies(projects: list[LocalProject], work: Path) -> list[tuple[Path, LocalProject]]:
    """Copy folders for building, each to a place whose path is found nowhere else."""
    result = []
    for project in projects:
        number = len(os.listdir(work))
        target = work.resolve() / f"source-{number}" / project.folder.name
        try:
            copy_sources(project.folder, target)
        except OSError as error:
            raise EnvironmentBuildError(
                f"{project.folder} cannot be copied for building: {error.strerror or error}",
                location=project.location,
            ) from error
        result.append((target, project))
    return result


def remove_projects(
    environment: Path, version: tuple[int, ...], installer: Installer, build: Building
) -> None:
    """Take the folders' own code out of an environment again; what they require stays."""
    packages = packages_folder(environment, version)
    names = [
        folder.name.split("-")[0]
        for folder, address in _direct_addresses(packages)
        if address.startswith("file:") and str(build.work.resolve()) in unquote(address)
    ]
    if names:
        installer.uninstall(environment, names, build)


def layer(
    environment: Path,
    shared: Path,
    projects: list[LocalProject],
    python: Interpreter,
    installer: Installer,
    build: Building,
) -> None:
    """Make the virtual environment that sees a shared one and the folders.

    Args:
        environment: The folder to make.
        shared: The environment below.
        projects: The folders.
        python: What the shared one was made with.
        installer: Makes it.
        build: The build that it belongs to.

    Raises:
        EnvironmentBuildError: A folder cannot be built.
    """
    # Packages of an earlier day may be asked for; that day's tools could not bind a folder.
    build = replace(build, as_of=None)
    installer.create(environment, python, build, bare=True)
    packages = packages_folder(environment, python.version)
    below = packages_folder(shared, python.version)
    line = f"import site; site.addsitedir({str(below)!r})\n"
    (packages / "_shared_environment.pth").write_text(line, encoding="utf-8")
    for copy, project in copies(projects, build.work):
        before = native_modules(copy)
        what = Installation(extra=("--editable", f"{copy}{project.marker}"), dependencies=False)
        installer.install(environment, what, build)
        if native_modules(copy) - before:
            raise _compiled(project)
        _point_at(packages, copy, project.folder)
    _take_over_scripts(shared, environment)


def _compiled(project: LocalProject) -> EnvironmentBuildError:
    return EnvironmentBuildError(
        f"{project.folder} has modules that are compiled, and mlrun can only run it from its"
        " sources",
        location=project.location,
        hint="name it by an address or as a wheel, or use --env-manager local",
    )


def _point_at(packages: Path, copy: Path, original: Path) -> None:
    """Replace the path of the copy by that of the folder, wherever the build tool wrote it."""
    for file in _written_by_build_tools(packages):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        new = text.replace(str(copy), _as_written(original, file))
        new = new.replace(quote(str(copy)), quote(str(original)))
        if new != text:
            file.unlink()  # It may be a hard link into an installer's cache.
            file.write_text(new, encoding="utf-8", errors="surrogateescape")


def _as_written(path: Path, file: Path) -> str:
    """Return a path as it stands in code, or plain."""
    if file.suffix != ".py":
        return str(path)
    return str(path).replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')


def _written_by_build_tools(packages: Path) -> Iterator[Path]:
    for name in names_in(packages):
        path = packages / name
        if name.endswith((".pth", ".egg-link")) or (name.endswith(".py") and path.is_file()):
            yield path
        elif name.endswith(".dist-info"):
            yield from (path / n for n in names_in(path) if n.endswith(".json"))


def _direct_addresses(packages: Path) -> Iterator[tuple[Path, str]]:
    for name in names_in(packages):
        if name.endswith(".dist-info"):
            content = content_of(packages / name / "direct_url.json")
            if content:
                yield packages / name, str(json.loads(content).get("url", ""))


def _take_over_scripts(shared: Path, environment: Path) -> None:
    """Copy the shared environment's scripts, so that they see the folders' code, too."""
    if os.name == "nt":
        return
    old, new = os.fsencode(python_of(shared)), os.fsencode(python_of(environment))
    for name in names_in(programs_folder(shared)):
        script = programs_folder(shared) / name
        target = programs_folder(environment) / name
        if target.exists() or script.is_symlink() or not script.is_file():
            continue
        content = script.read_bytes()
        head = content[:_SCRIPT_HEAD]
        if head.startswith(b"#!") and old in head:
            target.write_bytes(head.replace(old, new) + content[_SCRIPT_HEAD:])
            target.chmod(0o755)
