"""The options of `mlrun run` that choose a project's environment, for `mlrun env`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from mlrun.environments.select import MANAGERS
from mlrun.request import RunRequest

_Command = TypeVar("_Command", bound=Callable[..., Any])

_CHOOSING = (
    click.option(
        "-e", "--entry-point", metavar="NAME",
        help="The entry point whose environment is meant [default: main].",
    ),
    click.option("-v", "--version", metavar="VERSION", help="Branch, tag or commit."),
    click.option(
        "--env-manager", type=click.Choice(MANAGERS),
        help="What makes the environment; by default what the project asks for.",
    ),
    click.option(
        "--exact-python", is_flag=True,
        help="Refuse another patch version of Python than the one that the project names.",
    ),
    click.option(
        "--conda-exe", metavar="PROGRAM", envvar="MLRUN_CONDA_EXE",
        help="Make conda environments with this conda, mamba or micromamba."
        " [env: MLRUN_CONDA_EXE]",
    ),
    click.option(
        "--as-of", metavar="DATE|commit",
        help="Choose packages as they were on that day, or on that of the project's commit.",
    ),
    click.option(
        "--locked", is_flag=True,
        help="Refuse when the project's mlrun.lock is missing or does not fit.",
    ),
    click.option(
        "--build-image", is_flag=True,
        help="Build a Docker image with the project's code in it.",
    ),
    click.option(
        "--offline", is_flag=True, envvar="MLRUN_OFFLINE",
        help="Use what is cached of the project and of packages, and ask no server."
        " [env: MLRUN_OFFLINE]",
    ),
)  # fmt: skip


def with_choosing(function: _Command) -> _Command:
    """Give a command the options that choose an environment."""
    for option in reversed(_CHOOSING):
        function = option(function)
    return function


def request_of(uri: str, words: dict[str, Any]) -> RunRequest:
    """Return what is asked for by these options, as a run would ask for it."""
    return RunRequest(uri=uri, **{**words, "entry_point": words["entry_point"] or "main"})
