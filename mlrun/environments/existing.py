"""An environment that the user has made: a virtual environment or a conda prefix (`--env`)."""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.base import PreparedEnvironment, Report


class ExistingEnvironment:
    """An environment that is used as it is, and never changed.

    Args:
        folder: The environment or prefix, or its interpreter.

    Raises:
        UsageError: There is no environment.
    """

    manager = "local"

    def __init__(self, folder: Path) -> None:
        raise NotImplementedError

    def digest(self) -> str | None:
        """Return None: nothing says what is in it."""
        raise NotImplementedError

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Return what makes the command see it."""
        raise NotImplementedError
