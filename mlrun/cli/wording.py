"""Numbers, moments and rows, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone


def counted(number: int, word: str, plural: str | None = None) -> str:
    """Return `1 run`, `2 runs`.

    Args:
        number: How many.
        word: For one.
        plural: For several, if that is not the word with an s.
    """
    return f"{number} {word if number == 1 else plural or f'{word}s'}"


def when(milliseconds: int | None) -> str:
    """Return a moment in this machine's time: `2026-05-01 12:00:00+02:00`.

    Args:
        milliseconds: Since the epoch; None where it is not known.
    """
    if milliseconds is None:
        return "?"
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).astimezone()
    return moment.isoformat(sep=" ", timespec="seconds")


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns stand below each other.

    Args:
        rows: At least one, all of the same length.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
