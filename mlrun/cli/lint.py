"""`mlrun lint`."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from mlrun.errors import UsageError
from mlrun.lint.check import check
from mlrun.lint.finding import FileReport, Mended
from mlrun.lint.rules.rule import Severity
from mlrun.lint.targets import targets_of

_HELP = """Find everything that is wrong in a project's files.

PATH is a project file, a python_env.yaml or conda.yaml, or a folder: its project file with the
environment files that it names, or those of all projects below.
"""


@click.command(help=_HELP)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Mend what nobody needs to think about.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.option("--strict", is_flag=True, help="Let notes fail, too.")
@click.option("--rule", "rules", metavar="RULE", multiple=True, help="Look for this rule alone.")
@click.option("--explain", metavar="RULE", help="Explain a rule, or list `all`.")
@click.option(
    "--output", "form", type=click.Choice(["text", "json", "github"]),
    help="What goes to standard output.  [default: text; both text and github's annotations"
    " where GITHUB_ACTIONS is true]",
)  # fmt: skip
def command(
    paths: tuple[Path, ...],
    fix: bool,
    diff: bool,
    strict: bool,
    rules: tuple[str, ...],
    explain: str | None,
    form: str | None,
) -> int:
    """Check, print, and return 1 where something was found."""
    if explain is not None:
        from mlrun.cli.lint_rules import explain_rule

        explain_rule(explain)
        return 0
    _refuse_contradictions(form, fix=fix, diff=diff)
    _refuse_unknown(rules)
    outcomes = _outcomes(paths or (Path(),), rules, is_mending=fix or diff)
    if fix:
        _write(outcomes)
    if diff:
        from mlrun.cli.lint_diff import print_diff

        print_diff(outcomes)
    else:
        _print(outcomes, form, is_fixed=fix)
    reports = [outcome.after if fix else outcome.before for outcome in outcomes]
    return int(any(_fails(report, strict=strict) for report in reports))


def _refuse_contradictions(form: str | None, *, fix: bool, diff: bool) -> None:
    if fix and diff:
        raise UsageError("--fix changes the files, and --diff does not", hint="give one of them")
    if diff and form not in (None, "text"):
        raise UsageError(f"--diff prints a diff, which is not --output {form}")


def _refuse_unknown(rules: Collection[str]) -> None:
    from mlrun.cli.lint_rules import find_rule

    for name in rules:
        find_rule(name)


def _outcomes(paths: Sequence[Path], rules: Collection[str], *, is_mending: bool) -> list[Mended]:
    outcomes = []
    for target in targets_of(paths):
        report = check(target)
        outcome = Mended(report, (), report)
        if is_mending:
            from mlrun.lint.mending import mend

            outcome = mend(target, report, rules)
        outcomes.append(_only(outcome, rules))
    return outcomes


def _only(outcome: Mended, rules: Collection[str]) -> Mended:
    """Leave out what is not asked for."""
    if not rules:
        return outcome
    return Mended(_of(outcome.before, rules), outcome.mended, _of(outcome.after, rules))


def _of(report: FileReport, rules: Collection[str]) -> FileReport:
    found = tuple(f for f in report.findings if f.problem.rule in rules)
    return FileReport(report.file, report.text, found)


def _write(outcomes: Sequence[Mended]) -> None:
    from mlrun.lint.writing import refuse_unwritable, write_text

    changed = [outcome for outcome in outcomes if outcome.mended]
    for outcome in changed:
        refuse_unwritable(outcome.after.file)
    for outcome in changed:
        before, after = outcome.before.text, outcome.after.text
        assert before is not None
        assert after is not None
        write_text(outcome.after.file, after, before=before)


def _print(outcomes: Sequence[Mended], form: str | None, *, is_fixed: bool) -> None:
    if form == "json":
        from mlrun.cli.lint_document import print_json

        print_json(outcomes)
        return
    if form != "github":
        from mlrun.cli.lint_text import print_text

        print_text(outcomes)
    if form == "github" or (form is None and os.environ.get("GITHUB_ACTIONS") == "true"):
        from mlrun.cli.lint_annotations import print_annotations

        print_annotations(outcome.after for outcome in outcomes)
    from mlrun.cli.lint_text import say_counts

    say_counts(outcomes, is_fixed=is_fixed)


def _fails(report: FileReport, *, strict: bool) -> bool:
    return any(strict or finding.severity is not Severity.NOTE for finding in report.findings)
