"""Sizes in bytes, in words and from words."""

from __future__ import annotations

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size_in_words(size: int) -> str:
    """Return a size in bytes as people read it: `340 B`, `1.5 MiB`."""
    number, unit = float(size), 0
    while number >= 1024 and unit < len(_UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return (
        f"{number:.1f} {_UNITS[unit]}" if unit and number < 100 else f"{number:.0f} {_UNITS[unit]}"
    )


def parse_size(text: str) -> int | None:
    """Return the bytes of `1500000`, `500M` or `2 GiB`; None for what is no size."""
    given = text.strip().lower().removesuffix("b").removesuffix("i")
    digits = given.rstrip("kmgt")
    factor = _FACTORS.get(given[len(digits) :])
    digits = digits.strip()
    if factor is None or not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) * factor
