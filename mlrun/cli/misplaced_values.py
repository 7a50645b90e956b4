"""Parameters of the project that are given as if they were options: `--alpha 0.5`, `alpha=0.5`."""

from __future__ import annotations

import click

from mlrun.cli.settings import Settled

_SURE = 0.8
"""How alike an option must be that was meant, from 0 to 1."""


class TakesParameters(Settled):
    """A command that says how values are given, where they were given otherwise."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words.

        Raises:
            UsageError: Words that the command does not know, with what was meant.
        """
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not error.option_name.startswith("--") or _is_misspelt(self, error.option_name):
                raise
            name = error.option_name[2:]
            message = f"no such option '{error.option_name}'. To give a parameter: -P {name}=VALUE"
            raise click.UsageError(message, ctx) from None
        except click.UsageError as error:
            words = [word for word in given if word in error.message and _is_assignment(word)]
            if not words:
                raise
            message = f"{error.message}. To give a parameter: -P {words[0]}"
            raise click.UsageError(message, ctx) from None


def _is_misspelt(command: click.Command, name: str) -> bool:
    from mlrun.near_miss import near_miss

    known = [word for option in command.params for word in option.opts]
    return near_miss(name, known, _SURE) is not None


def _is_assignment(word: str) -> bool:
    return word.partition("=")[0].isidentifier() and "=" in word
