"""Everything that is wrong in one project file."""

from __future__ import annotations

from pathlib import Path

from mlrun.errors import Problem


def check_project_file(file: Path, text: str | None = None) -> tuple[Problem, ...]:
    """Return all that is wrong or suspicious in a project file, each with its rule.

    Environment files that it names are looked for, and not read.

    Args:
        file: The project file, whatever it is called.
        text: What it would hold, without a byte order mark; None for what it does hold.
    """
    raise NotImplementedError(file, text)
