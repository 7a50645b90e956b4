"""The user's settings: defaults for options of `mlrun run`, in `settings.yaml`.

The file lies in the user's configuration folder (`~/.config/mlrun` on Linux, else
`MLRUN_CONFIG_DIR`). An option on the command line, and a variable, come before it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mlrun.errors import Location, ProjectError, UsageError
from mlrun.folders import config_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.project.parameters.params_file import FileValue

SETTABLE = (
    "buffer-tracking",
    "env-limit",
    "env-manager",
    "exact-python",
    "flush-timeout",
    "grace-period",
    "tracking",
    "undelivered",
)
"""The options that may be set: those which say how to run, not what."""


class Settled(click.Command):
    """A command whose defaults the user's settings give."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Make the context in which the command is called."""
        try:
            extra.setdefault("default_map", read_settings())
        except UsageError:
            # Help says what the settings may be.
            if not {"-h", "--help"}.intersection(args):
                raise
        return super().make_context(info_name, args, parent, **extra)


def settings_file() -> Path:
    """Return where the settings are, if there are any."""
    return config_folder() / "settings.yaml"


def read_settings() -> dict[str, str]:
    """Return the settings by the name of the option's value, `flush_timeout: "60"`.

    Raises:
        UsageError: The file names an option that cannot be set, or is no YAML mapping, or
            nobody may look whether it is there.
    """
    file = settings_file()
    if not _is_there(file):
        return {}
    from mlrun.near_miss import near_miss

    settings = {}
    for name, value in _read(file).items():
        option = name.replace("_", "-")
        if option not in SETTABLE:
            meant = near_miss(name, SETTABLE)
            raise UsageError(
                f"'{name}' is no option that can be set",
                hint=f"did you mean {meant}?" if meant else f"there are: {', '.join(SETTABLE)}",
                location=value.location,
            )
        settings[option.replace("-", "_")] = value.text
    return settings


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError as error:
        raise UsageError(
            f"the settings file cannot be read: {error.strerror}",
            hint="MLRUN_CONFIG_DIR names another folder for it",
            location=Location(file),
        ) from None


def _read(file: Path) -> dict[str, FileValue]:
    from mlrun.project.parameters.params_file import read_params_file

    try:
        return read_params_file(file, "the settings file")
    except ProjectError as error:
        raise UsageError(error.message, location=error.location, hint=error.hint) from None
