"""All rules, by name."""

from __future__ import annotations

from collections.abc import Mapping

from mlrun.lint.rules import (
    command,
    comment,
    environment,
    named_environment,
    parameter,
    portability,
    project,
    text,
)
from mlrun.lint.rules.rule import Rule

ALL_RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        *text.RULES,
        *project.RULES,
        *named_environment.RULES,
        *parameter.RULES,
        *portability.RULES,
        *environment.RULES,
        *command.RULES,
        *comment.RULES,
    )
}
