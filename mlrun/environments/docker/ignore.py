"""Which files of a project belong into its image: `.dockerignore`, by docker's rules.

Source of the rules: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from errno import EINVAL
from pathlib import Path
from typing import NamedTuple

from mlrun.errors import EnvironmentBuildError, Location

USUAL = (
    *(".git", "**/__pycache__", "**/.ipynb_checkpoints", "mlruns", "mlartifacts", "mlflow.db*"),
    *(".venv", "**/.DS_Store"),
)
"""What is left out unless the project's own file takes it in again (`!mlruns`): the history,
and what runs leave behind, which would make each run's image another one."""


class Rule(NamedTuple):
    """One line of a `.dockerignore`.

    Attributes:
        pattern: Matches a whole path.
        takes_in: Whether it takes in again what earlier lines left out.
        text: As written, without what has no meaning.
    """

    pattern: re.Pattern[str]
    takes_in: bool
    text: str


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Return the rules for a project's folder: the usual ones, then its own.

    Raises:
        EnvironmentBuildError: Its `.dockerignore` cannot be read, or has a pattern that is none.
    """
    file = folder / ".dockerignore"
    try:
        if file.exists() and not file.is_file():
            raise OSError(EINVAL, "it is no file")  # noqa: TRY301
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except FileNotFoundError:
        text = ""
    except OSError as error:
        raise EnvironmentBuildError(
            f"{file} cannot be read: {error.strerror}", location=Location(file)
        ) from None
    return (*_rules(enumerate(USUAL, 1), file), *_rules(enumerate(text.splitlines(), 1), file))


def matching(rules: Sequence[Rule], path: str, above: frozenset[int]) -> frozenset[int]:
    """Return which rules match a path or a folder above it.

    Args:
        rules: All of them.
        path: Relative to the project's folder, with slashes.
        above: The answer for the folder that it is in.
    """
    own = (n for n, rule in enumerate(rules) if n not in above and rule.pattern.fullmatch(path))
    return above.union(own)


def is_left_out(rules: Sequence[Rule], matched: frozenset[int]) -> bool:
    """Return whether a path with these rules is left out: the last one decides."""
    return bool(matched) and not rules[max(matched)].takes_in


def may_be_taken_in(rules: Sequence[Rule], folder: str) -> bool:
    """Return whether something in a folder that is left out may be taken in again.

    Docker looks into such a folder only where a line names it in full: not for `!*/file`.
    """
    return any(rule.takes_in and f"{rule.text}/".startswith(f"{folder}/") for rule in rules)


def _rules(lines: Iterable[tuple[int, str]], file: Path) -> list[Rule]:
    return [rule for n, line in lines if (rule := _rule(line, Location(file, n))) is not None]


def _rule(line: str, location: Location) -> Rule | None:
    text = "" if line.startswith("#") else line.strip()
    takes_in = text.startswith("!")
    text = text.removeprefix("!").strip()
    if not text:
        return None
    text = posixpath.normpath(text).lstrip("/")
    if text in ("", "."):
        return None
    try:
        pattern = re.compile(_expression(text), re.DOTALL)
    except re.error:
        raise EnvironmentBuildError(
            f"the pattern {line!r} cannot be understood", location=location
        ) from None
    return Rule(pattern, takes_in, text)


_SIGNS = re.compile(r"(?P<all>\*\*/?)|\*|\?|\\(?P<escaped>.)|(?P<set>\[\^?[^\]]+\])|.", re.DOTALL)


def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern; `**` stands for any number of folders."""
    return "".join(_part(match, match.end() == len(pattern)) for match in _SIGNS.finditer(pattern))


def _part(match: re.Match[str], is_last: bool) -> str:
    sign = match[0]
    if match["all"]:
        return ".*" if is_last else "(?:.*/)?"
    if sign in ("*", "?"):
        return "[^/]*" if sign == "*" else "[^/]"
    if match["set"]:
        return sign.replace("[[", "[\\[")
    if sign == "[":
        raise re.error("a bracket that is not closed")
    return re.escape(match["escaped"] or sign)
