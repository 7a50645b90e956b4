"""Rules about the comments that silence other rules."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule, Severity, Subject

_GOOD = """\
entry_points:
  main:
    command: python train.py
"""

RULES: tuple[Rule, ...] = (
    Rule(
        name="unknown-rule",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A comment that silences a rule names none that there is, or is misspelt",
        reason="It silences nothing, and what it was meant for is still found; where a rule's name"
        " stands without brackets, all rules are silenced.",
        bad=_GOOD.replace("train.py", "train.py  # mlrun: ignore[unknwon-type]"),
        good=_GOOD,
    ),
    Rule(
        name="unused-ignore",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A comment silences a finding that is not there",
        reason="What it was for is mended or stands elsewhere now; left there, it would silence"
        " the next mistake on that line.",
        bad=_GOOD.replace("train.py", "train.py  # mlrun: ignore"),
        good=_GOOD,
        is_mended=True,
    ),
)
