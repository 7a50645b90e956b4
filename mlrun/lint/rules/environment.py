"""Rules about `python_env.yaml` and `conda.yaml`."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
