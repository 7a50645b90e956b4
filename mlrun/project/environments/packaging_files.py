"""`pyproject.toml` and `requirements.txt`, as what they say about a Python environment.

A `pyproject.toml` is taken as uv takes it: a project that is a package (it has a `[build-system]`,
or `tool.uv.package = true`) is installed, of another one only the dependencies are. A
`.python-version` beside either file says which Python it is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mlrun.errors import Location, Problem, ProjectError
from mlrun.project.model import PythonEnv, PythonEnvFile

PYTHON_VERSION_FILE = ".python-version"

# Compiled where they are needed: most runs need none of them.
_PLAIN_VERSION = r"(?:cpython[-@]?)?(\d+(?:\.\d+){0,2})"
_POETRY_RANGE = r"([\^~])\s*(\d+)(?:\.(\d+))?(\.\d+)?"
_PLACE = r"\(at line (\d+), column (\d+)\)"
_WITHOUT = "--env-manager local runs without it"


def read_packaging_file(spec: PythonEnvFile) -> PythonEnv:
    """Return the environment that a `.toml`, or a list of requirements, describes.

    Raises:
        ProjectError: It cannot be read, or its form is wrong.
    """
    if spec.file.suffix.lower() == ".toml":
        return _from_pyproject(spec.file)
    python, lints = chosen_python(spec.file.parent)
    return PythonEnv(
        python=python,
        build_dependencies=(),
        dependencies=(f"-r {spec.file.name}",),
        folder=spec.file.parent,
        file=spec.file,
        location=Location(spec.file),
        lints=lints,
    )


def chosen_python(folder: Path) -> tuple[str | None, tuple[Problem, ...]]:
    """Return the version that `.python-version` names, None where it names none."""
    file = folder / PYTHON_VERSION_FILE
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return None, ()
    names = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not names:
        return None, ()
    found = re.fullmatch(_PLAIN_VERSION, names[0])
    if found is not None:
        return found[1], ()
    # pyenv allows the names of environments, uv those of other interpreters.
    message = f"{names[0]!r} in {PYTHON_VERSION_FILE} is no version of CPython, and is ignored"
    return None, (Problem(message, Location(file)),)


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises:
        ProjectError: It cannot be read, or is no TOML; it says where.
    """
    from importlib import import_module

    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        content: dict[str, Any] = toml.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ProjectError("the file is no UTF-8 text", location=Location(file)) from error
    except (ValueError, RecursionError) as error:
        raise _no_toml(file, str(error)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProjectError(f"the file cannot be read: {reason}", location=Location(file)) from error
    return content


def _no_toml(file: Path, reason: str) -> ProjectError:
    place = re.search(_PLACE, reason)
    numbers = (int(place[1]), int(place[2])) if place else (None, None)
    reason = re.sub(_PLACE, "", reason).strip()
    return ProjectError(
        f"the file is no TOML: {reason[:1].lower()}{reason[1:]}",
        location=Location(file, *numbers),
        hint=_WITHOUT,
    )


def _from_pyproject(file: Path) -> PythonEnv:
    content = read_toml(file)
    project, poetry = content.get("project"), _table(content, "tool", "poetry")
    if not isinstance(project, dict) and not poetry:
        raise ProjectError(
            "the file has no [project] table, so it describes no environment",
            location=Location(file),
            hint="list the dependencies under [project], or name another file",
        )
    described = project if isinstance(project, dict) else {}
    chosen, lints = chosen_python(file.parent)
    dependencies, more = _dependencies(content, described, poetry, file)
    return PythonEnv(
        python=chosen or _asked_python(described, poetry, file),
        build_dependencies=(),
        dependencies=dependencies,
        folder=file.parent,
        file=file,
        location=Location(file),
        lints=(*lints, *more),
    )


def _dependencies(
    content: dict[str, Any], project: dict[str, Any], poetry: dict[str, Any], file: Path
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    listed = project.get("dependencies", [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise ProjectError(
            "`dependencies` of [project] must be a list of texts", location=Location(file)
        )
    if _is_package(content, poetry):
        return ("-e .",), ()
    if not project and poetry:
        raise ProjectError(
            "only poetry can install this project: it is no package, and has no [project] table",
            location=Location(file),
            hint=f"list its dependencies under [project], or write a requirements.txt and name it"
            f" under `python_env`; {_WITHOUT}",
        )
    return tuple(listed), _lints(content, project, file)


def _is_package(content: dict[str, Any], poetry: dict[str, Any]) -> bool:
    said = _table(content, "tool", "uv").get("package")
    if isinstance(said, bool):
        return said
    return "build-system" in content and poetry.get("package-mode") is not False


def _lints(content: dict[str, Any], project: dict[str, Any], file: Path) -> tuple[Problem, ...]:
    lints = []
    if "dependencies" not in project and (file.parent / "requirements.txt").is_file():
        lints.append(
            Problem(
                f"'{file.name}' lists no dependencies, and is taken before 'requirements.txt'",
                Location(file),
                "write `python_env: requirements.txt` into the MLproject file to have those",
            )
        )
    sources = _table(content, "tool", "uv", "sources")
    if sources:
        names = ", ".join(sorted(sources))
        lints.append(
            Problem(
                f"where packages are from ([tool.uv.sources]: {names}) holds with a uv.lock only",
                Location(file),
                "`uv lock` writes one",
            )
        )
    return tuple(lints)


def _asked_python(project: dict[str, Any], poetry: dict[str, Any], file: Path) -> str | None:
    asked = project.get("requires-python")
    if asked is None:
        asked = _table(poetry, "dependencies").get("python")
        found = re.fullmatch(_POETRY_RANGE, str(asked).strip()) if asked is not None else None
        if found is not None:
            return _range(found)
    if asked is None or isinstance(asked, str):
        return asked
    raise ProjectError("`requires-python` must be a text", location=Location(file))


def _range(found: re.Match[str]) -> str:
    """Return poetry's `^3.9` or `~3.9` as comparisons."""
    major, minor = int(found[2]), found[3]
    begin = f"{major}.{minor or 0}{found[4] or ''}"
    narrow = found[1] == "~" and minor is not None
    return f">={begin},<{f'{major}.{int(minor) + 1}' if narrow else major + 1}"


def _table(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return a table within tables, empty where there is none."""
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
