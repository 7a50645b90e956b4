"""The list of all rules of `mlrun lint`, with their examples."""

from __future__ import annotations

from mlrun.lint.rules.all import ALL_RULES
from mlrun.lint.rules.rule import Rule, Subject


def lint_rules() -> str:
    """Return a table of the rules, and a part for each."""
    order = list(Subject)
    rules = sorted(ALL_RULES.values(), key=lambda rule: (order.index(rule.subject), rule.name))
    return "\n\n".join(["\n".join(_table(rules)), *map(_described, rules)])


def _table(rules: list[Rule]) -> list[str]:
    return [
        "| rule | severity | file | what is found |",
        "| --- | --- | --- | --- |",
        *map(_row, rules),
    ]


def _row(rule: Rule) -> str:
    name, summary = f"[`{rule.name}`](#{rule.name})", rule.summary.replace("|", "\\|")
    return f"| {name} | {rule.severity.value} | {rule.subject.value} | {summary} |"


def _described(rule: Rule) -> str:
    kind = f"*{rule.severity.value.capitalize()}* in {rule.subject.value}."
    mended = " `--fix` makes the second file of the first." if rule.is_mended else ""
    called = f", called `{rule.bad_name}`" if rule.bad_name else ""
    beside = ", ".join(f"`{path}`" for path, _ in rule.beside)
    found = f"Found{called}{f', beside {beside}' if beside else ''}:"
    examples = f"{found}\n\n{_example(rule.bad)}\n\nBetter:\n\n{_example(rule.good)}"
    return f"### {rule.name}\n\n{kind} {rule.summary}. {rule.reason}{mended}\n\n{examples}"


def _example(text: str) -> str:
    return f"```yaml\n{text.rstrip()}\n```"
