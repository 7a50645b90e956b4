"""The state of reading a command: what is open, and what was found."""

from __future__ import annotations

from collections.abc import Sequence

from mlrun.project.command.shell.frames import (
    OPAQUE,
    SLOT,
    Frame,
    FrameKind,
    HereDocument,
    Limit,
    Reading,
    Slot,
    Word,
)
from mlrun.project.command.shell.quoting import Allowed, Quote

MAX_LEVELS = 8
"""How deep shell code within arguments is followed."""


class UnreadableError(Exception):
    """The text is no complete shell command.

    Args:
        message: What is never closed.
        position: Where it was opened.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Reader:
    """Walks over a command once, from left to right.

    Args:
        text: The command, each placeholder as one SLOT.
        level: How many levels of code within code it stands in.
    """

    __slots__ = ("frames", "glued_at", "heredocs", "level", "pos", "reading", "text")

    def __init__(self, text: str, level: int = 0) -> None:
        self.text = text
        self.level = level
        self.pos = 0
        self.frames = [Frame(FrameKind.CODE, 0, 0, None)]
        self.reading = Reading()
        self.heredocs: list[HereDocument] = []
        self.glued_at = -1

    @property
    def frame(self) -> Frame:
        """The innermost construct that is open."""
        return self.frames[-1]

    @property
    def slot_count(self) -> int:
        """How many slots were passed."""
        return len(self.reading.slots)

    def peek(self, offset: int = 0) -> str:
        """Return the character at the position, or that many after it; empty at the end."""
        index = self.pos + offset
        return self.text[index] if 0 <= index < len(self.text) else ""

    def add_slot(self, quote: Quote, word: Word | None = None) -> Slot:
        """Note the slot at the position, and step over it."""
        slot = Slot(self.pos, (quote,))
        if word is not None:
            word.direct.append(self.slot_count)
            word.text.append(SLOT)
        limit = self.frame.limit
        if limit is not None and quote is not Quote.LITERAL:
            limit.apply(slot)
        self.reading.slots.append(slot)
        self.pos += 1
        return slot

    def add_slots(self, start: int, end: int, quote: Quote, word: Word | None = None) -> None:
        """Note every slot of a stretch of text, and that text in the word; move to its end."""
        last = start
        while (found := self.text.find(SLOT, last, end)) >= 0:
            if word is not None:
                word.text.append(self.text[last:found])
            self.pos = found
            self.add_slot(quote, word)
            last = found + 1
        if word is not None:
            word.text.append(self.text[last:end])
        self.pos = end

    def refuse_slots(self, start: int, end: int, reason: str) -> None:
        """Refuse every slot of a stretch of text, and move to its end."""
        first = self.slot_count
        self.add_slots(start, end, Quote.BARE)
        for slot in self.reading.slots[first:]:
            slot.refuse(reason)

    def restrict(self, start: int, end: int, reason: str, except_for: Sequence[int] = ()) -> None:
        """Allow only plain values for the slots with these numbers."""
        exempt = frozenset(except_for)
        for number in range(start, end):
            if number not in exempt:
                self.reading.slots[number].restrict(Allowed.PLAIN, reason)

    def word(self) -> Word:
        """Return the word being read, begun here if there is none."""
        frame = self.frame
        if frame.word is None:
            frame.word = Word(self.slot_count, self.pos)
        return frame.word

    def open(self, kind: FrameKind, length: int, limit: Limit | None = None) -> Frame:
        """Open a construct that begins at the position and is this many characters long.

        Args:
            kind: Which.
            length: Of its beginning.
            limit: What it allows, where that is not what holds around it.
        """
        around = self.frame
        if limit is None and around.limit is not None:
            limit = around.limit.within() if kind is FrameKind.CODE else around.limit
        frame = Frame(kind, self.pos, self.slot_count, limit)
        self.frames.append(frame)
        self.pos += length
        return frame

    def close(self, length: int) -> None:
        """Close the innermost construct, whose end is this many characters long."""
        self.frames.pop()
        self.pos += length

    def note_expansion(self) -> None:
        """Note in the word being read that an expansion stands here."""
        frame = self.frame
        if frame.kind in (FrameKind.CODE, FrameKind.ARRAY):
            self.word().text.append(OPAQUE)
        elif frame.word is not None:
            frame.word.text.append(OPAQUE)
