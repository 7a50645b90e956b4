"""Finds the arguments that are code, and says so of the placeholders in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mlrun.project.command.shell import interpreters
from mlrun.project.command.shell.expansions import nest
from mlrun.project.command.shell.frames import (
    OPAQUE,
    SLOT,
    CommandKind,
    NestedCode,
    Reading,
    ShellCommand,
    Slot,
    Word,
)
from mlrun.project.command.shell.quoting import Allowed, Quote
from mlrun.project.command.shell.reader import MAX_LEVELS, Reader, UnreadableError

_WHOLE = "it would itself be run as code"
_UNSURE = "it stands in shell code after an expansion whose text is not known yet"
_UNREADABLE = "it stands in shell code that mlrun cannot read"
_NESTED = "what the substitution around it gives is run as code"
_CHOSEN = "it may be code of the program that is chosen when the command runs"
_DECLARED = r"[A-Za-z_][A-Za-z0-9_]*\+?="


def find_code(reader: Reader, command: ShellCommand) -> None:
    """Say of each slot in the command's arguments that are code how that code is quoted."""
    words = command.arguments() if reader.slot_count > command.first_slot else []
    if not words:
        return
    for index in interpreters.command_positions(words):
        if _look_at_code(reader, words, index):
            return
        _look_at_command(reader, words, index)
    if words[0].static() not in ("echo", "printf"):
        _look_for_interpreters(reader, words)


def reads_code(command: ShellCommand) -> bool:
    """Return whether a command is an interpreter that is given its code on standard input."""
    return command.kind is CommandKind.SIMPLE and interpreters.reads_code_from_input(
        command.arguments()
    )


def _look_at_code(reader: Reader, words: Sequence[Word], index: int) -> bool:
    """Look at a command all of whose arguments are code; return whether it is one."""
    name = interpreters.program_name(words[index])
    rest = words[index + 1 :]
    if name == "eval":
        _follow_shell(reader, rest)
    elif name == "trap":
        _follow_shell(reader, [word for word in rest if word.static() != "--"][:1])
    elif name in interpreters.JOINING:
        _restrict_all(reader, rest, f"{name} runs its arguments as code")
    else:
        return False
    return True


def _look_at_command(reader: Reader, words: Sequence[Word], index: int) -> None:
    name = interpreters.program_name(words[index])
    rest = words[index + 1 :]
    if name is None:
        if rest and rest[0].static() in interpreters.CODE_OPTIONS:
            _restrict_all(reader, rest[1:], _CHOSEN)
    elif name in interpreters.EVALUATING:
        _restrict_evaluated(reader, rest, name)
    elif name in interpreters.TESTING:
        if any(word.static() in interpreters.EVALUATING_OPTIONS for word in rest):
            _restrict_all(reader, rest, f"{name} evaluates its arguments")
    elif name in ("source", ".") or name in interpreters.SHELLS:
        _restrict_substitutions(reader, rest)
    else:
        _restrict_foreign(reader, words, index, name)


def _look_for_interpreters(reader: Reader, words: Sequence[Word]) -> None:
    """Look at every word: a launcher that mlrun doesn't know may stand before an interpreter."""
    for index, word in enumerate(words):
        name = interpreters.program_name(word)
        if name in interpreters.SHELLS:
            code = interpreters.shell_code(words, index)
            if code is not None:
                _follow_shell(reader, words[code : code + 1])
                return
        is_foreign = name is not None and interpreters.is_found_anywhere(name)
        if is_foreign and _restrict_foreign(reader, words, index, name or ""):
            return


def _restrict_foreign(reader: Reader, words: Sequence[Word], index: int, name: str) -> bool:
    known = interpreters.interpreter_named(name)
    if known is None:
        return False
    numbers = interpreters.foreign_code(known, words, index)
    code = [words[number] for number in numbers if number < len(words)]
    _restrict(reader, code, f"it stands in code of {name}")
    return bool(code)


def _restrict_all(reader: Reader, words: Iterable[Word], reason: str) -> None:
    for word in words:
        reader.restrict(word.first_slot, word.end_slot, reason)


def _restrict(reader: Reader, words: Iterable[Word], reason: str) -> None:
    for word in words:
        is_whole = word.cooked() == SLOT
        reader.restrict(word.first_slot, word.end_slot, _WHOLE if is_whole else reason)


def _restrict_evaluated(reader: Reader, words: Sequence[Word], name: str) -> None:
    has_options = any(re.match(r"-[A-Za-z]*[aAin]", word.cooked()) for word in words)
    for word in words:
        if has_options or name == "let" or not re.compile(_DECLARED).match(word.cooked()):
            _restrict_all(reader, [word], f"{name} evaluates its arguments")


def _restrict_substitutions(reader: Reader, words: Sequence[Word]) -> None:
    """`source <(...)`: what a process substitution writes is code."""
    for word in words:
        if word.cooked().startswith(OPAQUE) and not word.is_quoted:
            reader.restrict(word.first_slot, word.end_slot, _NESTED, word.direct)


def _follow_shell(reader: Reader, words: Sequence[Word]) -> None:
    """Read the words, joined by blanks, as shell code, and quote for it too."""
    for word in words:
        reader.restrict(word.first_slot, word.end_slot, _NESTED, word.direct)
    slots = [reader.reading.slots[number] for word in words for number in word.direct]
    if not slots:
        return
    text = " ".join(word.cooked() for word in words)
    if text == SLOT:
        slots[0].restrict(Allowed.PLAIN, _WHOLE)
        return
    known = text.partition(OPAQUE)[0].count(SLOT)
    for slot in slots[known:]:
        slot.restrict(Allowed.PLAIN, _UNSURE)
    reading = _read_shell_code(text, slots[:known], reader.level + 1)
    if reading is not None:
        numbers = [number for word in words for number in word.direct][:known]
        reader.reading.nested.append(NestedCode(text, reading, numbers, words))


def _read_shell_code(text: str, slots: Sequence[Slot], level: int) -> Reading | None:
    from mlrun.project.command.shell.lexer import read

    if not slots:
        return None
    try:
        reading = read(text, level) if level <= MAX_LEVELS else None
    except UnreadableError:
        reading = None
    found = reading.slots if reading is not None else []
    for slot in slots[len(found) :]:
        slot.restrict(Allowed.PLAIN, _UNREADABLE)
    for slot, inner in zip(slots, found, strict=False):
        nest(inner, _levels_of(slot))
        slot.quotes = inner.quotes
        if inner.allowed is not None:
            slot.restrict(inner.allowed, inner.reason or _NESTED)
        if inner.refusal is not None:
            slot.refuse(inner.refusal)
    return reading


def _levels_of(slot: Slot) -> tuple[Quote, ...]:
    return tuple(Quote.BARE if quote is Quote.WORD else quote for quote in slot.quotes)
