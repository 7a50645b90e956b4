"""Takes from the commands the words that completion knows: `python -m mlrun.cli.completion_words`.

Click is too slow to be asked at each press of a key, so the words lie in a module of their own,
and a test sees to it that they are those of the commands.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlrun.cli.main import cli
from mlrun.completion.vocabulary import Command, Option, Value

FILE = Path(__file__).parents[1] / "completion" / "words.py"

_BY_NAME = {
    "entry_point": Value("entry point"),
    "parameters": Value("parameter"),
    "rules": Value("rule"),
    "explain": Value("rule"),
    "schema": Value("schema"),
}
_LONGEST = 76


def vocabulary() -> Command:
    """Return all the words of the command line."""
    context = click.Context(cli, info_name="mlrun", **cli.context_settings)
    return _command(cli, context)


def text_of_module() -> str:
    """Return what `mlrun/completion/words.py` is to hold, formatted by nobody but this."""
    return (
        '"""The words of the command line; written by `python -m mlrun.cli.completion_words`.'
        '"""\n\n'
        "# fmt: off\n# ruff: noqa: E501\n"
        "from mlrun.completion.vocabulary import Command, Option, Value\n\n"
        f"MLRUN = {_written(vocabulary(), '')}\n"
    )


def _command(command: click.Command, context: click.Context) -> Command:
    options, arguments = [], []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            if not parameter.hidden:
                options.append(_option(parameter))
        else:
            arguments.append(parameter)
    commands: dict[str, Command] = {}
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            below = click.Context(found, info_name=name, parent=context)
            commands[name] = _command(found, below)
    return Command(
        command.get_short_help_str(_LONGEST),
        tuple(options),
        tuple(_value(argument) for argument in arguments),
        commands,
        repeats=bool(arguments) and arguments[-1].nargs == -1,
    )


def _option(option: click.Option) -> Option:
    names = (*sorted(option.opts, key=len, reverse=True), *option.secondary_opts)
    words = (option.help or "").split(" [", 1)[0]
    text = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3].rstrip()}..."
    takes_value = not option.is_flag and not option.count
    value = _value(option) if takes_value else None
    return Option(*names, about=text, value=value, repeats=bool(option.multiple))


def _value(parameter: click.Parameter) -> Value:
    if parameter.name in _BY_NAME:
        return _BY_NAME[parameter.name]
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return Value("choice", *map(str, kind.choices))
    if isinstance(kind, click.Path):
        return Value("folder" if not kind.file_okay else "file")
    if parameter.name in ("uri", "project"):
        return Value("project")
    return Value("any")


def _written(command: Command, indent: str) -> str:
    """Return a command as Python, an option a line."""
    inner, further = f"{indent}    ", f"{indent}        "
    fields = [f"{command.about!r}"]
    if command.options:
        lines = "".join(f"\n{further}{_written_option(option)}," for option in command.options)
        fields.append(f"options=({lines}\n{inner})")
    if command.arguments:
        values = " ".join(f"{_written_value(value)}," for value in command.arguments)
        fields.append(f"arguments=({values})")
    if command.commands:
        found = command.commands.items()
        lines = "".join(f"\n{further}{name!r}: {_written(one, further)}," for name, one in found)
        fields.append(f"commands={{{lines}\n{inner}}}")
    if command.repeats:
        fields.append("repeats=True")
    return "Command(" + "".join(f"\n{inner}{field}," for field in fields) + f"\n{indent})"


def _written_option(option: Option) -> str:
    words = [*map(repr, option.names), f"about={option.about!r}"]
    if option.value is not None:
        words.append(f"value={_written_value(option.value)}")
    return f"Option({', '.join([*words, *(['repeats=True'] if option.repeats else [])])})"


def _written_value(value: Value) -> str:
    return f"Value({', '.join(map(repr, (value.kind, *value.choices)))})"


if __name__ == "__main__":
    FILE.write_text(text_of_module(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
