"""What a word means where it stands: keyword, argument, pattern, target of a redirection."""

from __future__ import annotations

import re

from mlrun.project.command.shell.code_arguments import find_code, reads_code
from mlrun.project.command.shell.frames import (
    OPAQUE,
    SLOT,
    CaseState,
    CommandKind,
    Frame,
    FrameKind,
    ShellCommand,
    Word,
)
from mlrun.project.command.shell.quoting import Allowed
from mlrun.project.command.shell.reader import Reader

_ARITHMETIC_TESTS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-R"})
_SUBSCRIPT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\[[^\]]*")
_ELEMENT = re.compile(r"\[[^\]]*")
_INPUT = "it is given to an interpreter as code"
_EVALUATED = "bash evaluates a subscript, and would run code in a value"
_COMPARED = "bash evaluates what [[ compares as numbers, and would run code in a value"

_OPENING = frozenset({"if", "while", "until", "{"})
_LEADING = frozenset({"then", "do", "else", "elif", "!", "time", "coproc"})
_CLOSING = frozenset({"fi", "done", "}", "esac"})
_KINDS = {
    "for": CommandKind.FOR,
    "select": CommandKind.FOR,
    "case": CommandKind.CASE,
    "function": CommandKind.FUNCTION,
    "[[": CommandKind.CONDITION,
}


def end_word(reader: Reader) -> None:
    """Give the word being read, if there is one, its place in the command."""
    frame = reader.frame
    word = frame.word
    if word is None:
        return
    frame.word = None
    word.end_slot = reader.slot_count
    word.end = reader.pos
    if frame.redirect is not None:
        frame.command.inputs.append((frame.redirect, word))
        frame.redirect = None
    elif frame.kind is FrameKind.ARRAY:
        _restrict_subscript(reader, word, _ELEMENT)
        frame.command.words.append(word)
    else:
        _take(reader, frame, word)


def _restrict_subscript(reader: Reader, word: Word, subscript: re.Pattern[str]) -> None:
    found = subscript.match(word.cooked())
    if found is None:
        return
    for number in word.direct[: found[0].count(SLOT)]:
        reader.reading.slots[number].restrict(Allowed.NUMBER, _EVALUATED)
    if OPAQUE in found[0]:
        reader.restrict(word.first_slot, word.end_slot, _EVALUATED, word.direct)


def _take(reader: Reader, frame: Frame, word: Word) -> None:
    if frame.command.kind is CommandKind.CLOSED:
        frame.command = ShellCommand(word.first_slot)
    command = frame.command
    keyword = None if word.is_quoted else word.static()
    if frame.in_pattern:
        _take_pattern(frame, word, keyword)
    elif command.kind is CommandKind.CONDITION:
        command.add(word)
        if keyword == "]]":
            _end_condition(reader, command)
    elif not command.words and command.kind is CommandKind.SIMPLE and keyword is not None:
        _take_first(frame, word, keyword)
    else:
        _take_argument(reader, frame, word, keyword)


def _take_pattern(frame: Frame, word: Word, keyword: str | None) -> None:
    if keyword == "esac" and not frame.command.words:
        _take_closing(frame, keyword)
    else:
        frame.command.kind = CommandKind.CASE
        frame.command.add(word)


def _take_first(frame: Frame, word: Word, keyword: str) -> None:
    command = frame.command
    if keyword in _CLOSING:
        _take_closing(frame, keyword)
    elif keyword in _OPENING:
        frame.compounds += 1
    elif keyword in _KINDS:
        command.kind = _KINDS[keyword]
        frame.compounds += command.kind in (CommandKind.FOR, CommandKind.CASE)
    elif keyword not in _LEADING:
        command.add(word)


def _take_closing(frame: Frame, keyword: str) -> None:
    frame.compounds = max(frame.compounds - 1, 0)
    frame.command.kind = CommandKind.CLOSED
    if keyword == "esac" and frame.cases:
        frame.cases.pop()


def _take_argument(reader: Reader, frame: Frame, word: Word, keyword: str | None) -> None:
    command = frame.command
    if command.kind is CommandKind.FOR and keyword == "do" and len(command.words) == 1:
        frame.command = ShellCommand(reader.slot_count)
        return
    if not command.has_program:
        _restrict_subscript(reader, word, _SUBSCRIPT)
    command.add(word)
    if command.kind is CommandKind.FUNCTION:
        frame.command = ShellCommand(reader.slot_count)
    elif command.kind is CommandKind.CASE and keyword == "in" and len(command.words) == 2:
        frame.cases.append(CaseState.PATTERN)
        frame.command = ShellCommand(reader.slot_count)


def _end_condition(reader: Reader, command: ShellCommand) -> None:
    if any(word.cooked() in _ARITHMETIC_TESTS for word in command.words):
        for word in command.words:
            for number in word.direct:
                reader.reading.slots[number].restrict(Allowed.NUMBER, _COMPARED)
            reader.restrict(word.first_slot, word.end_slot, _COMPARED)
    command.kind = CommandKind.CLOSED


def end_command(reader: Reader, operator: str) -> None:
    """End the command being read; `operator` is what ended it, empty at the end of the text."""
    end_word(reader)
    frame = reader.frame
    command = frame.command
    if command.kind is CommandKind.SIMPLE:
        find_code(reader, command)
    if reads_code(command):
        reader.restrict(frame.pipeline_slot, command.first_slot, _INPUT)
        frame.pipeline_slot = command.first_slot
        for redirection, word in command.inputs:
            keep = () if redirection == "<<<" else word.direct
            reader.restrict(word.first_slot, word.end_slot, _INPUT, keep)
    if operator not in ("|", "|&"):
        frame.pipeline_slot = reader.slot_count
    elif command.kind is CommandKind.CLOSED:
        frame.pipeline_slot = frame.first_slot
    reader.reading.last = command
    reader.reading.commands.append(command)
    frame.command = ShellCommand(reader.slot_count)
