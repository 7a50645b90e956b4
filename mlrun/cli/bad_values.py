"""Bad values that do not stand on the command line: named by where they do stand."""

from __future__ import annotations

import os

import click
from click.core import ParameterSource

from mlrun.cli.settings import settings_file
from mlrun.errors import Location, UsageError


def from_elsewhere(error: click.BadParameter) -> UsageError | None:
    """Return the error for a value of a variable or of the settings, None for any other."""
    if error.ctx is None or error.param is None or error.param.name is None:
        return None
    source = error.ctx.get_parameter_source(error.param.name)
    reason = error.message.rstrip(".")
    if source is ParameterSource.ENVIRONMENT:
        return UsageError(f"the variable {_variable(error.param)}: {reason}")
    if source is ParameterSource.DEFAULT_MAP:
        name = error.param.opts[0].lstrip("-")
        return UsageError(f"{name}: {reason}", location=Location(settings_file()))
    return None


def _variable(parameter: click.Parameter) -> str:
    names = parameter.envvar or ()
    named = (names,) if isinstance(names, str) else tuple(names)
    return next((name for name in named if os.environ.get(name)), "")
