"""What `--help` prints, of all commands alike."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from mlrun.cli.main import cli


def commands(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*words, name))


ALL = dict(commands(cli))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_fits_the_screen_and_shows_nothing_that_is_meant_for_click(
    words: tuple[str, ...],
) -> None:
    answers = [CliRunner().invoke(cli, [*words, flag]).output for flag in ("-h", "--help")]
    assert answers[0] == answers[1]
    assert answers[0].startswith(f"Usage: {' '.join(('cli', *words))} ")
    assert "\\" not in answers[0]
    assert "\b" not in answers[0]
    assert " TEXT " not in answers[0]
    # A word that cannot be divided, an address say, may go further.
    too_long = [line for line in answers[0].splitlines() if len(line) > 80 and "://" not in line]
    assert too_long == []


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_each_option_is_explained(words: tuple[str, ...]) -> None:
    for option in ALL[words].params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.help.rstrip().endswith((".", "]")), option.help
