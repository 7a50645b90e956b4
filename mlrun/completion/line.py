"""A command line that is being typed, as words."""

from __future__ import annotations

_OPERATORS = ";|&()<>\n"
_ESCAPABLE = '$`"\\'
"""What a backslash in double quotes takes its meaning from."""


def read_line(line: str) -> tuple[tuple[str, ...], str, str]:
    """Split a line as a shell would, however unfinished it is.

    Args:
        line: All that stands before the cursor.

    Returns:
        The whole words of the last command, without quotes, its program the first; the word at
        the cursor, empty where a new one begins; and the quote in that which is still open, if
        there is one.
    """
    words: list[str] = []
    word: str | None = None
    quote = ""
    letters = iter(line)
    for letter in letters:
        if quote:
            if letter == quote:
                quote = ""
            elif letter == "\\" and quote == '"':
                following = next(letters, "")
                word = f"{word}{following if following in _ESCAPABLE else letter + following}"
            else:
                word = f"{word}{letter}"
        elif letter in "'\"":
            quote, word = letter, word or ""
        elif letter == "\\":
            word = (word or "") + next(letters, "")
        elif letter in " \t" or letter in _OPERATORS:
            if letter in _OPERATORS:
                words = []
            elif word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + letter
    return tuple(words), word or "", quote
