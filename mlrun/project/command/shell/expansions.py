"""Reading what begins with a dollar or a backtick, and what stands in double quotes."""

from __future__ import annotations

import re

from mlrun.project.command.shell.frames import SLOT, Frame, FrameKind, Limit, NestedCode, Slot
from mlrun.project.command.shell.quoting import Allowed, Quote
from mlrun.project.command.shell.reader import MAX_LEVELS, Reader, UnreadableError

ARITHMETIC = Limit(Allowed.NUMBER, "bash evaluates arithmetic, and would run code in a value")
_PARAMETER = Limit(None, "it stands in a parameter expansion other than a default")
_ODD_QUOTES = Limit(None, "it stands in double quotes within a quoted parameter expansion")
_UNSURE = Limit(None, "what stands around it is not clear to mlrun", None)
_TOO_DEEP = "it stands in code within code, too deep to follow"

_DOLLAR = re.compile(
    r"\$(?:(?P<arithmetic>\(\()|(?P<code>\()|(?P<parameter>\{)|(?P<old>\[)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<special>[0-9@*#?$!-])"
    r"|(?P<ansi>')|(?P<translated>\")|(?P<slot>\0))?"
)
# Patterns of rare places stay text: `re` compiles them at first use and keeps them.
_DOUBLE_QUOTES = frozenset({Quote.DOUBLE, Quote.GLUED_DOUBLE, Quote.BROKEN_DOUBLE})
_QUOTE_OR_SLOT = r"\\.|[\"\0]"
_ENTANGLED = "quotes and backticks are entangled there, $(...) has no such limit"
_ANSI_END = r"(?:[^'\\]|\\.)*'"
_HEAD = r"[!#]?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(:?[-=+?])"
_BACKTICKS = r"`((?:[^`\\]|\\.)*)`"
_IN_DOUBLE = re.compile(r'[^"\\$`\0]+')
_IN_PARAMETER = r"[^}\\'\"$`\0]+"
_IN_ARITHMETIC = r"[^()\]\\\"$`\0]+"


def read_dollar(reader: Reader) -> None:
    """Read an expansion, or only a dollar."""
    found = _DOLLAR.match(reader.text, reader.pos)
    if found is None:
        raise AssertionError("not at a dollar")
    kind = found.lastgroup
    if kind in ("ansi", "translated") and not _quotes_begin(reader.frame):
        kind = None
    if kind is None:
        _read_lone_dollar(reader)
        return
    if kind == "slot":
        _read_shell_variable(reader)
        return
    if kind == "ansi":
        _read_ansi(reader)
        return
    if kind == "translated":
        if reader.frame.kind is not FrameKind.PARAMETER:
            reader.word()
        reader.pos += 1
        open_double(reader)
        return
    reader.note_expansion()
    _OPENERS[kind](reader, found.end())


def _quotes_begin(frame: Frame) -> bool:
    if frame.kind is FrameKind.PARAMETER:
        return not frame.in_quotes
    return frame.kind in (FrameKind.CODE, FrameKind.ARRAY)


def _read_lone_dollar(reader: Reader) -> None:
    frame = reader.frame
    if frame.kind in (FrameKind.CODE, FrameKind.ARRAY):
        reader.word().text.append("$")
    elif frame.word is not None:
        frame.word.text.append("$")
    reader.pos += 1


def _read_shell_variable(reader: Reader) -> None:
    """`${name}` of a parameter: the shell's own variable of that name."""
    reader.note_expansion()
    reader.pos += 1
    reader.add_slot(Quote.LITERAL)


def _read_ansi(reader: Reader) -> None:
    end = re.compile(_ANSI_END, re.DOTALL).match(reader.text, reader.pos + 2)
    if end is None:
        raise UnreadableError("the quote $' is never closed", reader.pos)
    in_code = reader.frame.kind is not FrameKind.PARAMETER
    word = reader.word() if in_code else None
    if word is not None:
        word.is_quoted = True
        reader.note_expansion()
    reader.pos += 2
    while (found := reader.text.find(SLOT, reader.pos, end.end())) >= 0:
        backslashes = _count_backslashes(reader.text, reader.pos, found)
        reader.pos = found
        reader.add_slot(Quote.ESCAPED_ANSI if backslashes % 2 else Quote.ANSI, word)
    reader.pos = end.end()


def _count_backslashes(text: str, start: int, end: int) -> int:
    stretch = text[start:end]
    return len(stretch) - len(stretch.rstrip("\\"))


def _read_name(reader: Reader, end: int) -> None:
    reader.pos = reader.glued_at = end


def _read_special(reader: Reader, end: int) -> None:
    reader.pos = end


def _open_code(reader: Reader, end: int) -> None:
    reader.open(FrameKind.CODE, end - reader.pos)


def _open_arithmetic(reader: Reader, end: int) -> None:
    reader.open(FrameKind.ARITHMETIC, end - reader.pos, ARITHMETIC)


def _open_old_arithmetic(reader: Reader, end: int) -> None:
    reader.open(FrameKind.OLD_ARITHMETIC, end - reader.pos, ARITHMETIC)


def _open_parameter(reader: Reader, end: int) -> None:
    around = reader.frame
    head = re.compile(_HEAD).match(reader.text, end)
    in_arithmetic = around.limit is not None and around.limit.allowed is Allowed.NUMBER
    limit = None if head or in_arithmetic else _PARAMETER
    frame = reader.open(FrameKind.PARAMETER, (head.end() if head else end) - reader.pos, limit)
    frame.has_default = head is not None
    frame.in_quotes = around.kind is FrameKind.DOUBLE or (
        around.kind is FrameKind.PARAMETER and around.in_quotes
    )


_OPENERS = {
    "name": _read_name,
    "special": _read_special,
    "code": _open_code,
    "arithmetic": _open_arithmetic,
    "old": _open_old_arithmetic,
    "parameter": _open_parameter,
}


def read_backticks(reader: Reader) -> None:
    """Read a command in backticks: its text is unescaped once, and is a command then."""
    found = re.compile(_BACKTICKS, re.DOTALL).match(reader.text, reader.pos)
    if found is None:
        raise UnreadableError("the backtick is never closed", reader.pos)
    reader.note_expansion()
    frame = reader.frame
    in_double = frame.kind is FrameKind.DOUBLE
    first = reader.slot_count
    _read_inner_code(reader, found, in_double)
    limit = frame.limit.within() if frame.limit else None
    if frame.kind is FrameKind.PARAMETER and frame.in_quotes:
        limit = _ODD_QUOTES
    for slot in reader.reading.slots[first:]:
        if limit is not None:
            limit.apply(slot)


def _read_inner_code(reader: Reader, found: re.Match[str], in_double: bool) -> None:
    from mlrun.project.command.shell.lexer import read

    if SLOT not in found[1]:
        reader.pos = found.end()
        return
    if reader.level >= MAX_LEVELS:
        reader.refuse_slots(reader.pos, found.end(), _TOO_DEEP)
        return
    escaped = r'\\([\\`$"])' if in_double else r"\\([\\`$])"
    text = re.sub(escaped, r"\1", found[1])
    inner = read(text, reader.level + 1)
    level = Quote.BACKTICK_DOUBLE if in_double else Quote.BACKTICK
    first = reader.slot_count
    reader.add_slots(reader.pos, found.end(), Quote.BARE)
    if in_double:
        _restrict_entangled(found[1], inner.slots)
    for number, slot in enumerate(inner.slots):
        slot.position = reader.reading.slots[first + number].position
        nest(slot, (level,))
        reader.reading.slots[first + number] = slot
    numbers = range(first, reader.slot_count)
    nested = NestedCode(text, inner, numbers, start=found.start(1), is_quoted=in_double)
    reader.reading.nested.append(nested)


def _restrict_entangled(text: str, slots: list[Slot]) -> None:
    """Restrict slots in quoted backticks where bash takes their quotes for those around.

    It looks for braces to expand before it looks into the backticks, so that each double
    quote in them ends the quotes around, or begins them again.
    """
    is_quoted = True
    remaining = iter(slots)
    for found in re.compile(_QUOTE_OR_SLOT, re.DOTALL).finditer(text):
        if found[0] == '"':
            is_quoted = not is_quoted
        elif found[0].endswith(SLOT):
            slot = next(remaining)
            if is_quoted is (slot.quotes[-1] in _DOUBLE_QUOTES):
                slot.restrict(Allowed.PLAIN, _ENTANGLED)


def nest(slot: Slot, outer: tuple[Quote, ...]) -> None:
    """Say of a slot in inner code which places that code stands in."""
    if slot.quotes[0] in (Quote.ESCAPED_BARE, Quote.ESCAPED_DOUBLE, Quote.ESCAPED_ANSI):
        slot.refuse("it stands after a backslash in code within code")
    if outer == (Quote.BACKTICK_DOUBLE,):
        if slot.quotes[-1] is Quote.DEFAULT_DOUBLE:
            slot.refuse(_ODD_QUOTES.reason)
        elif slot.quotes[-1] in _DOUBLE_QUOTES:
            slot.quotes, outer = slot.quotes[:-1], (Quote.BROKEN_BACKTICK,)
    if slot.quotes == (Quote.WORD,):
        slot.quotes = (Quote.BARE,)
    if slot.quotes != (Quote.LITERAL,):
        slot.quotes += outer


def open_double(reader: Reader) -> None:
    """Open double quotes; their text is part of the word around, where there is one."""
    around = reader.frame
    if around.kind in (FrameKind.CODE, FrameKind.ARRAY):
        word = reader.word()
        word.is_quoted = True
        reader.open(FrameKind.DOUBLE, 1).word = word
        return
    is_odd = around.kind is FrameKind.PARAMETER and around.in_quotes
    reader.open(FrameKind.DOUBLE, 1, _ODD_QUOTES if is_odd else None)


def read_double(reader: Reader) -> None:
    """Take one step in double quotes."""
    frame = reader.frame
    run = _IN_DOUBLE.match(reader.text, reader.pos)
    char = reader.peek()
    if run is not None:
        if frame.word is not None:
            frame.word.text.append(run[0])
        reader.pos = run.end()
    elif char == '"':
        reader.close(1)
    elif char == "$":
        read_dollar(reader)
    elif char == "`":
        read_backticks(reader)
    elif char == SLOT:
        reader.add_slot(_double_quote(reader), frame.word)
    else:
        _read_escape_in_double(reader, frame)


def _double_quote(reader: Reader) -> Quote:
    if reader.frames[-2].kind is FrameKind.ARRAY:
        return Quote.BROKEN_DOUBLE
    return Quote.GLUED_DOUBLE if reader.glued_at == reader.pos else Quote.DOUBLE


def _read_escape_in_double(reader: Reader, frame: Frame) -> None:
    escaped = reader.peek(1)
    if escaped == SLOT:
        reader.pos += 1
        reader.add_slot(Quote.ESCAPED_DOUBLE, frame.word)
        if frame.word is not None:
            frame.word.text.insert(-1, "\\")
        return
    if frame.word is not None and escaped != "\n":
        frame.word.text.append(escaped if escaped and escaped in '$`"\\' else "\\" + escaped)
    reader.pos += 2


def read_parameter(reader: Reader) -> None:
    """Take one step in `${...}`."""
    frame = reader.frame
    run = re.compile(_IN_PARAMETER).match(reader.text, reader.pos)
    char = reader.peek()
    if run is not None:
        reader.pos = run.end()
    elif char == "}":
        reader.close(1)
    elif char == "$":
        read_dollar(reader)
    elif char == "`":
        read_backticks(reader)
    elif char == '"':
        open_double(reader)
    elif char == "'":
        _read_quote_in_parameter(reader, frame)
    elif char == SLOT:
        _read_slot_in_parameter(reader, frame)
    elif reader.peek(1) == SLOT:
        reader.refuse_slots(reader.pos, reader.pos + 2, "it stands after a backslash")
    else:
        reader.pos += 2


def _read_quote_in_parameter(reader: Reader, frame: Frame) -> None:
    if frame.in_quotes and frame.has_default:
        reader.pos += 1  # A single quote is only a character there.
        return
    end = reader.text.find("'", reader.pos + 1)
    if end < 0:
        raise UnreadableError("the quote ' is never closed", reader.pos)
    reader.add_slots(reader.pos + 1, end, Quote.SINGLE)
    reader.pos = end + 1


def _read_slot_in_parameter(reader: Reader, frame: Frame) -> None:
    glued = reader.glued_at == reader.pos
    slot = reader.add_slot(Quote.DEFAULT_DOUBLE if frame.in_quotes else Quote.BARE)
    if glued and frame.in_quotes:
        slot.refuse("the name of the variable before it has no end")


def read_arithmetic(reader: Reader) -> None:
    """Take one step in arithmetic, of either form."""
    run = re.compile(_IN_ARITHMETIC).match(reader.text, reader.pos)
    char = reader.peek()
    if run is not None:
        reader.pos = run.end()
    elif char == "$":
        read_dollar(reader)
    elif char == "`":
        read_backticks(reader)
    elif char == '"':
        open_double(reader)
    elif char == SLOT:
        _read_slot_in_arithmetic(reader)
    elif char == "\\" and reader.peek(1) != SLOT:
        reader.pos += 2
    else:
        _read_bracket(reader, char)


def _read_slot_in_arithmetic(reader: Reader) -> None:
    glued = reader.glued_at == reader.pos
    slot = reader.add_slot(Quote.RAW)
    if glued:
        slot.refuse("the name of the variable before it has no end")


def _read_bracket(reader: Reader, char: str) -> None:
    frame = reader.frame
    if frame.kind is FrameKind.OLD_ARITHMETIC:
        if char == "]":
            reader.close(1)
            return
    elif char == "(":
        frame.parentheses += 1
    elif char == ")" and frame.parentheses:
        frame.parentheses -= 1
    elif char == ")" and reader.peek(1) == ")":
        reader.close(2)
        return
    elif char == ")":
        _take_back_arithmetic(reader, frame)
    reader.pos += 1


def _take_back_arithmetic(reader: Reader, frame: Frame) -> None:
    """It was a subshell within a substitution: `$((a); b)`."""
    for slot in reader.reading.slots[frame.first_slot :]:
        slot.refuse(_UNSURE.reason)
    frame.kind = FrameKind.CODE
    frame.limit = _UNSURE
