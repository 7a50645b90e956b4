"""`mlrun lint`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Find everything that is wrong in a project's files."""
    raise NotImplementedError
