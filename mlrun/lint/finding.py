"""What `mlrun lint` finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import Problem
from mlrun.lint.rules.rule import Severity


@dataclass(frozen=True)
class Finding:
    """A problem, and what it means.

    Attributes:
        problem: What, where, what to do; its `rule` is one of the rules.
        severity: Of the rule.
    """

    problem: Problem
    severity: Severity


@dataclass(frozen=True)
class FileReport:
    """All that was found in one file.

    Attributes:
        file: As the user would name it.
        text: What it holds, without a byte order mark; None where it cannot be read.
        findings: In the order of their places, without those that a comment silences.
    """

    file: Path
    text: str | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Mended:
    """What became of a file's text.

    Attributes:
        before: What was found at first.
        mended: The findings that are no more, in the order in which they were mended.
        after: What the text would be, and what is found in that; `before` itself where nothing
            can be mended.
    """

    before: FileReport
    mended: tuple[Finding, ...]
    after: FileReport
