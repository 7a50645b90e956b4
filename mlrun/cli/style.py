"""Colours, where a person looks who has not asked for none."""

from __future__ import annotations

import os

from mlrun.light_dataclass import dataclass

_BOLD, _FAINT, _RED, _YELLOW, _GREEN, _CYAN = "1", "2", "1;31", "1;33", "1;32", "36"
_OF_KIND = {"error": _RED, "warning": _YELLOW, "note": _CYAN}


@dataclass(frozen=True)
class Style:
    """How words are set off from each other.

    Attributes:
        is_coloured: Whether by colours; otherwise not at all.
    """

    is_coloured: bool

    def kind(self, word: str) -> str:
        """Return `error`, `warning` or `note` in its colour."""
        return self._in(_OF_KIND.get(word, _BOLD), word)

    def strong(self, text: str) -> str:
        """Return what matters most."""
        return self._in(_BOLD, text)

    def faint(self, text: str) -> str:
        """Return what is there for orientation only."""
        return self._in(_FAINT, text)

    def mark(self, text: str) -> str:
        """Return what points at a place."""
        return self._in(_GREEN, text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_coloured else text


def style_of(descriptor: int) -> Style | None:
    """Return how to write to a standard stream; None where no person looks.

    `NO_COLOR` (any text) and `TERM=dumb` mean no colours, as programs have agreed on.

    Args:
        descriptor: 1 or 2.
    """
    if not os.isatty(descriptor):
        return None
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Style(is_coloured=not plain)
