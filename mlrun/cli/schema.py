"""`mlrun schema`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the JSON Schema of a file or a document."""
    raise NotImplementedError
