"""Everything that is wrong in one environment file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlrun.errors import Problem, ProjectError
from mlrun.project.reading.nodes import Document, read_text


def check_python_env_file(file: Path, text: str | None = None) -> tuple[Problem, ...]:
    """Return all that is wrong or suspicious in a Python environment file, each with its rule.

    Args:
        file: The file, whatever it is called.
        text: What it would hold, without a byte order mark; None for what it does hold.
    """
    from mlrun.project.environments.python_env_file import read_python_document

    return _checked(file, text, read_python_document)


def check_conda_file(file: Path, text: str | None = None) -> tuple[Problem, ...]:
    """Return all that is wrong or suspicious in a conda environment file, each with its rule.

    Args:
        file: The file, whatever it is called.
        text: What it would hold, without a byte order mark; None for what it does hold.
    """
    from mlrun.project.environments.conda_file import read_conda_document

    return _checked(file, text, read_conda_document)


def _checked(
    file: Path, text: str | None, read: Callable[[Document], object]
) -> tuple[Problem, ...]:
    errors: tuple[Problem, ...] = ()
    try:
        document = Document(file, read_text(file) if text is None else text, is_spared=True)
    except ProjectError as error:
        return error.problems
    try:
        read(document)
    except ProjectError as error:
        errors = error.problems
    return (*errors, *document.errors, *document.lints)
