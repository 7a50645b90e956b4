"""Which versions of Python an environment's file accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, int, int]
"""Major, minor and patch number of an interpreter."""

_CLAUSE = re.compile(r"(===?|=|~=|!=|>=|<=|>|<)?\s*v?(\d+(?:\.\d+){0,2})(\.[*x])?")


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison; `numbers` has one to three parts, and only so many are compared."""

    operator: str
    numbers: tuple[int, ...]

    def accepts(self, version: Version) -> bool:
        """Return whether a version fulfils the comparison.

        Versions are compared as far as the clause is written: `<=3.9` accepts 3.9.18.
        """
        given = version[: len(self.numbers)]
        if self.operator == "==":
            return given == self.numbers
        if self.operator == "!=":
            return given != self.numbers
        if self.operator == "<":
            return given < self.numbers
        if self.operator == "<=":
            return given <= self.numbers
        if self.operator == ">":
            return given > self.numbers
        return given >= self.numbers


@dataclass(frozen=True, slots=True)
class PythonRequest:
    """What a project asks for.

    Attributes:
        clauses: All must hold; none means that any version will do.
    """

    clauses: tuple[Clause, ...] = ()

    def accepts(self, version: Version) -> bool:
        """Return whether an interpreter of this version serves."""
        return all(clause.accepts(version) for clause in self.clauses)

    def may_accept(self, known: tuple[int, ...]) -> bool:
        """Return whether a version of which only the first parts are known could serve."""
        fixed = (
            clause.numbers[: len(known)] == known[: len(clause.numbers)]
            for clause in self.clauses
            if clause.operator == "=="
        )
        return all(fixed) if len(known) < 3 else self.accepts((known[0], known[1], known[2]))

    @property
    def exact(self) -> Version | None:
        """The one version that is asked for, if it is a single one."""
        for clause in self.clauses:
            if clause.operator == "==" and len(clause.numbers) == 3:
                return (clause.numbers[0], clause.numbers[1], clause.numbers[2])
        return None

    @property
    def is_open(self) -> bool:
        """Whether more than one minor version may serve."""
        return not any(c.operator == "==" and len(c.numbers) > 1 for c in self.clauses)

    def any_patch(self) -> PythonRequest:
        """Return the request for any patch version in place of an exact one."""
        exact = self.exact
        return PythonRequest((Clause("==", exact[:2]),)) if exact else self

    def __str__(self) -> str:
        """Return the request in the form that uv takes."""
        if len(self.clauses) == 1 and self.clauses[0].operator == "==":
            return ".".join(map(str, self.clauses[0].numbers))
        return ",".join(_specifier(clause) for clause in self.clauses) or "3"


def parse_request(text: str | None) -> PythonRequest:
    """Read a version (`3.8.15`, `3.11`, `3.*`) or comparisons (`>=3.9,<3.12`, `==3.8.*`).

    Raises:
        ValueError: It is neither.
    """
    if text is None:
        return PythonRequest()
    plain = re.sub(r"(?i)^(c?python)(?![\w.])[\s-]*|^c?python(?=\d)", "", text.strip())
    if plain in ("", "*"):
        return PythonRequest()
    clauses: list[Clause] = []
    for part in plain.split(","):
        found = _CLAUSE.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"{text!r} is not a version of Python")
        clauses += _clauses(found)
    return PythonRequest(tuple(clauses))


def format_version(version: tuple[int, ...]) -> str:
    """Return `3.8.15` for (3, 8, 15)."""
    return ".".join(map(str, version))


def parse_version(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a version (`3.8.15`, `3.13.0rc1`); empty if there are none."""
    found = re.match(r"\d+(\.\d+){0,2}", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def _clauses(found: re.Match[str]) -> list[Clause]:
    operator, numbers = found[1] or "==", tuple(map(int, found[2].split(".")))
    if operator == "~=":
        return [Clause(">=", numbers), Clause("==", numbers[: max(1, len(numbers) - 1)])]
    return [Clause("==" if operator.strip("=") == "" else operator, numbers)]


def _specifier(clause: Clause) -> str:
    numbers = ".".join(map(str, clause.numbers))
    wildcard = ".*" if clause.operator in ("==", "!=") and len(clause.numbers) < 3 else ""
    return f"{clause.operator}{numbers}{wildcard}"
