"""What completion has to know of a command, and what it offers.

These are plain classes: what makes richer ones takes longer to import than all the rest here.
"""

from __future__ import annotations


class Value:
    """What can be given to an option, or as an argument.

    Attributes:
        kind: `any`, `choice`, `file`, `folder`, `project`, `entry point`, `parameter`, `rule` or
            `schema`.
        choices: The words that it may be, for a `choice`.
    """

    __slots__ = ("choices", "kind")

    def __init__(self, kind: str, *choices: str) -> None:
        self.kind = kind
        self.choices = choices


class Option:
    """One option.

    Attributes:
        names: All its spellings, the best one first.
        about: What it does, in one short sentence.
        value: What follows it, None for a flag.
        repeats: Whether it may be given several times.
    """

    __slots__ = ("about", "names", "repeats", "value")

    def __init__(
        self, *names: str, about: str, value: Value | None = None, repeats: bool = False
    ) -> None:
        self.names = names
        self.about = about
        self.value = value
        self.repeats = repeats


class Command:
    """One command, or a group of them.

    Attributes:
        about: What it does, in one short sentence.
        options: In the order of its help.
        arguments: In their order; the last one repeats if `repeats`.
        repeats: Whether the last argument takes any number of words.
        commands: Those of a group, by name.
    """

    __slots__ = ("about", "arguments", "commands", "options", "repeats")

    def __init__(
        self,
        about: str,
        options: tuple[Option, ...] = (),
        arguments: tuple[Value, ...] = (),
        commands: dict[str, Command] | None = None,
        *,
        repeats: bool = False,
    ) -> None:
        self.about = about
        self.options = options
        self.arguments = arguments
        self.commands = commands or {}
        self.repeats = repeats


class Candidate:
    """One thing that could stand at the cursor.

    Attributes:
        kind: `word`; `open`, a word that goes on (`alpha=`); `files` or `folders`, for which the
            shell itself looks, from what `text` begins.
        text: The whole word.
        about: What it is, in one line.
    """

    __slots__ = ("about", "kind", "text")

    def __init__(self, kind: str, text: str, about: str = "") -> None:
        self.kind = kind
        self.text = text
        self.about = about

    def __eq__(self, other: object) -> bool:
        """Compare kind, text and help."""
        return isinstance(other, Candidate) and repr(self) == repr(other)

    def __hash__(self) -> int:
        """Return what is equal for equal ones."""
        return hash(repr(self))

    def __repr__(self) -> str:
        """Return it as it would be written."""
        return f"Candidate({self.kind!r}, {self.text!r}, {self.about!r})"
