"""Rules about the project file as a whole: YAML itself, keys, entry points, commands."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
