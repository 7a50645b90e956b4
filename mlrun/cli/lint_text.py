"""What `mlrun lint` finds, for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from mlrun.cli.narration import inert, printable, say
from mlrun.cli.streams import print_document
from mlrun.cli.style import Style, style_of
from mlrun.cli.wording import counted
from mlrun.lint.finding import FileReport, Finding, Mended
from mlrun.lint.rules.rule import Severity

_ABOUT_SECRETS = frozenset({"literal-secret", "open-password"})


def print_text(outcomes: Sequence[Mended]) -> None:
    """Print what was mended and what is found: on a terminal with the lines of the files."""
    style = style_of(1)
    lines = [line for outcome in outcomes for line in _lines(outcome, style)]
    if lines:
        print_document(inert("\n".join(lines) + "\n"))


def say_counts(outcomes: Sequence[Mended], *, is_fixed: bool) -> None:
    """Say how much was found, on standard error."""
    reports = [outcome.after for outcome in outcomes]
    found = Counter(finding.severity for report in reports for finding in report.findings)
    concerned = sum(bool(report.findings) for report in reports)
    words = ", ".join(counted(found[kind], kind.value) for kind in Severity if found[kind])
    if words:
        line = f"{words} in {counted(concerned, 'file')}"
    else:
        line = f"nothing found in {counted(len(reports), 'file')}"
    say(line + _about_mending(outcomes, reports, is_fixed=is_fixed))


def _about_mending(
    outcomes: Sequence[Mended], reports: Sequence[FileReport], *, is_fixed: bool
) -> str:
    if is_fixed:
        mended = sum(len(outcome.mended) for outcome in outcomes)
        return f"; {counted(mended, 'was', 'were')} mended" if mended else ""
    mendable = sum(bool(f.problem.edits) for report in reports for f in report.findings)
    return f"; {mendable} can be mended with --fix" if mendable else ""


def _lines(outcome: Mended, style: Style | None) -> Iterator[str]:
    for finding in outcome.mended:
        yield _first_line(finding, outcome.before, style, "mended")
    hidden = _lines_with_secrets(outcome.after)
    for finding in outcome.after.findings:
        yield _first_line(finding, outcome.after, style, finding.severity.value)
        yield from _below(finding, outcome.after, style, hidden)
        if style is not None:
            yield ""


def _first_line(finding: Finding, report: FileReport, style: Style | None, word: str) -> str:
    problem = finding.problem
    place = printable(str(problem.location or report.file))
    rule, message = f"[{problem.rule}]" if problem.rule else "", printable(problem.message)
    if style is not None:
        word, rule, message = style.kind(word), style.faint(rule), style.strong(message)
    return f"{place}: {word}{rule}: {message}"


def _lines_with_secrets(report: FileReport) -> frozenset[int | None]:
    """Return the lines that no finding shows, since one of them says that a secret is there."""
    found = (f.problem for f in report.findings if f.problem.rule in _ABOUT_SECRETS)
    return frozenset(one.location.line for one in found if one.location is not None)


def _below(
    finding: Finding, report: FileReport, style: Style | None, hidden: Collection[int | None]
) -> Iterator[str]:
    problem = finding.problem
    place = problem.location
    if style is not None and place is not None and place.line not in hidden:
        from mlrun.cli.excerpt import excerpt

        text = report.text if place.file == report.file else None
        lines = excerpt(problem, text, style=style, indent=2)
        yield from (f"  {line}" for line in lines)
    if problem.hint:
        yield f"  hint: {printable(problem.hint)}"
