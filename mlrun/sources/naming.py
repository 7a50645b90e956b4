"""Problems of a fetched project, by its address: its folder is gone when somebody reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from mlrun.errors import Location, MlrunError, Problem
from mlrun.sources.base import Checkout


@contextmanager
def named_by_address(checkout: Checkout) -> Iterator[None]:
    """Let the errors of a block name a fetched project's files by its address.

    Those of a project in place are left as they are.
    """
    try:
        yield
    except MlrunError as error:
        if checkout.own is not None:
            error.problems = tuple(renamed(problem, checkout) for problem in error.problems)
            error.args = (error.message,)
        raise


def renamed(problem: Problem, checkout: Checkout) -> Problem:
    """Return a problem with the paths below the run's own folder named by the address.

    A place becomes `FILE:LINE:COLUMN of URI at COMMIT`, and a path in a sentence `URI#PATH`, or
    `PATH` where the place says what it is of.
    """
    if checkout.own is None:
        return problem
    place = _place(problem.location, checkout) if problem.location is not None else None
    root, uri = os.fspath(checkout.own.path), checkout.uri.partition("#")[0]
    beginning = f"{uri}#" if place is None or place.of is None else ""

    def text(words: str) -> str:
        return words.replace(f"{root}/", beginning).replace(root, uri)

    hint = text(problem.hint) if problem.hint is not None else None
    return replace(problem, message=text(problem.message), location=place, hint=hint)


def _place(location: Location, checkout: Checkout) -> Location:
    assert checkout.own is not None
    if not location.file.is_relative_to(checkout.own.path):
        return location
    commit = checkout.provenance.commit if checkout.provenance is not None else None
    uri = checkout.uri.partition("#")[0]
    of = f"{uri} at {commit[:7]}" if commit is not None else uri
    file = location.file.relative_to(checkout.own.path)
    return replace(location, file=file, of=of, source_line=_line_at(location))


def _line_at(location: Location) -> str | None:
    """Return the line that a place is on, which nobody can read when the folder is gone."""
    if location.line is None or location.source_line is not None:
        return location.source_line
    try:
        with location.file.open(encoding="utf-8-sig", errors="replace") as stream:
            return next(islice(stream, location.line - 1, None), None)
    except OSError:
        return None
