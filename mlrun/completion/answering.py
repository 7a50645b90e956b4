"""Answers a shell's script: what it has told of the line, in; what could stand there, out.

Each line of an answer is a kind, a text and a help, with tabs between; see `Candidate`.
"""

from __future__ import annotations

import os
import sys

from mlrun.completion.candidates import candidates
from mlrun.completion.line import read_line
from mlrun.completion.vocabulary import Candidate
from mlrun.completion.words import MLRUN

_SPECIAL = frozenset(" !\"#$&'()*;<>?[\\]^`{|}")
_NO_LINE = dict.fromkeys((*range(32), 127), " ")


def answer(shell: str) -> None:
    """Write what could stand at the cursor, for one of the scripts of `mlrun completion`."""
    found = _for_bash() if shell == "bash" else _for_words(sys.argv[1:])
    text = "".join(f"{one.kind}\t{_line(one.text)}\t{_line(one.about)}\n" for one in found)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.flush()


def _for_words(words: list[str]) -> list[Candidate]:
    """Return the candidates for shells that tell words apart themselves; the last is current."""
    return list(candidates(MLRUN, words[:-1], words[-1] if words else ""))


def _for_bash() -> list[Candidate]:
    """Return them as bash needs them: from where it lets the current word begin, and quoted.

    To bash, `=` and `:` separate words as they are typed, but not those that the program gets
    (COMP_WORDBREAKS).
    """
    line = os.environ.get("COMP_LINE", "")
    point = int(os.environ.get("COMP_POINT", len(line)))
    # The point counts bytes.
    before = os.fsencode(line)[:point].decode("utf-8", "surrogateescape")
    words, current, in_quotes = read_line(before)
    found = candidates(MLRUN, words[1:], current)
    if in_quotes:
        return list(found)
    breaks = set(os.environ.get("COMP_WORDBREAKS", "=:")) & set("=:@")
    begin = 1 + max((current.rfind(sign) for sign in breaks), default=-1)
    return [Candidate(one.kind, _quoted(one, begin), one.about) for one in found]


def _quoted(found: Candidate, begin: int) -> str:
    text = found.text[begin:]
    if found.kind in ("files", "folders"):
        return text
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)


def _line(text: str) -> str:
    return text.translate(_NO_LINE)
