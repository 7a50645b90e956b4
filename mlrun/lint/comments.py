"""Comments that silence findings: `# mlrun: ignore`, `ignore[rule]`, `ignore-file[rule]`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml

from mlrun.errors import Edit
from mlrun.near_miss import near_miss

_MARK = "mlrun:"
_KINDS = ("ignore", "ignore-file")
_COMMENT = re.compile(
    r"#[ \t]*mlrun:[ \t]*(?P<kind>[\w-]+)"
    r"(?:[ \t]*(?P<list>\[(?P<rules>[^\]\r\n]*)\])|[ \t:(]+(?P<next>[\w-]+))?"
)
_NAME = re.compile(r"[^\s,]+")
_FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class NamedRule:
    """A rule within a comment.

    Attributes:
        name: As written.
        start: Offset of the name.
        end: Offset after it.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class MisspeltComment:
    """A comment that was meant to silence findings, and does not.

    Attributes:
        kind: What stands in place of `ignore`.
        meant: What was meant.
        start: Offset of the `#`.
        end: Offset after the word.
    """

    kind: str
    meant: str
    start: int
    end: int


@dataclass(frozen=True)
class IgnoreComment:
    """A comment that silences findings.

    Attributes:
        lines: The 1-based lines whose findings it silences; None for the whole file.
        rules: Those that it names; empty for all of them.
        is_open: Whether it names no rule because it has no brackets.
        next: The word behind one without brackets.
        start: Offset of the `#`.
        end: Offset after what was understood.
        removal: The edit that takes it out of the file.
    """

    lines: frozenset[int] | None
    rules: tuple[NamedRule, ...]
    is_open: bool
    next: NamedRule | None
    start: int
    end: int
    removal: Edit


def comments(text: str) -> tuple[IgnoreComment | MisspeltComment, ...]:
    """Return the comments of a YAML text that silence findings, or were meant to.

    In their order; of a text that is not YAML, those before the place where that shows.
    """
    if _MARK not in text:
        return ()
    return tuple(_Reader(text).comments())


class _Reader:
    """Tells comments from what looks like one, and which lines each is about."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = [0, *accumulate(map(len, self._lines))]
        self._scalars, self._end = _scalars(text)

    def comments(self) -> Iterator[IgnoreComment | MisspeltComment]:
        for found in _COMMENT.finditer(self._text, 0, self._end):
            if not self._is_comment(found.start()):
                continue
            meant = found["kind"] if found["kind"] in _KINDS else near_miss(found["kind"], _KINDS)
            if meant == found["kind"]:
                yield self._comment(found)
            elif meant is not None:
                yield MisspeltComment(found["kind"], meant, found.start(), found.end("kind"))

    def _is_comment(self, index: int) -> bool:
        """Tell a comment from a part of a text.

        What stands behind `|` or `>` on the same line is one; `a#b` is none.
        """
        if index and self._text[index - 1] not in " \t\r\n":
            return False
        for start, end, is_block in self._scalars:
            if start <= index < end:
                return is_block and self._line(index) == self._line(start)
        return True

    def _comment(self, found: re.Match[str]) -> IgnoreComment:
        line = self._line(found.start())
        is_alone = not self._lines[line - 1][: found.start() - self._starts[line - 1]].strip()
        about = self._line_below(line) if is_alone else line
        rules = tuple(
            NamedRule(one.group(), one.start(), one.end())
            for one in _NAME.finditer(self._text, *found.span("rules"))
        )
        return IgnoreComment(
            lines=None if found["kind"] == "ignore-file" else self._span(about),
            rules=rules if found["list"] else (),
            is_open=found["list"] is None,
            next=NamedRule(found["next"], *found.span("next")) if found["next"] else None,
            start=found.start(),
            end=found.end("list") if found["list"] else found.end("kind"),
            removal=self._removal(found.start(), line, is_alone=is_alone),
        )

    def _line(self, index: int) -> int:
        """Return the 1-based line of a character."""
        return bisect_right(self._starts, index, 0, len(self._lines))

    def _line_below(self, line: int) -> int:
        """Return the line that a comment alone on its line is about: the next without one."""
        for below in range(line + 1, len(self._lines) + 1):
            if not self._lines[below - 1].lstrip().startswith("#"):
                return below
        return line

    def _span(self, line: int) -> frozenset[int]:
        """Return a line, with those of a longer text that begins on it: no comment fits there."""
        last = line
        for start, end, _ in self._scalars:
            if self._line(start) == line:
                last = max(last, self._line(max(end - 1, start)))
        return frozenset(range(line, last + 1))

    def _removal(self, start: int, line: int, *, is_alone: bool) -> Edit:
        begin, end = self._starts[line - 1], self._starts[line]
        if is_alone:
            return Edit(begin, end, "")
        before = self._text[begin:start].rstrip()
        return Edit(begin + len(before), begin + len(self._lines[line - 1].rstrip("\r\n")), "")


def _scalars(text: str) -> tuple[list[tuple[int, int, bool]], int]:
    """Return where scalars stand and whether they are blocks, and how far the text is YAML."""
    found, end = _scan(text, _FAST_LOADER)
    if end < len(text) and _FAST_LOADER is not yaml.SafeLoader:
        found, end = _scan(text, yaml.SafeLoader)
    return found, end


def _scan(text: str, loader: Any) -> tuple[list[tuple[int, int, bool]], int]:
    found: list[tuple[int, int, bool]] = []
    end = 0
    try:
        for token in yaml.scan(text, Loader=loader):
            end = token.end_mark.index
            if isinstance(token, yaml.ScalarToken):
                found.append((token.start_mark.index, end, token.style in ("|", ">")))
    except yaml.YAMLError:
        return found, end
    return found, len(text)
