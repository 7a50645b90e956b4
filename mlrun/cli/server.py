"""`mlrun server`: MLflow's tracking server for a team."""

from __future__ import annotations

import os
import sys

import click

from mlrun.cli.narration import say
from mlrun.errors import LaunchError
from mlrun.execution.interruption import signals_raise
from mlrun.folders import current_folder

_HELP = """Start MLflow's tracking server, in an environment that mlrun makes for it.

Other words are handed to `mlflow server`; `mlrun server -- --help` shows what it takes.

\b
mlrun server --backend-store-uri sqlite:///team.db --artifacts-destination /srv/artifacts
mlrun server --host 0.0.0.0 --workers 2
"""


@click.command(help=_HELP, context_settings={"ignore_unknown_options": True})
@click.option(
    "--backend-store-uri",
    metavar="URI",
    help="Where runs are recorded [default: where `mlrun run` records]."
    " [env: MLFLOW_BACKEND_STORE_URI]",
)
@click.option("--artifacts-destination", metavar="URI", help="Where artifacts are kept.")
@click.option("--host", metavar="HOST", help="The interface to listen on.")
@click.option(
    "-p",
    "--port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="The port to listen on [default: 5000].",
)
@click.option(
    "--with",
    "packages",
    metavar="REQUIREMENT",
    multiple=True,
    help="A package for its environment, such as a database's driver; may be repeated.",
)
@click.option(
    "--upgrade",
    is_flag=True,
    help="Upgrade a local database before, after a backup beside it.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)  # fmt: skip
def command(
    backend_store_uri: str | None,
    artifacts_destination: str | None,
    host: str | None,
    port: int | None,
    packages: tuple[str, ...],
    upgrade: bool,
    words: tuple[str, ...],
) -> None:
    """Become the server: its signals and its exit code are those of this process."""
    from mlrun.viewing.team_server import TeamServer, prepare_server

    server = TeamServer(
        backend_store_uri, artifacts_destination, words, packages, upgrade, host, port
    )
    with signals_raise():
        program = prepare_server(server, current_folder(), os.environ, say)
    sys.stdout.flush()
    try:
        os.execve(program.argv[0], program.argv, program.variables)  # noqa: S606
    except OSError as error:
        raise LaunchError(f"{program.argv[0]} could not be started: {error.strerror}") from error
