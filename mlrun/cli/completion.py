"""`mlrun completion`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print what makes a shell complete mlrun's words."""
    raise NotImplementedError
