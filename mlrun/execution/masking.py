"""Keeps secrets out of a log: three stars stand where their exact bytes would.

Only the bytes themselves are known: a secret that a program encodes, cuts or spells out is
not recognised. Nor is one shorter than four bytes, which would star half of the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

STARS = b"***"

_SHORTEST = 4
_SHORTEST_LINE = 8
"""Of a secret of several lines, such as a key: a program may print them one by one."""


def patterns(secrets: Iterable[bytes]) -> tuple[bytes, ...]:
    r"""Return what is to be starred: each secret, and the long lines of one that has several.

    A terminal ends a line with `\r\n` where the program wrote `\n`; both are found.
    """
    found = dict.fromkeys(text for secret in secrets for text in _forms(secret))
    return tuple(text for text in found if len(text) >= _SHORTEST)


def _forms(secret: bytes) -> Iterator[bytes]:
    text = secret.strip(b"\r\n")
    yield text
    if b"\n" in text:
        yield text.replace(b"\n", b"\r\n")
        lines = (line.removesuffix(b"\r") for line in text.split(b"\n"))
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE)


class Mask:
    """Stars the secrets of one stream, also where they come in pieces.

    What could be the beginning of a secret is held back until more of the stream is there.

    Args:
        found: What is to be starred, from `patterns`.
    """

    def __init__(self, found: tuple[bytes, ...]) -> None:
        self._patterns = found
        self._held = b""
        self._starred = 0
        """How many of the first bytes held belong to a secret that was starred already."""

    def take(self, data: bytes) -> bytes:
        """Take a piece of the stream; return what of it, and of before, can be written now."""
        text = self._held + data
        return self._write(text, self._beginning(text))

    def end(self) -> bytes:
        """Return what was held back: no more comes."""
        return self._write(self._held, len(self._held))

    def _beginning(self, text: bytes) -> int:
        """Return where the first secret may begin that the text doesn't hold wholly."""
        return min((_partial(text, pattern) for pattern in self._patterns), default=len(text))

    def _write(self, text: bytes, end: int) -> bytes:
        """Return the text up to `end` with its secrets starred, and hold back the rest."""
        parts: list[bytes] = []
        position = self._starred
        for start, stop in self._secrets(text):
            if start >= end:
                break
            if start >= position:
                parts += (text[position:start], STARS)
            position = max(position, stop)
        parts.append(text[position:end])
        self._held = text[end:]
        self._starred = max(position - end, 0)
        return b"".join(parts)

    def _secrets(self, text: bytes) -> list[tuple[int, int]]:
        """Return where secrets begin and end, in order; they may overlap.

        Of one that overlaps itself many times (`aaaa`), only so many are found that they cover
        all the others.
        """
        found: list[tuple[int, int]] = []
        for pattern in self._patterns:
            start = text.find(pattern)
            while start >= 0:
                stop = start + len(pattern)
                found.append((start, stop))
                following = text.rfind(pattern, start + 1, stop + len(pattern) - 1)
                start = following if following >= 0 else text.find(pattern, stop)
        return sorted(found)


def _partial(text: bytes, pattern: bytes) -> int:
    """Return where the text ends with a beginning of the pattern, its length if it doesn't."""
    start = max(len(text) - len(pattern) + 1, 0)
    while (start := text.find(pattern[:1], start)) >= 0:
        if pattern.startswith(text[start:]):
            return start
        start += 1
    return len(text)
