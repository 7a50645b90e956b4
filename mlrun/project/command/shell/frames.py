"""What the reader of a command keeps in mind: words, commands, and what is still open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from mlrun.project.command.shell.quoting import Allowed, Quote

SLOT = "\0"
"""Stands for a placeholder in the text that is read; no command can hold a real one."""

OPAQUE = "\1"
"""Stands in a word for what an expansion will put there."""

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=")


class Slot:
    """What is known of the place of one placeholder.

    Attributes:
        position: Offset in the text that was read.
        quotes: The places that it stands in, innermost first.
        allowed: What a value may consist of; None for anything.
        reason: Why not anything.
        refusal: Why no value can be put there at all.
    """

    __slots__ = ("allowed", "position", "quotes", "reason", "refusal")

    def __init__(self, position: int, quotes: tuple[Quote, ...]) -> None:
        self.position = position
        self.quotes = quotes
        self.allowed: Allowed | None = None
        self.reason: str | None = None
        self.refusal: str | None = None

    def restrict(self, allowed: Allowed, reason: str) -> None:
        """Allow only such values; a stricter rule that holds already stays."""
        if self.allowed is None or allowed is Allowed.NUMBER:
            self.allowed, self.reason = allowed, reason

    def refuse(self, reason: str) -> None:
        """Take no value at all."""
        self.refusal = self.refusal or reason


class Limit:
    """What a construct allows within it.

    Attributes:
        allowed: For a placeholder directly in it; None where it is refused.
        reason: Said to the user.
        nested: For one in a command substitution in it; None where it is refused.
    """

    __slots__ = ("allowed", "nested", "reason")

    def __init__(
        self, allowed: Allowed | None, reason: str, nested: Allowed | None = Allowed.PLAIN
    ) -> None:
        self.allowed = allowed
        self.reason = reason
        self.nested = nested

    def within(self) -> Limit:
        """Return the limit of a command substitution in the construct."""
        return Limit(self.nested, self.reason, self.nested)

    def apply(self, slot: Slot) -> None:
        """Lay the limit on a slot."""
        if self.allowed is None:
            slot.refuse(self.reason)
        else:
            slot.restrict(self.allowed, self.reason)


class Word:
    """One word of a command, as the command will see it.

    Attributes:
        first_slot: Number of the first slot in it.
        end_slot: Number after that of the last one.
        text: Its text without quotes, in parts; holds SLOT and OPAQUE.
        direct: Numbers of the slots that are part of that text; others are within expansions.
        is_quoted: Whether any part is quoted: such a word is no keyword.
        start: Offset of its first character in the text that is read.
        end: Offset after its last one, known once the word has ended.
    """

    __slots__ = ("direct", "end", "end_slot", "first_slot", "is_quoted", "start", "text")

    def __init__(self, first_slot: int, start: int = 0) -> None:
        self.start = self.end = start
        self.first_slot = first_slot
        self.end_slot = first_slot
        self.text: list[str] = []
        self.direct: list[int] = []
        self.is_quoted = False

    def cooked(self) -> str:
        """Return the text as one."""
        return "".join(self.text)

    def static(self) -> str | None:
        """Return the text where it is known, None where it depends on anything."""
        text = self.cooked()
        return None if SLOT in text or OPAQUE in text else text

    def is_assignment(self) -> bool:
        """Return whether it would be an assignment at the beginning of a command."""
        return _ASSIGNMENT.match(self.cooked()) is not None


class CommandKind(Enum):
    """What the shell makes of the words."""

    SIMPLE = "simple"
    FOR = "for"
    CASE = "case"
    FUNCTION = "function"
    CONDITION = "condition"
    LIST = "list"
    """No command: the words of an array."""
    CLOSED = "closed"
    """The end of a compound command: nothing but redirections can follow."""


class ShellCommand:
    """The words between two operators.

    Attributes:
        first_slot: Number of the first slot in it.
        kind: What the shell makes of them.
        words: Redirections are not among them.
        inputs: Words of redirections, with the operator.
        has_program: Whether one of the words is no assignment before all others.
    """

    __slots__ = ("first_slot", "has_program", "inputs", "kind", "words")

    def __init__(self, first_slot: int) -> None:
        self.first_slot = first_slot
        self.kind = CommandKind.SIMPLE
        self.words: list[Word] = []
        self.inputs: list[tuple[str, Word]] = []
        self.has_program = False

    def add(self, word: Word) -> None:
        """Take a further word."""
        self.words.append(word)
        self.has_program = self.has_program or not word.is_assignment()

    def arguments(self) -> list[Word]:
        """Return the words without the assignments before the first."""
        for index, word in enumerate(self.words):
            if not word.is_assignment():
                return self.words[index:]
        return []


class FrameKind(Enum):
    """A construct that can hold others; the value is how it begins."""

    CODE = "("
    ARRAY = "=("
    DOUBLE = '"'
    PARAMETER = "${"
    ARITHMETIC = "(("
    OLD_ARITHMETIC = "$["


class CaseState(Enum):
    """Where in a `case` the reader is."""

    PATTERN = "pattern"
    BODY = "body"


class Frame:
    """A construct that is open.

    Attributes:
        kind: Which.
        start: Offset of its beginning.
        first_slot: Number of the first slot in it.
        limit: What it allows within, None for anything.
        word: The word being read; the word around, for double quotes.
        command: The command being read.
        redirect: The operator whose word comes next.
        pipeline_slot: Number of the first slot of the current pipeline.
        cases: The open `case` commands.
        compounds: How many compound commands are open, `case` included.
        parentheses: How many are open within arithmetic or a condition.
        in_quotes: Whether `${...}` stands in double quotes.
        has_default: Whether the rest of `${...}` is a default or a message.
    """

    __slots__ = (
        *("cases", "command", "compounds", "first_slot", "has_default", "in_quotes", "kind"),
        *("limit", "parentheses", "pipeline_slot", "redirect", "start", "word"),
    )

    def __init__(self, kind: FrameKind, start: int, first_slot: int, limit: Limit | None) -> None:
        self.kind = kind
        self.start = start
        self.first_slot = first_slot
        self.limit = limit
        self.word: Word | None = None
        self.command = ShellCommand(first_slot)
        self.redirect: str | None = None
        self.pipeline_slot = first_slot
        self.cases: list[CaseState] = []
        self.compounds = 0
        self.parentheses = 0
        self.in_quotes = False
        self.has_default = False

    @property
    def in_pattern(self) -> bool:
        """Whether the reader is at the patterns of a `case`."""
        return bool(self.cases) and self.cases[-1] is CaseState.PATTERN


class HereDocument(NamedTuple):
    """A here-document whose text begins at the next newline.

    Attributes:
        delimiter: The line that ends it.
        strips_tabs: Whether tabs before that line don't count.
        is_quoted: Whether its text is taken as it is, so that no line is continued.
    """

    delimiter: str
    strips_tabs: bool
    is_quoted: bool


class Break(NamedTuple):
    """A newline that ends a command.

    Attributes:
        position: Its offset.
        is_top: Whether nothing is open there: no substitution, loop, function.
        comment: Offset of the comment that it ends, if it ends one.
        is_open: Whether there are words before it that it ends.
    """

    position: int
    is_top: bool
    comment: int | None
    is_open: bool


class NestedCode:
    """Code within the command that was read as a command of its own.

    Attributes:
        text: As the shell that runs it gets it.
        reading: What was found in it.
        numbers: For each of its slots, the number of the slot in the text around.
        words: The words, joined by blanks, that it is the text of; none for backticks.
        start: Offset of what is between the backticks.
        is_quoted: Whether the backticks stand in double quotes.
    """

    __slots__ = ("is_quoted", "numbers", "reading", "start", "text", "words")

    def __init__(
        self,
        text: str,
        reading: Reading,
        numbers: Sequence[int],
        words: Sequence[Word] = (),
        *,
        start: int = 0,
        is_quoted: bool = False,
    ) -> None:
        self.text = text
        self.reading = reading
        self.numbers = numbers
        self.words = words
        self.start = start
        self.is_quoted = is_quoted


class Reading:
    """What was found in a command.

    Attributes:
        slots: One for each SLOT in the text, in order.
        breaks: The newlines that end commands.
        escapes: Offsets of unquoted backslashes before a blank, or at the very end.
        comments: Beginning and end of each comment.
        separator: Offset of the last `;` that ended a command, None if another operator did.
        last: The last command.
        commands: Those that were read to their end, and the arrays.
        nested: The code within them that has slots.
    """

    __slots__ = (
        *("breaks", "commands", "comments", "escapes", "last", "nested", "separator", "slots"),
    )

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.breaks: list[Break] = []
        self.escapes: list[int] = []
        self.comments: list[tuple[int, int]] = []
        self.separator: int | None = None
        self.last = ShellCommand(0)
        self.commands: list[ShellCommand] = []
        self.nested: list[NestedCode] = []
