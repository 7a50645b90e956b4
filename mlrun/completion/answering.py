"""Answers a shell's script: what it has told of the line, in; what could stand there, out.

Each line of an answer is a kind, a text and a help, with tabs between; see `Candidate`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mlrun.completion.candidates import candidates
from mlrun.completion.line import read_line
from mlrun.completion.vocabulary import Candidate
from mlrun.completion.words import MLRUN

_SPECIAL = frozenset(" !\"#$&'()*;<>?[\\]^`{|}~")
_SPECIAL_IN_QUOTES = frozenset('"$\\`')
_OF_SHELL = ("files", "folders")
_LONGEST = 1000
"""Characters of a candidate, and of its help, that a person may want to see."""


def answer(shell: str) -> None:
    """Write what could stand at the cursor, for one of the scripts of `mlrun completion`."""
    found = _for_bash() if shell == "bash" else _for_words(sys.argv[1:])
    lines = (f"{one.kind}\t{one.text}\t{_line(one.about)}\n" for one in found)
    sys.stdout.buffer.write("".join(lines).encode("utf-8", "surrogateescape"))
    sys.stdout.flush()


def _for_words(words: list[str]) -> list[Candidate]:
    """Return the candidates for shells that tell words apart themselves; the last is current."""
    return _offered(words[:-1], words[-1] if words else "")


def _offered(words: Sequence[str], current: str) -> list[Candidate]:
    """Return the candidates that a line can hold.

    The project's author has named some of them: what a terminal would obey, or what would
    be two words or lines, is not offered. What the user has typed already is returned as it is.
    """
    return [
        one
        for one in candidates(MLRUN, words, current)
        if one.kind in _OF_SHELL or (one.text.isprintable() and len(one.text) <= _LONGEST)
    ]


def _for_bash() -> list[Candidate]:
    """Return them as bash needs them: from where it lets the current word begin, and quoted.

    To bash, `=` and `:` separate words as they are typed, but not those that the program gets
    (COMP_WORDBREAKS).
    """
    line = os.environ.get("COMP_LINE", "")
    point = int(os.environ.get("COMP_POINT", len(line)))
    # The point counts bytes.
    before = os.fsencode(line)[:point].decode("utf-8", "surrogateescape")
    words, current, quote = read_line(before)
    found = _offered(words[1:], current)
    if quote:
        return [one for one in (_in_quotes(one, quote) for one in found) if one is not None]
    breaks = set(os.environ.get("COMP_WORDBREAKS", "=:")) & set("=:@")
    begin = 1 + max((current.rfind(sign) for sign in breaks), default=-1)
    return [Candidate(one.kind, _quoted(one, begin), one.about) for one in found]


def _in_quotes(found: Candidate, quote: str) -> Candidate | None:
    """Return a candidate as it stands where a quote is open; None if it cannot stand there.

    Bash takes it as it is, and would run a command that is in it.
    """
    text = found.text
    if found.kind in _OF_SHELL:
        return found
    if quote == "'":
        text = text.replace("'", "'\\''")
    elif "!" in text:
        return None  # The history is asked for in double quotes too, where nothing prevents it.
    else:
        text = "".join(f"\\{letter}" if letter in _SPECIAL_IN_QUOTES else letter for letter in text)
    return Candidate(found.kind, text, found.about)


def _quoted(found: Candidate, begin: int) -> str:
    text = found.text[begin:]
    if found.kind in _OF_SHELL:
        return text
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)


def _line(text: str) -> str:
    text = text[:_LONGEST]
    return "".join(letter if letter.isprintable() else " " for letter in text)
