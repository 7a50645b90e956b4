"""Rules about declared parameters."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
