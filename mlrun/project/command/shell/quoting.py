"""How a value is written so that the shell reads exactly its text, place by place.

Rules: the sections on quoting, on parameter expansion and on command substitution of the bash
manual; each is proved with real bash by the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum


class Quote(str, Enum):
    """The kind of place that a value is written to."""

    WORD = "word"
    """Unquoted, and nothing around it could join a plain value: it may stay without quotes."""
    BARE = "bare"
    """Unquoted."""
    ESCAPED_BARE = "escaped-bare"
    """Unquoted, right after a backslash."""
    SINGLE = "single"
    DOUBLE = "double"
    GLUED_DOUBLE = "glued-double"
    """In double quotes, right after a `$NAME` that would swallow the value's first letters."""
    ESCAPED_DOUBLE = "escaped-double"
    """In double quotes, right after a backslash that is meant as one."""
    BROKEN_DOUBLE = "broken-double"
    """In double quotes in an array, where bash garbles a delete character."""
    BROKEN_BACKTICK = "broken-backtick"
    """In double quotes in backticks in double quotes, where bash expands braces: this level
    and the further one together."""
    ANSI = "ansi"
    """In `$'...'`."""
    ESCAPED_ANSI = "escaped-ansi"
    DEFAULT_DOUBLE = "default-double"
    """The word of `${NAME:-word}` in double quotes."""
    BACKTICK = "backtick"
    """A further level: the code around is in backticks."""
    BACKTICK_DOUBLE = "backtick-double"
    """A further level: the code around is in backticks within double quotes."""
    RAW = "raw"
    """Arithmetic: only digits, and they need no quotes."""
    COMMENT = "comment"
    LITERAL = "literal"
    """No place for a value: the braces belong to the shell."""


class Allowed(str, Enum):
    """What a value may consist of, where no quoting is sure."""

    NUMBER = "number"
    PLAIN = "plain"


_PLAIN = re.compile(r"[A-Za-z0-9._/:=@%+,-]*")
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
# Two dots are kept out, also such as the text around could make: {1..3} is a list.
_UNQUOTED = re.compile(r"(?!\.[^/])(?!.*\.\.)[A-Za-z0-9._/:@%+-]*[A-Za-z0-9_/:@%+-]")
_RESERVED = frozenset(
    {
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "in",
        "function",
        "select",
        "time",
        "coproc",
    }
)


def is_allowed(value: str, allowed: Allowed) -> bool:
    """Return whether a value consists of what is allowed in its place."""
    pattern = re.compile(_NUMBER) if allowed is Allowed.NUMBER else _PLAIN
    return pattern.fullmatch(value) is not None


def quoted(value: str) -> str:
    """Return a value as one word of an unquoted place, without quotes where none are needed."""
    if _UNQUOTED.fullmatch(value) and value not in _RESERVED:
        return value
    return _bare(value)


def write(value: str, quotes: tuple[Quote, ...]) -> str:
    """Return a value as it is written in its place.

    Args:
        value: Any text without NUL.
        quotes: The places it stands in, innermost first: `bash -c "echo '{x}'"` is a single
            quoted place within a double quoted one.
    """
    for quote in quotes:
        value = _WRITERS[quote](value)
    return value


def _bare(value: str) -> str:
    return "'" + _single(value) + "'"


def _single(value: str) -> str:
    return value.replace("'", "'\\''")


def _escaper(special: str) -> Callable[[str], str]:
    table = str.maketrans({character: f"\\{character}" for character in special})
    return lambda value: value.translate(table)


_double = _escaper('\\"$`')


def _escaped_bare(value: str) -> str:
    # The backslash that stands before takes the first character; before a newline, which it
    # cannot take, or before nothing, it is made a continued line, which is nothing.
    if not value or value[0] == "\n":
        return "\n" + _bare(value)
    return value[0] + (_bare(value[1:]) if value[1:] else "")


def _ansi(value: str) -> str:
    # Outside of it, since an escape such as \x before the value would take its first digits.
    return "'" + _bare(value) + "$'"


_in_backticks = _escaper('\\$`"')
_in_default = _escaper('\\"$`}')


def _default_double(value: str) -> str:
    # Bash looks for the end of a single quote or of <( there, though both are only characters.
    return re.sub("['(]", r'"\g<0>"', _in_default(value))


_WRITERS: dict[Quote, Callable[[str], str]] = {
    Quote.WORD: quoted,
    Quote.BARE: _bare,
    Quote.ESCAPED_BARE: _escaped_bare,
    Quote.SINGLE: _single,
    Quote.DOUBLE: _double,
    Quote.GLUED_DOUBLE: lambda value: '""' + _double(value),
    Quote.ESCAPED_DOUBLE: lambda value: "\\" + _double(value),
    Quote.BROKEN_DOUBLE: lambda value: '"' + _bare(value) + '"',
    Quote.BROKEN_BACKTICK: lambda value: '"' + _in_backticks(_bare(value)) + '"',
    Quote.ANSI: _ansi,
    Quote.ESCAPED_ANSI: lambda value: "\\" + _ansi(value),
    Quote.DEFAULT_DOUBLE: _default_double,
    Quote.BACKTICK: _escaper("\\$`"),
    Quote.BACKTICK_DOUBLE: _in_backticks,
    Quote.RAW: str,
    Quote.COMMENT: lambda value: value if _PLAIN.fullmatch(value) else "...",
    Quote.LITERAL: str,
}
