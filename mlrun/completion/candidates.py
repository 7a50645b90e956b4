"""What could stand at the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlrun.completion.vocabulary import Candidate, Command, Option, Value

_FILES = {"file": "files", "folder": "folders", "project": "files"}


class _Typed:
    """What the words before the current one say.

    Attributes:
        command: The command that they name.
        awaits: The option whose value comes next.
        given: Values of options, by the option's first name; a flag has none.
        arguments: Words that belong to no option.
        is_bare: Whether `--` was among them: what follows is no option.
    """

    __slots__ = ("arguments", "awaits", "command", "given", "is_bare")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.awaits: Option | None = None
        self.given: dict[str, list[str]] = {}
        self.arguments: list[str] = []
        self.is_bare = False


def candidates(top: Command, words: Sequence[str], current: str) -> Iterator[Candidate]:
    """Yield what could stand in place of the current word.

    Args:
        top: The program with all its commands.
        words: The whole words before it, without the program's name.
        current: What is typed of it.
    """
    typed = _read(top, words)
    if typed.awaits is not None and typed.awaits.value is not None:
        yield from _values(typed.awaits.value, current, typed)
    elif current.startswith("--") and "=" in current and not typed.is_bare:
        name, _, begun = current.partition("=")
        option = _option(typed.command, name)
        if option is not None and option.value is not None:
            for found in _values(option.value, begun, typed):
                yield Candidate(found.kind, f"{name}={found.text}", found.about)
    elif current.startswith("-") and not typed.is_bare:
        yield from _options(typed, current)
    elif typed.command.commands:
        for name, command in typed.command.commands.items():
            if name.startswith(current):
                yield Candidate("word", name, command.about)
    else:
        argument = _argument(typed)
        if argument is not None:
            yield from _values(argument, current, typed)


def _read(top: Command, words: Sequence[str]) -> _Typed:
    typed = _Typed(top)
    for word in words:
        if typed.awaits is not None:
            typed.given[typed.awaits.names[0]].append(word)
            typed.awaits = None
        elif typed.is_bare or not word.startswith("-") or word == "-":
            _take_argument(typed, word)
        elif word == "--":
            typed.is_bare = True
        else:
            _take_option(typed, word)
    return typed


def _take_argument(typed: _Typed, word: str) -> None:
    below = typed.command.commands.get(word)
    if below is not None:
        typed.command, typed.given = below, {}
    else:
        typed.arguments.append(word)


def _take_option(typed: _Typed, word: str) -> None:
    is_long = word.startswith("--")
    name, sign, value = word.partition("=") if is_long else (word[:2], word[2:], word[2:])
    option = _option(typed.command, name)
    if option is None:
        return
    values = typed.given.setdefault(option.names[0], [])
    if option.value is None:
        return
    if sign:
        values.append(value)
    else:
        typed.awaits = option


def _option(command: Command, name: str) -> Option | None:
    return next((option for option in command.options if name in option.names), None)


def _options(typed: _Typed, current: str) -> Iterator[Candidate]:
    """Yield the options that may still be given; short spellings where one is asked for."""
    for option in typed.command.options:
        if option.names[0] in typed.given and not option.repeats:
            continue
        for name in option.names:
            if name.startswith(current) and (name.startswith("--") or current != "-"):
                yield Candidate("word", name, option.about)


def _argument(typed: _Typed) -> Value | None:
    number, wanted = len(typed.arguments), typed.command.arguments
    if number < len(wanted):
        return wanted[number]
    return wanted[-1] if wanted and typed.command.repeats else None


def _values(value: Value, current: str, typed: _Typed) -> Iterator[Candidate]:
    if value.kind in _FILES:
        yield Candidate(_FILES[value.kind], current)
    elif value.kind == "choice":
        yield from (Candidate("word", word) for word in value.choices if word.startswith(current))
    elif value.kind == "rule":
        from mlrun.lint.rules.all import ALL_RULES

        rules = (rule for name, rule in ALL_RULES.items() if name.startswith(current))
        yield from (Candidate("word", rule.name, rule.summary) for rule in rules)
    elif value.kind == "schema":
        from mlrun.schema_files import schema_names

        yield from (Candidate("word", name) for name in schema_names() if name.startswith(current))
    elif value.kind in ("entry point", "parameter"):
        from mlrun.completion import project

        uri = typed.arguments[0] if typed.arguments else "."
        if value.kind == "entry point":
            yield from project.entry_points(uri, current)
        else:
            name, given = _entry_point(typed.given), typed.given.get("--param-list", [])
            yield from project.parameters(uri, name, given, current)


def _entry_point(given: Mapping[str, list[str]]) -> str:
    return (given.get("--entry-point") or ["main"])[-1]
