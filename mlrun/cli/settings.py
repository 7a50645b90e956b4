"""The user's settings: defaults for options of `mlrun run`, in `settings.yaml`.

The file lies in the user's configuration folder (`~/.config/mlrun` on Linux, else
`MLRUN_CONFIG_DIR`). An option on the command line, and a variable, come before it.
"""

from __future__ import annotations

from mlrun.errors import UsageError
from mlrun.folders import config_folder

SETTABLE = (
    "buffer-tracking",
    "env-manager",
    "exact-python",
    "flush-timeout",
    "grace-period",
    "tracking",
    "undelivered",
)
"""The options that may be set: those which say how to run, not what."""


def read_settings() -> dict[str, str]:
    """Return the settings by the name of the option's value, `flush_timeout: "60"`.

    Raises:
        UsageError: The file names an option that cannot be set.
        ProjectError: It is no YAML mapping.
    """
    file = config_folder() / "settings.yaml"
    if not file.is_file():
        return {}
    from mlrun.near_miss import near_miss
    from mlrun.project.params_file import read_params_file

    settings = {}
    for name, value in read_params_file(file).items():
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
