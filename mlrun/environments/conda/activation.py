"""What conda's activation sets, as facts about an environment; `activating.py` finds them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNSET = (
    *("PYTHONHOME", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"),
    *("CONDA_PROMPT_MODIFIER", "_CONDA_PYTHON_SYSCONFIGDATA_NAME"),
)
"""Variables that belong to another environment than conda's, or to a prompt."""

MARK = "/mlrun-users-own-value"
"""Stands for the value that a variable has already."""


@dataclass(frozen=True, slots=True)
class Activation:
    """What activating an environment does to variables.

    Attributes:
        values: Name to the value where the user has none; None where it stays unset.
        around: Name to the value where the user has one, with `MARK` where that goes; None
            where it is removed. What is not in it is set whatever the user has.
        path: Folders that are put before PATH, besides the environment's own.
    """

    values: Mapping[str, str | None] = field(default_factory=dict)
    around: Mapping[str, str | None] = field(default_factory=dict)
    path: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"values": self.values, "around": self.around, "path": self.path}

    @staticmethod
    def from_dict(value: Mapping[str, Any]) -> Activation:
        """Return what `to_dict` wrote."""
        return Activation(value["values"], value["around"], tuple(value["path"]))

    def variables(self, environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the variables to set, and those to remove.

        Args:
            environ: The user's variables.
        """
        result = {**self.values}
        for name, template in self.around.items():
            own = environ.get(name)
            if own:
                result[name] = None if template is None else template.replace(MARK, own)
        chosen = {name: value for name, value in result.items() if value is not None}
        return chosen, tuple(name for name, value in result.items() if value is None)


def prefix_variables(prefix: Path) -> dict[str, str]:
    """Return the variables that tell programs which conda environment is active."""
    return {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": str(prefix), "CONDA_SHLVL": "1"}
