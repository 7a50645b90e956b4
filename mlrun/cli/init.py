"""`mlrun init`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Write a project file for a folder with scripts."""
    raise NotImplementedError
