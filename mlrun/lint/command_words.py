"""What a command calls: another run, a container, what a shell does around one; or no end."""

from __future__ import annotations

from collections.abc import Iterator

from mlrun.errors import Location, Problem
from mlrun.project.command.places import place_of, source_until
from mlrun.project.command.shell.frames import SLOT, CommandKind, Reading, Word
from mlrun.project.command.shell.interpreters import command_positions, program_name
from mlrun.project.command.shell.lexer import read
from mlrun.project.command.shell.plain import plain_words
from mlrun.project.command.shell.reader import UnreadableError
from mlrun.project.command.template import CommandTemplate, marked, unreadable

_ENGINES = frozenset({"docker", "podman", "nerdctl"})
_CONTINUED = "\\\n"


def about_words(
    template: CommandTemplate, text: str | None, *, in_container: bool
) -> Iterator[Problem]:
    """Yield what is to be known of the programs that a command calls.

    Args:
        template: The command.
        text: What the project file holds; None for what lies on disk.
        in_container: Whether the project asks for a container.
    """
    command = marked(template.pieces)
    try:
        reading = read(command)
    except UnreadableError as error:
        yield unreadable(command, error, template.location, text)
        return
    for word in _called(reading, ("mlflow", "mlrun")):
        yield Problem(
            f"the command starts a run of its own, with {word.cooked()}; it is nested in this one",
            _place(template, word, text),
            "MLflow records it so as well, if both have the same tracking server",
            "nested-run",
        )
    for word in _called(reading, tuple(_ENGINES)):
        yield Problem(
            f"the command starts a container of its own, with {word.cooked()}",
            _place(template, word, text),
            "what runs in it has none of the run's variables; `docker_env:` has mlrun do it",
            "own-container",
        )
    # What a backslash alone needs a shell for comes out the same on either side.
    in_one_line = command.replace(_CONTINUED, " ")
    if in_container and plain_words(in_one_line.replace(SLOT, "x")) is None:
        yield Problem(
            "the command needs a shell, which runs in the container",
            template.location,
            "MLflow runs it outside: only the first program gets into the container",
            "shell-in-container",
        )


def _called(reading: Reading, programs: tuple[str, ...]) -> Iterator[Word]:
    """Yield the words that name a program whose sub-command is `run`."""
    for command in reading.commands:
        if command.kind is not CommandKind.SIMPLE:
            continue
        words = command.arguments()
        for index in command_positions(words):
            following = [word.static() for word in words[index + 1 : index + 2]]
            if program_name(words[index]) in programs and following == ["run"]:
                yield words[index]


def _place(template: CommandTemplate, word: Word, text: str | None) -> Location:
    before = source_until(template.pieces, word.start)
    name = word.cooked()
    return place_of(template.location, name, before.count(name), text)
