"""Make the changes that nobody needs to think about, and only where they do no harm."""

from __future__ import annotations

from bisect import bisect, bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate

import yaml

from mlrun.errors import Edit, ProjectError
from mlrun.lint.check import check
from mlrun.lint.finding import FileReport, Finding, Mended
from mlrun.lint.rules.rule import Severity
from mlrun.lint.targets import Target
from mlrun.project.reading.nodes import compose
from mlrun.project.reading.yaml_mending import apply_edits

_MOST_ROUNDS = 10
"""A mend may make room for the next one, but not for ever."""

_Scalars = list[tuple[int, int, tuple[str, str]]]


def mend(target: Target, report: FileReport, rules: Collection[str] = ()) -> Mended:
    """Mend what can be mended without thinking, in memory.

    Args:
        target: The file.
        report: What was found in it.
        rules: Those to look at; empty for all.
    """
    mended: list[Finding] = []
    current = report
    for _ in range(_MOST_ROUNDS):
        wanted = [f for f in current.findings if f.problem.edits and _is_among(f, rules)]
        found = _mended_once(target, current, wanted)
        if found is None:
            break
        current, done = found
        mended += done
    return Mended(report, tuple(mended), current)


def _is_among(finding: Finding, rules: Collection[str]) -> bool:
    return not rules or finding.problem.rule in rules


def _mended_once(
    target: Target, report: FileReport, wanted: Sequence[Finding]
) -> tuple[FileReport, list[Finding]] | None:
    """Return what is found after one round, and what was mended in it; None for nothing."""
    together = _not_overlapping(wanted)
    if not together or report.text is None:
        return None
    after = _applied(target, report, together)
    if after is not None:
        return after, together
    # One of them does harm: the others need not suffer for it.
    for finding in wanted:
        after = _applied(target, report, [finding]) if len(wanted) > 1 else None
        if after is not None:
            return after, [finding]
    return None


def _not_overlapping(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings whose edits leave each other alone, the first one first."""
    chosen: list[Finding] = []
    taken: list[Edit] = []
    for finding in findings:
        edits = finding.problem.edits
        if not any(_overlap(edit, other) for edit in edits for other in _beside(edit, taken)):
            chosen.append(finding)
            for edit in edits:
                insort(taken, edit)
    return chosen


def _beside(edit: Edit, taken: Sequence[Edit]) -> Sequence[Edit]:
    """Return the edits before and after the place of one among others, which leave gaps."""
    place = bisect(taken, edit)
    return taken[max(0, place - 1) : place + 1]


def _overlap(one: Edit, other: Edit) -> bool:
    return one.start == other.start or (one.start < other.end and other.start < one.end)


def _applied(target: Target, report: FileReport, findings: Sequence[Finding]) -> FileReport | None:
    """Return what is found after some edits; None where they do harm."""
    assert report.text is not None
    found = (edit for finding in findings for edit in finding.problem.edits)
    edits = _in_its_line_ends(found, report.text)
    text = apply_edits(report.text, edits)
    if text == report.text or not _means_the_same(target, report.text, text, edits):
        return None
    after = check(target, text)
    return after if _is_better(report, after, findings) else None


def _is_better(before: FileReport, after: FileReport, mended: Sequence[Finding]) -> bool:
    """Tell whether what was to be mended is gone, and a file that loads still does.

    One that does not load may show more errors now, of parts that could not be read before.
    """
    if _has_errors(after) and not _has_errors(before):
        return False
    old, new = _sayings(before.findings), _sayings(after.findings)
    return all(new[saying] < old[saying] for saying in _sayings(mended))


def _sayings(findings: Sequence[Finding]) -> Counter[tuple[str | None, str]]:
    return Counter((f.problem.rule, f.problem.message) for f in findings)


def _has_errors(report: FileReport) -> bool:
    return any(finding.severity is Severity.ERROR for finding in report.findings)


def _in_its_line_ends(edits: Iterable[Edit], text: str) -> list[Edit]:
    """Return edits in their order, with the line ends of the text's first line."""
    first = text.find("\n")
    end = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
    return sorted(edit._replace(text=edit.text.replace("\n", end)) for edit in edits)


def _means_the_same(target: Target, before: str, after: str, edits: Sequence[Edit]) -> bool:
    """Tell whether all values that no edit touches are read as they were."""
    try:
        old = _scalars(compose(before, target.file))
    except ProjectError:
        return True  # It meant nothing: whether it is better now is seen by what is found.
    try:
        new = _scalars(compose(after, target.file))
    except ProjectError:
        return False
    return _untouched(old, edits) == _untouched(new, list(_moved(edits)))


def _scalars(root: yaml.Node | None) -> _Scalars:
    """Return the values of a document in their order, each with its place in the text."""
    found: _Scalars = []
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            value = (node.tag, node.value)
            found.append((node.start_mark.index, node.end_mark.index, value))
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        else:
            waiting += node.value
    return sorted(found)


def _untouched(scalars: _Scalars, edits: Sequence[Edit]) -> list[tuple[str, str]]:
    """Return the values that no edit touches; the edits are in their order."""
    ends = list(accumulate((edit.end for edit in edits), max))

    def is_touched(start: int, end: int) -> bool:
        place = bisect_left(ends, start)
        return place < len(edits) and edits[place].start <= end

    return [v for start, end, v in scalars if start < end and not is_touched(start, end)]


def _moved(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the edits with the places that what they bring has in the new text."""
    shift = 0
    for edit in edits:
        start = edit.start + shift
        yield Edit(start, start + len(edit.text), edit.text)
        shift += len(edit.text) - (edit.end - edit.start)
