"""What the reader of a command keeps in mind: words, commands, and what is still open."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from mlrun.project.shell.quoting import Allowed, Quote

SLOT = "\0"
"""Stands for a placeholder in the text that is read; no command can hold a real one."""

OPAQUE = "\1"
"""Stands in a word for what an expansion will put there."""

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=")


@dataclass(slots=True)
class Slot:
    """What is known of the place of one placeholder.

    Attributes:
        position: Offset in the text that was read.
        quotes: The places that it stands in, innermost first.
        allowed: What a value may consist of; None for anything.
        reason: Why not anything.
        refusal: Why no value can be put there at all.
    """

    position: int
    quotes: tuple[Quote, ...]
    allowed: Allowed | None = None
    reason: str | None = None
    refusal: str | None = None

    def restrict(self, allowed: Allowed, reason: str) -> None:
        """Allow only such values; a stricter rule that holds already stays."""
        if self.allowed is None or allowed is Allowed.NUMBER:
            self.allowed, self.reason = allowed, reason

    def refuse(self, reason: str) -> None:
        """Take no value at all."""
        self.refusal = self.refusal or reason


@dataclass(frozen=True, slots=True)
class Limit:
    """What a construct allows within it.

    Attributes:
        allowed: For a placeholder directly in it; None where it is refused.
        reason: Said to the user.
        nested: For one in a command substitution in it; None where it is refused.
    """

    allowed: Allowed | None
    reason: str
    nested: Allowed | None = Allowed.PLAIN

    def within(self) -> Limit:
        """Return the limit of a command substitution in the construct."""
        return Limit(self.nested, self.reason, self.nested)

    def apply(self, slot: Slot) -> None:
        """Lay the limit on a slot."""
        if self.allowed is None:
            slot.refuse(self.reason)
        else:
            slot.restrict(self.allowed, self.reason)


@dataclass(slots=True)
class Word:
    """One word of a command, as the command will see it.

    Attributes:
        first_slot: Number of the first slot in it.
        end_slot: Number after that of the last one.
        text: Its text without quotes, in parts; holds SLOT and OPAQUE.
        direct: Numbers of the slots that are part of that text; others are within expansions.
        is_quoted: Whether any part is quoted: such a word is no keyword.
    """

    first_slot: int
    end_slot: int = 0
    text: list[str] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    is_quoted: bool = False

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
    CLOSED = "closed"
    """The end of a compound command: nothing but redirections can follow."""


@dataclass(slots=True)
class ShellCommand:
    """The words between two operators.

    Attributes:
        first_slot: Number of the first slot in it.
        kind: What the shell makes of them.
        words: Redirections are not among them.
        inputs: Words of redirections, with the operator.
        has_program: Whether one of the words is no assignment before all others.
    """

    first_slot: int
    kind: CommandKind = CommandKind.SIMPLE
    words: list[Word] = field(default_factory=list)
    inputs: list[tuple[str, Word]] = field(default_factory=list)
    has_program: bool = False

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


@dataclass(slots=True)
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

    kind: FrameKind
    start: int
    first_slot: int
    limit: Limit | None = None
    word: Word | None = None
    command: ShellCommand = field(default_factory=lambda: ShellCommand(0))
    redirect: str | None = None
    pipeline_slot: int = 0
    cases: list[CaseState] = field(default_factory=list)
    compounds: int = 0
    parentheses: int = 0
    in_quotes: bool = False
    has_default: bool = False

    @property
    def in_pattern(self) -> bool:
        """Whether the reader is at the patterns of a `case`."""
        return bool(self.cases) and self.cases[-1] is CaseState.PATTERN


@dataclass(frozen=True, slots=True)
class HereDocument:
    """A here-document whose text begins at the next newline.

    Attributes:
        delimiter: The line that ends it.
        strips_tabs: Whether tabs before that line don't count.
        is_quoted: Whether its text is taken as it is, so that no line is continued.
    """

    delimiter: str
    strips_tabs: bool
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Break:
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


@dataclass(slots=True)
class Reading:
    """What was found in a command.

    Attributes:
        slots: One for each SLOT in the text, in order.
        breaks: The newlines that end commands.
        escapes: Offsets of unquoted backslashes before a blank, or at the very end.
        comments: Beginning and end of each comment.
        separator: Offset of the last `;` that ended a command, None if another operator did.
        last: The last command.
    """

    slots: list[Slot] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    escapes: list[int] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    separator: int | None = None
    last: ShellCommand = field(default_factory=lambda: ShellCommand(0))
