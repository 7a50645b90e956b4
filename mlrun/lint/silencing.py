"""Take out what comments silence, and find the comments that silence nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.errors import Edit, Location, Problem
from mlrun.lint.comments import IgnoreComment, MisspeltComment, NamedRule, comments
from mlrun.lint.rules.all import ALL_RULES
from mlrun.project.reading.nodes import location_at, shown

_UNKNOWN, _UNUSED = "unknown-rule", "unused-ignore"


@dataclass
class _Used:
    """A comment, and what it has silenced."""

    comment: IgnoreComment
    rules: set[str | None] = field(default_factory=set)

    def silences(self, problem: Problem) -> bool:
        """Tell whether it silences a problem, and remember that it did."""
        comment, place = self.comment, problem.location
        if comment.lines is not None and (place is None or place.line not in comment.lines):
            return False
        if not comment.rules and (comment.lines is None or not comment.is_open):
            return False
        if comment.rules and all(problem.rule != one.name for one in comment.rules):
            return False
        self.rules.add(problem.rule)
        return True


def without_silenced(
    problems: Iterable[Problem], file: Path, text: str, *, is_complete: bool
) -> list[Problem]:
    """Return the problems that no comment silences, and those of the comments themselves.

    Args:
        problems: All that was found in the file.
        file: As messages name it.
        text: What it holds.
        is_complete: Whether all that there is was found: otherwise a comment may be for what
            was not.
    """
    found = comments(text)
    if not found:
        return list(problems)
    asked = [_Used(comment) for comment in found if isinstance(comment, IgnoreComment)]
    left = _left(problems, asked)
    about = [_misspelt(each, file, text) for each in found if isinstance(each, MisspeltComment)]
    about += [problem for used in asked for problem in _unknown(used, file, text)]
    if is_complete:
        about += [problem for used in asked for problem in _unused(used, file, text)]
    # A comment for all rules is not for what is said of itself.
    return left + _left(about, [used for used in asked if used.comment.rules])


def _misspelt(comment: MisspeltComment, file: Path, text: str) -> Problem:
    message = f"{shown(comment.kind)} is nothing that a comment for mlrun can say"
    hint = f"write `# mlrun: {comment.meant}[RULE]`"
    return Problem(message, _place(file, text, comment.start, comment.end), hint, _UNKNOWN)


def _left(problems: Iterable[Problem], comments: list[_Used]) -> list[Problem]:
    # Each is asked, so that each knows what it silences.
    asked = ((problem, [used.silences(problem) for used in comments]) for problem in problems)
    return [problem for problem, answers in asked if not any(answers)]


def _unknown(used: _Used, file: Path, text: str) -> Iterable[Problem]:
    comment = used.comment
    for one in comment.rules:
        if one.name not in ALL_RULES:
            place = _place(file, text, one.start, one.end)
            yield Problem(f"there is no rule {shown(one.name)}", place, _meant(one.name), _UNKNOWN)
    if comment.next is not None and comment.lines is not None and comment.next.name in ALL_RULES:
        named = comment.next
        message = f"{shown(named.name)} has no brackets, so that all rules are silenced here"
        place, hint = _place(file, text, named.start, named.end), f"write `ignore[{named.name}]`"
        yield Problem(message, place, hint, _UNKNOWN)
    if not comment.rules and (comment.lines is None or not comment.is_open):
        kind = "ignore-file" if comment.lines is None else "ignore"
        place = _place(file, text, comment.start, comment.end)
        hint = f"write `# mlrun: {kind}[RULE]`"
        yield Problem(f"`{kind}` names no rule here", place, hint, _UNKNOWN)


def _unused(used: _Used, file: Path, text: str) -> Iterable[Problem]:
    comment = used.comment
    if comment.is_open:
        if comment.lines is not None and not used.rules:
            place = _place(file, text, comment.start, comment.end)
            yield _unused_problem("the comment silences nothing", place, comment.removal)
        return
    # What is said of comments comes later than whether they are used.
    unused = [one for one in comment.rules if one.name in ALL_RULES and _is_idle(one, used)]
    for one in unused:
        place = _place(file, text, one.start, one.end)
        edit = comment.removal if len(comment.rules) == 1 else _without(one, comment, unused)
        yield _unused_problem(f"the rule {shown(one.name)} is not broken here", place, edit)


def _is_idle(one: NamedRule, used: _Used) -> bool:
    return one.name not in (*used.rules, _UNKNOWN, _UNUSED)


def _without(one: NamedRule, comment: IgnoreComment, unused: list[NamedRule]) -> Edit | None:
    """Return the edit that takes a rule out of a list of several."""
    if len(unused) == len(comment.rules):
        # All go at once, with the first.
        return comment.removal if one is unused[0] else None
    position = comment.rules.index(one)
    if position + 1 < len(comment.rules):
        return Edit(one.start, comment.rules[position + 1].start, "")
    return Edit(comment.rules[position - 1].end, one.end, "")


def _unused_problem(message: str, place: Location, edit: Edit | None) -> Problem:
    edits = () if edit is None else (edit,)
    return Problem(message, place, "remove it", _UNUSED, edits)


def _meant(name: str) -> str:
    from mlrun.near_miss import near_miss

    near = near_miss(name, ALL_RULES)
    return f"did you mean `{near}`?" if near else "`mlrun lint --explain all` lists them"


def _place(file: Path, text: str, start: int, end: int) -> Location:
    place = location_at(file, text, start)
    assert place.column is not None
    return Location(file, place.line, place.column, end_column=place.column + end - start)
