"""All rules, by name."""

from __future__ import annotations

from collections.abc import Mapping

from mlrun.lint.rules import command, comment, environment, parameter, project
from mlrun.lint.rules.rule import Rule

ALL_RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        *project.RULES,
        *parameter.RULES,
        *environment.RULES,
        *command.RULES,
        *comment.RULES,
    )
}
