"""The options of `mlrun run` that choose a project's environment, for `mlrun env`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from mlrun.cli.shared_options import (
    AS_OF,
    BUILD_IMAGE,
    CONDA_EXE,
    ENV_MANAGER,
    EXACT_PYTHON,
    LOCKED,
    OFFLINE,
    VERSION,
)
from mlrun.request import RunRequest

_Command = TypeVar("_Command", bound=Callable[..., Any])

_CHOOSING = (
    click.option(
        "-e", "--entry-point", metavar="NAME",
        help="The entry point whose environment is meant [default: main].",
    ),
    VERSION,
    ENV_MANAGER,
    EXACT_PYTHON,
    CONDA_EXE,
    AS_OF,
    LOCKED,
    BUILD_IMAGE,
    OFFLINE,
)  # fmt: skip


def with_choosing(function: _Command) -> _Command:
    """Give a command the options that choose an environment."""
    for option in reversed(_CHOOSING):
        function = option(function)
    return function


def request_of(uri: str, words: dict[str, Any]) -> RunRequest:
    """Return what is asked for by these options, as a run would ask for it."""
    return RunRequest(uri=uri, **{**words, "entry_point": words["entry_point"] or "main"})
