"""Options that several commands have, each declared once."""

from __future__ import annotations

import click

from mlrun.cli.size import Size
from mlrun.environments.select import MANAGERS

FORM = click.option(
    "--output", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="What goes to standard output.",
)  # fmt: skip
VERSION = click.option("-v", "--version", metavar="VERSION", help="Branch, tag or commit.")
OFFLINE = click.option(
    "--offline", is_flag=True, envvar="MLRUN_OFFLINE",
    help="Use what is cached of the project and of packages, and ask no server."
    " [env: MLRUN_OFFLINE]",
)  # fmt: skip
ENV_MANAGER = click.option(
    "--env-manager", type=click.Choice(MANAGERS),
    help="What makes the environment; by default what the project asks for.",
)  # fmt: skip
EXACT_PYTHON = click.option(
    "--exact-python", is_flag=True,
    help="Refuse another patch version of Python than the one that the project names.",
)  # fmt: skip
CONDA_EXE = click.option(
    "--conda-exe", metavar="PROGRAM", envvar="MLRUN_CONDA_EXE",
    help="Make conda environments with this conda, mamba or micromamba. [env: MLRUN_CONDA_EXE]",
)  # fmt: skip
AS_OF = click.option(
    "--as-of", metavar="DATE|commit",
    help="Choose packages as they were on that day, or on that of the project's commit.",
)  # fmt: skip
LOCKED = click.option(
    "--locked", is_flag=True,
    help="Refuse when the project's mlrun.lock is missing or does not fit.",
)  # fmt: skip
BUILD_IMAGE = click.option(
    "--build-image", is_flag=True, help="Build a Docker image with the project's code in it."
)
ENV_LIMIT = click.option(
    "--env-limit", type=Size(), metavar="SIZE", envvar="MLRUN_ENV_LIMIT",
    help="What all environments may take; the least used go after a build."
    " [env: MLRUN_ENV_LIMIT]",
)  # fmt: skip
