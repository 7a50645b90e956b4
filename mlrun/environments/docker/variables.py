"""Variables in a container: what the project file names, and what the user adds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mlrun.environments.docker.arguments import DockerArguments
from mlrun.errors import Location, ProjectError, UsageError

_BY_MLRUN = frozenset({"MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"})
"""A project may list them, and mlrun sets them for every run."""


def project_variables(
    environment: Iterable[tuple[str, str | None]],
    environ: Mapping[str, str],
    given: Mapping[str, str],
    location: Location,
) -> dict[str, str]:
    """Return the variables that the project file sets or copies.

    Args:
        environment: As the project file has it: None for a variable to copy.
        environ: The user's variables.
        given: Those that the user sets for the container; they need not be copied.
        location: Of the project's `docker_env`.

    Raises:
        ProjectError: Variables that the project wants are not set, as with `mlflow run`.
    """
    found: dict[str, str] = {}
    missing = []
    for name, value in environment:
        text = environ.get(name) if value is None else value
        if text is not None:
            found[name] = text
        elif name not in given and name not in _BY_MLRUN:
            missing.append(name)
    if missing:
        raise ProjectError(
            f"the project wants these variables of yours, which are not set: {', '.join(missing)}",
            location=_written_at(location, missing[0]),
            hint=f"set them: `export {missing[0]}=...`, or -A e={missing[0]}=... for the container",
        )
    return found


def _written_at(location: Location, name: str) -> Location:
    from mlrun.environments.written_at import key_at, written_at

    return written_at(key_at(location, "environment"), name)


def user_variables(
    arguments: DockerArguments, environ: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """Return the variables of `-A env-file=...` and `-A e=...`; the latter win.

    A name without a value is copied, and left out where it is not set, as by docker.

    Raises:
        UsageError: A file cannot be read.
    """
    found: dict[str, str] = {}
    for file in arguments.variable_files:
        for name, value in _read_pairs(file, folder, "env-file"):
            _take(found, name, value, environ)
    for name, value in arguments.variables:
        _take(found, name, value, environ)
    return found


def file_labels(arguments: DockerArguments, folder: Path) -> dict[str, str]:
    """Return the labels of `-A label-file=...`.

    Raises:
        UsageError: A file cannot be read.
    """
    files = arguments.label_files
    pairs = (pair for file in files for pair in _read_pairs(file, folder, "label-file"))
    return {name: value or "" for name, value in pairs}


def _take(found: dict[str, str], name: str, value: str | None, environ: Mapping[str, str]) -> None:
    text = environ.get(name) if value is None else value
    if text is not None:
        found[name] = text


def _read_pairs(text: str, folder: Path, option: str) -> list[tuple[str, str | None]]:
    """Return the names and values of a file: a line each, lines that begin with # left out."""
    file = folder / os.path.expanduser(text)  # noqa: PTH111 - HOME need not be set
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"-A {option}={text} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"-A {option}={text} cannot be read: it is no text in UTF-8") from None
    pairs: list[tuple[str, str | None]] = []
    for number, line in enumerate(lines, 1):
        name, sign, value = line.lstrip().partition("=")
        if not name.strip() or name.startswith("#"):
            if sign and not name:
                raise UsageError("there is no name before the =", location=Location(file, number))
            continue
        if name != name.rstrip() or " " in name:
            raise UsageError(
                f"a variable's name has no spaces: {name!r}", location=Location(file, number)
            )
        pairs.append((name, value if sign else None))
    return pairs
