"""Reading commands: words, operators, redirections, comments, here-documents."""

from __future__ import annotations

import re
from collections.abc import Callable

from mlrun.project.command.shell.expansions import (
    ARITHMETIC,
    open_double,
    read_backticks,
    read_dollar,
)
from mlrun.project.command.shell.frames import (
    SLOT,
    Break,
    CaseState,
    CommandKind,
    Frame,
    FrameKind,
    HereDocument,
    Limit,
)
from mlrun.project.command.shell.grammar import end_command, end_word
from mlrun.project.command.shell.quoting import Quote
from mlrun.project.command.shell.reader import Reader, UnreadableError

_RUN = re.compile(r"[^ \t\n\\'\"$`;&|()<>#\0]+")
_BLANKS = re.compile(r"[ \t]+")
_REDIRECTION = r"&>>?|<<<|<<-?|<>|<&|>>|>&|>\||<|>"
_SEPARATOR = r";;&|;;|;&|;|&&|&|\|\||\|&|\|"
_DELIMITER = r"[ \t]*((?:\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|[^\s;&|()<>'\"\\])+)"
_ARRAY = r"[A-Za-z_][A-Za-z0-9_]*\+?="
_EMPTY = r"\([ \t]*\)"
_HEREDOC = "it stands in a here-document, where nothing can be quoted"
_UNKNOWN = Limit(None, "it stands in parentheses that mlrun doesn't understand", None)

# What may stand before and after a value that is written without quotes: nothing that could
# join it to a keyword, a variable's name, a redirection's number or a pattern's brackets.
_BEFORE = frozenset(" \t\n=/:.-@%+{,;&|()}'\"`*?")
_AFTER = frozenset(" \t\n/:.@%+-=*?'\"$`},;&|)")


def read_code(reader: Reader) -> None:
    """Take one step in a command, or in the words of an array."""
    run = _RUN.match(reader.text, reader.pos)
    if run is not None:
        reader.word().text.append(run[0])
        reader.pos = run.end()
    else:
        _STEPS[reader.peek()](reader)


def _blanks(reader: Reader) -> None:
    end_word(reader)
    found = _BLANKS.match(reader.text, reader.pos)
    reader.pos = found.end() if found else reader.pos + 1


def _newline(reader: Reader, comment: int | None = None) -> None:
    frame = reader.frame
    end_word(reader)
    if frame.kind is FrameKind.ARRAY or frame.command.kind is CommandKind.CONDITION:
        reader.pos += 1
        return
    if reader.heredocs:
        end_command(reader, "\n")  # What comes next is no line of the command.
    elif not frame.in_pattern:
        is_top = len(reader.frames) == 1 and not frame.compounds
        is_open = bool(frame.command.words)
        reader.reading.breaks.append(Break(reader.pos, is_top, comment, is_open))
        end_command(reader, "\n")
    reader.pos += 1
    _heredocs(reader)


def _heredocs(reader: Reader) -> None:
    for document in reader.heredocs:
        reader.refuse_slots(reader.pos, _body_end(reader.text, reader.pos, document), _HEREDOC)
    reader.heredocs.clear()


def _body_end(text: str, start: int, document: HereDocument) -> int:
    line = ""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line += text[start:end]
        start = end + 1
        if not document.is_quoted and (len(line) - len(line.rstrip("\\"))) % 2:
            line = line[:-1]  # A line that is continued.
            continue
        if (line.lstrip("\t") if document.strips_tabs else line) == document.delimiter:
            return min(start, len(text))
        line = ""
    return len(text)


def _hash(reader: Reader) -> None:
    if reader.frame.word is not None:
        reader.frame.word.text.append("#")
        reader.pos += 1
        return
    start = reader.pos
    end = reader.text.find("\n", start)
    end = len(reader.text) if end < 0 else end
    reader.add_slots(start, end, Quote.COMMENT)
    reader.reading.comments.append((start, end))
    if end < len(reader.text):
        _newline(reader, start)


def _backslash(reader: Reader) -> None:
    escaped = reader.peek(1)
    if escaped == "\n":
        reader.pos += 2
        return
    word = reader.word()
    word.is_quoted = True
    if escaped == SLOT:
        reader.pos += 1
        reader.add_slot(Quote.ESCAPED_BARE, word)
        return
    if escaped in ("", " ", "\t", "\r"):
        reader.reading.escapes.append(reader.pos)
    word.text.append(escaped or "\\")
    reader.pos = min(reader.pos + 2, len(reader.text))


def _single(reader: Reader) -> None:
    end = reader.text.find("'", reader.pos + 1)
    if end < 0:
        raise UnreadableError("the quote ' is never closed", reader.pos)
    word = reader.word()
    word.is_quoted = True
    reader.add_slots(reader.pos + 1, end, Quote.SINGLE, word)
    reader.pos = end + 1


def _slot(reader: Reader) -> None:
    is_free = reader.peek(-1) in _BEFORE if reader.pos else True
    is_free = is_free and (not reader.peek(1) or reader.peek(1) in _AFTER)
    is_joined = reader.text[max(reader.pos - 2, 0) : reader.pos] == "\\\n"
    in_condition = reader.frame.command.kind is CommandKind.CONDITION
    word = reader.word()
    quote = Quote.WORD if is_free and not is_joined and not in_condition else Quote.BARE
    reader.add_slot(quote, word)


def _separator(reader: Reader) -> None:
    if reader.frame.kind is FrameKind.ARRAY:
        raise UnreadableError(f"an array cannot hold {reader.peek()}", reader.pos)
    redirection = re.compile(_REDIRECTION).match(reader.text, reader.pos)
    if redirection is not None:
        _redirection(reader)
        return
    found = re.compile(_SEPARATOR).match(reader.text, reader.pos)
    if found is None:
        raise AssertionError("not at an operator")
    frame = reader.frame
    end_word(reader)
    in_words = frame.in_pattern or frame.command.kind is CommandKind.CONDITION
    if not in_words:
        reader.reading.separator = reader.pos if found[0] == ";" else None
        end_command(reader, found[0])
        if found[0].startswith(";") and len(found[0]) > 1 and frame.cases:
            frame.cases[-1] = CaseState.PATTERN
    reader.pos = found.end()


def _redirection(reader: Reader) -> None:
    frame = reader.frame
    found = re.compile(_REDIRECTION).match(reader.text, reader.pos)
    if found is None:
        raise AssertionError("not at a redirection")
    if found[0] in "<>" and reader.peek(1) == "(":
        reader.note_expansion()
        reader.open(FrameKind.CODE, 2)
        return
    if frame.kind is FrameKind.ARRAY:
        raise UnreadableError(f"an array cannot hold {found[0]}", reader.pos)
    if frame.command.kind is CommandKind.CONDITION:
        end_word(reader)
        reader.pos = found.end()
        return
    if frame.word is not None and not frame.word.is_quoted and frame.word.cooked().isdecimal():
        frame.word = None  # The number of what is redirected.
    end_word(reader)
    reader.pos = found.end()
    if found[0] in ("<<", "<<-"):
        _delimiter(reader, found[0] == "<<-")
    else:
        frame.redirect = found[0]


def _delimiter(reader: Reader, strips_tabs: bool) -> None:
    found = re.compile(_DELIMITER, re.DOTALL).match(reader.text, reader.pos)
    if found is None:
        return
    reader.refuse_slots(reader.pos, found.end(), "it stands in the delimiter of a here-document")
    plain = re.sub(r"\\(.)|['\"]", r"\1", found[1])
    reader.heredocs.append(HereDocument(plain, strips_tabs, is_quoted=plain != found[1]))


def _parenthesis(reader: Reader) -> None:
    frame = reader.frame
    if frame.command.kind is CommandKind.CONDITION:
        end_word(reader)
        reader.pos += 1
    elif frame.word is not None:
        _parenthesis_in_word(reader, frame)
    elif frame.in_pattern and not frame.command.words:
        reader.pos += 1
    elif frame.command.words and frame.command.kind is not CommandKind.FOR:
        reader.open(FrameKind.CODE, 1, _UNKNOWN)
    elif reader.peek(1) == "(":
        frame.command.kind = frame.command.kind if frame.command.words else CommandKind.CLOSED
        reader.open(FrameKind.ARITHMETIC, 2, ARITHMETIC)
    else:
        frame.command.kind = CommandKind.CLOSED
        reader.open(FrameKind.CODE, 1)


def _parenthesis_in_word(reader: Reader, frame: Frame) -> None:
    word = frame.word
    if word is not None and re.compile(_ARRAY).fullmatch(word.cooked()):
        reader.open(FrameKind.ARRAY, 1).command.kind = CommandKind.LIST
    elif re.compile(_EMPTY).match(reader.text, reader.pos):
        end_command(reader, "()")
        reader.pos = reader.text.index(")", reader.pos) + 1
    else:
        reader.note_expansion()
        reader.open(FrameKind.CODE, 1, _UNKNOWN)


def _closing(reader: Reader) -> None:
    frame = reader.frame
    end_word(reader)
    if frame.command.kind is CommandKind.CONDITION:
        reader.pos += 1
    elif frame.in_pattern:
        frame.cases[-1] = CaseState.BODY
        end_command(reader, ")")
        reader.pos += 1
    elif len(reader.frames) == 1:
        raise UnreadableError("the ) closes nothing", reader.pos)
    else:
        end_command(reader, ")")
        reader.close(1)


_STEPS: dict[str, Callable[[Reader], None]] = {
    " ": _blanks,
    "\t": _blanks,
    "\n": _newline,
    "\\": _backslash,
    "'": _single,
    '"': open_double,
    "$": read_dollar,
    "`": read_backticks,
    "#": _hash,
    ";": _separator,
    "&": _separator,
    "|": _separator,
    "<": _redirection,
    ">": _redirection,
    "(": _parenthesis,
    ")": _closing,
    SLOT: _slot,
}
