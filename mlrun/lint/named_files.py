"""The environment files that a project file names, whatever else is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from mlrun.lint.raw_mappings import pairs
from mlrun.lint.rules.rule import Subject
from mlrun.project.environments.keys import ENVIRONMENT_KEYS, RENV_KEY
from mlrun.project.environments.python_env_file import PACKAGING_SUFFIXES
from mlrun.project.reading.nodes import compose, read_text, scalar

_SUBJECTS = {"python_env": Subject.PYTHON_ENV, "conda_env": Subject.CONDA}
_IN_ALL_KEYS = "_env"


@dataclass(frozen=True)
class NamedFiles:
    """What a project file says about environment files.

    Attributes:
        named: Those of YAML, there or not, with what they are.
        is_silent: Whether it asks for no environment, so that its folder implies one.
    """

    named: tuple[tuple[Path, Subject], ...]
    is_silent: bool


def named_environment_files(project: Path) -> NamedFiles:
    """Return what a project file says about environment files.

    Raises:
        ProjectError: The project file cannot be read, or is not YAML.
    """
    text = read_text(project)
    if _IN_ALL_KEYS not in text:
        return NamedFiles((), is_silent=True)
    root = compose(text, project)
    entries = dict(pairs(root))
    entry_points = pairs(entries.get("entry_points"))
    own = [pair for _, entry_point in entry_points for pair in pairs(entry_point)]
    named = [pair for pair in (*entries.items(), *own) if pair[0] in _SUBJECTS]
    is_silent = not any(key in entries for key in (*ENVIRONMENT_KEYS, RENV_KEY))
    return NamedFiles(tuple(_files(named, project.parent)), is_silent)


def _files(named: list[tuple[str, yaml.Node]], folder: Path) -> Iterator[tuple[Path, Subject]]:
    for key, value in named:
        text = scalar(value)
        if not text or "\0" in text:
            continue
        plain = text if (folder / text).exists() else text.replace("\\", "/")
        file = Path(os.path.normpath(folder / plain))
        if key != "python_env" or file.suffix.lower() not in PACKAGING_SUFFIXES:
            yield file, _SUBJECTS[key]
