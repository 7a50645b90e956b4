"""Each rule's own examples, found and mended; and that no rule is only declared, or only named."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mlrun.lint.check import check
from mlrun.lint.finding import FileReport
from mlrun.lint.mending import mend
from mlrun.lint.rules.all import ALL_RULES
from mlrun.lint.rules.rule import Rule
from mlrun.lint.targets import Target

PACKAGE = Path(__file__).resolve().parents[3] / "mlrun"
NAME = re.compile(r"[a-z]+(-[a-z]+)*")


def rules() -> list[str]:
    return sorted(ALL_RULES)


def written(folder: Path, rule: Rule, text: str, name: str) -> Target:
    for path, content in rule.beside:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    file = folder / (name or rule.subject.value)
    file.write_text(text, encoding="utf-8")
    return Target(file, rule.subject)


def found(report: FileReport) -> list[tuple[str | None, str]]:
    return [(finding.problem.rule, finding.problem.message) for finding in report.findings]


@pytest.mark.parametrize("name", rules())
def test_the_bad_example_breaks_that_rule_alone(name: str, tmp_path: Path) -> None:
    rule = ALL_RULES[name]
    report = check(written(tmp_path, rule, rule.bad, rule.bad_name))
    assert {rule for rule, _ in found(report)} == {name}, found(report)


@pytest.mark.parametrize("name", rules())
def test_in_the_good_example_nothing_is_found(name: str, tmp_path: Path) -> None:
    rule = ALL_RULES[name]
    assert found(check(written(tmp_path, rule, rule.good, ""))) == []


@pytest.mark.parametrize("name", rules())
def test_the_bad_example_is_mended_where_the_rule_says_so(name: str, tmp_path: Path) -> None:
    rule = ALL_RULES[name]
    target = written(tmp_path, rule, rule.bad, rule.bad_name)
    mended = mend(target, check(target))
    assert mended.after.text == (rule.good if rule.is_mended else rule.bad)
    assert bool(mended.mended) == rule.is_mended


@pytest.mark.parametrize("name", rules())
def test_a_rule_is_described_in_the_same_form(name: str) -> None:
    rule = ALL_RULES[name]
    assert NAME.fullmatch(name)
    assert rule.bad != rule.good or rule.bad_name
    assert not rule.summary.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.bad.endswith("\n")
    assert rule.good.endswith("\n")


def names_in_the_code() -> set[str]:
    """Return what is given as `rule=` anywhere, and the constants that stand for a rule's name."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "rules":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "rule":
                names |= {
                    one.value
                    for one in ast.walk(node.value)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return names


def test_every_rule_that_the_code_names_is_declared() -> None:
    assert names_in_the_code() - set(ALL_RULES) == set()


def test_every_declared_rule_is_named_in_the_code() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "rules"
    )
    assert [name for name in ALL_RULES if f'"{name}"' not in text] == []
