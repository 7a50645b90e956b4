"""Numbers and rows, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def counted(number: int, word: str, plural: str | None = None) -> str:
    """Return `1 run`, `2 runs`.

    Args:
        number: How many.
        word: For one.
        plural: For several, if that is not the word with an s.
    """
    return f"{number} {word if number == 1 else plural or f'{word}s'}"


def sized(size: int) -> str:
    """Return a number of bytes in the unit that suits it: `1.5 KiB`."""
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


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
