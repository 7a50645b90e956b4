"""Whether a project's lock fits what the project asks for."""

from __future__ import annotations

from mlrun.environments.fingerprint import platform_name
from mlrun.environments.lock.model import EnvironmentLock, ProjectLock, is_alike
from mlrun.environments.solved import SolvedEnvironment
from mlrun.errors import Problem, ProjectError

_SHOWN = 5
"""Lines of a specification that a message names."""


def pinned_by(
    lock: ProjectLock | None, kind: SolvedEnvironment, *, must_fit: bool
) -> EnvironmentLock | None:
    """Return the lock's entry for an environment, None where it has none that fits.

    Args:
        lock: The project's, None where it has none.
        kind: The environment, as it is asked for.
        must_fit: Whether the user asked for the lock (`--locked`).

    Raises:
        ProjectError: `must_fit`, and there is none, or the specification has changed since.
    """
    entry = lock.fitting(kind.manager, kind.digest(), platform_name()) if lock else None
    if entry is not None and _is_of_date(entry, kind):
        return entry
    if must_fit:
        problem = misfit(lock, kind)
        raise ProjectError(problem.message, location=problem.location, hint=problem.hint)
    return None


def unfitting(lock: ProjectLock | None, kind: SolvedEnvironment) -> Problem | None:
    """Return the warning for a project whose lock is there and does not hold, else None."""
    if lock is None or pinned_by(lock, kind, must_fit=False) is not None:
        return None
    problem = misfit(lock, kind)
    return Problem(f"{problem.message}; solving anew", problem.location, problem.hint)


def misfit(lock: ProjectLock | None, kind: SolvedEnvironment) -> Problem:
    """Return why a lock, for which `pinned_by` gives nothing, does not hold."""
    location, hint = kind.location, "write the lock anew: mlrun lock DIR"
    if lock is None:
        return Problem("the project has no mlrun.lock", location, "write one: mlrun lock DIR")
    platform, digest = platform_name(), kind.digest()
    alike = [entry for entry in lock.environments if is_alike(entry.manager, kind.manager)]
    if not alike:
        what = f"mlrun.lock has nothing for an environment that {kind.manager} makes"
        return Problem(what, location, hint)
    same = [entry for entry in alike if entry.digest == digest]
    if any(entry.platform == platform for entry in same):
        dates = {entry.as_of or "the day it was written" for entry in same}
        what = f"mlrun.lock is as of {' and '.join(sorted(dates))}, and another date is asked for"
        return Problem(what, location, "write the lock anew: mlrun lock DIR --as-of DATE")
    if same:
        others = ", ".join(sorted(entry.platform for entry in same))
        what = f"mlrun.lock is for {others}, and has nothing for this machine ({platform})"
        return Problem(what, location, "add an entry for it: mlrun lock DIR")
    changes = _changes(alike, kind)
    what = "the environment's specification has changed since mlrun.lock was written"
    return Problem(f"{what}{changes}", location, hint)


def _is_of_date(entry: EnvironmentLock, kind: SolvedEnvironment) -> bool:
    """Return whether an entry is of the date that the user asks for, if any."""
    if kind.as_of is None:
        return True
    from mlrun.environments.lock.dates import date_text

    return entry.as_of == date_text(kind.as_of)


def _changes(entries: list[EnvironmentLock], kind: SolvedEnvironment) -> str:
    """Return which lines came and went, where the lock knows that."""
    lines = kind.asked()
    before = [entry for entry in entries if entry.asked]
    if len({entry.asked for entry in before}) != 1 or not lines:
        return ""
    old, new = set(before[0].asked), set(lines)
    changed = [f"+{line}" for line in lines if line not in old]
    changed += [f"-{line}" for line in before[0].asked if line not in new]
    if not changed:
        return ""
    more = f", and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f" ({', '.join(changed[:_SHOWN])}{more})"
