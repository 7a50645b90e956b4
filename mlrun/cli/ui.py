"""`mlrun ui`: MLflow's own interface over what was recorded."""

from __future__ import annotations

import os
import sys

import click

from mlrun.cli.narration import say
from mlrun.execution.interruption import Interrupted, signals_raise
from mlrun.folders import current_folder

_HELP = """Open MLflow's interface over the recorded runs, until Ctrl-C.

A database of an older schema is shown as a copy, so that the clients that use it can go on
using it.
"""


@click.command(help=_HELP)
@click.option("--tracking-uri", metavar="URI", help="What to show. [env: MLFLOW_TRACKING_URI]")
@click.option(
    "--run",
    metavar="RUN",
    help="Open the page of a run: its id, for a run of this machine the"
    " beginning of its id, or `last`.",
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="The port to listen on [default: the first free one from 5000 on].",
)
@click.option(
    "--host",
    metavar="HOST",
    default="127.0.0.1",
    show_default=True,
    help="The interface to listen on.",
)
@click.option(
    "--upgrade",
    is_flag=True,
    help="Upgrade the database itself before, after a backup beside it.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")  # fmt: skip
def command(
    tracking_uri: str | None,
    run: str | None,
    port: int | None,
    host: str,
    upgrade: bool,
    open_page: bool,
) -> int:
    """Show the interface, and return the exit code.

    Ctrl-C and SIGTERM are the usual end of what is open, hence success; before, they interrupt.
    """
    from mlrun.viewing.interface import Look, show
    from mlrun.viewing.page import find_run
    from mlrun.viewing.place import find_place

    cwd = current_folder()
    run_id, recorded_in = find_run(run) if run is not None else (None, None)
    place = find_place(tracking_uri or recorded_in, cwd, os.environ)
    is_open = False

    def opened(page: str) -> None:
        nonlocal is_open
        is_open = True
        click.echo(page)
        sys.stdout.flush()
        if not place.is_server:
            say("Ctrl-C ends the interface")
        if open_page:
            click.launch(page)

    try:
        with signals_raise():
            show(Look(place, cwd, run_id, host, port, upgrade), say, opened)
    except (Interrupted, KeyboardInterrupt):
        if not is_open:
            raise
    return 0
