"""The rules of `mlrun lint`, explained on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent, wrap

from mlrun.cli.streams import print_document
from mlrun.cli.wording import aligned
from mlrun.errors import UsageError
from mlrun.lint.rules.all import ALL_RULES
from mlrun.lint.rules.rule import Rule

_ALL = "all"
_WIDTH = 88


def explain_rule(name: str) -> None:
    """Print what a rule finds, why that matters, and an example; or the list of `all`.

    Raises:
        UsageError: There is no such rule.
    """
    lines = _listed() if name == _ALL else list(_explained(find_rule(name)))
    print_document("\n".join(lines) + "\n")


def find_rule(name: str) -> Rule:
    """Return a rule.

    Raises:
        UsageError: There is no such rule.
    """
    rule = ALL_RULES.get(name)
    if rule is not None:
        return rule
    from mlrun.near_miss import near_miss

    near = near_miss(name, ALL_RULES, 0.6)
    hint = f"did you mean `{near}`?" if near else "`mlrun lint --explain all` lists them"
    raise UsageError(f"there is no rule '{name}'", hint=hint)


def _listed() -> list[str]:
    rules = sorted(ALL_RULES.values(), key=lambda rule: rule.name)
    return aligned([(rule.name, rule.severity.value, rule.summary) for rule in rules])


def _explained(rule: Rule) -> Iterator[str]:
    yield f"{rule.name} ({rule.severity.value}, {rule.subject.value})"
    yield ""
    yield from wrap(f"{rule.summary}. {rule.reason}", _WIDTH)
    if rule.is_mended:
        yield "--fix mends it."
    called = f", called {rule.bad_name}" if rule.bad_name else ""
    beside = ", ".join(path for path, _ in rule.beside)
    bad = f"bad{called}{f', beside {beside}' if beside else ''}"
    for title, text in ((bad, rule.bad), ("good", rule.good)):
        yield f"\n{title}:\n"
        yield indent(text.rstrip(), "    ")
    yield f"\nTo silence it on a line: # mlrun: ignore[{rule.name}]"
