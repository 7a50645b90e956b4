"""Writes what a project's environments are solved to into its `mlrun.lock`."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from mlrun.environments.base import Report
from mlrun.environments.errand import Errand, on_errand
from mlrun.environments.fingerprint import platform_name
from mlrun.environments.lock.document import (
    LOCK_FILE,
    read_lock,
    write_project_lock,
)
from mlrun.environments.lock.fitting import misfit, pinned_by
from mlrun.environments.lock.model import EnvironmentLock, ProjectLock, is_alike
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.environments.solved import SolvedEnvironment
from mlrun.errors import EnvironmentBuildError, Location, Problem, ProjectError, UsageError
from mlrun.planning import environment_options
from mlrun.project.load import load_project
from mlrun.project.model import Environment, Project
from mlrun.request import RunRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """One environment that a project asks for, by itself or at some entry points.

    Attributes:
        names: Of the entry points; empty for the project's own.
        kind: What makes it.
    """

    names: tuple[str, ...]
    kind: SolvedEnvironment


@dataclass(frozen=True, slots=True)
class Locked:
    """What came of one environment.

    Attributes:
        names: Of the entry points that asked for it; empty for the project's own.
        old: What the lock said before, None where it said nothing.
        new: What it says now; the same object where that holds still.
    """

    names: tuple[str, ...]
    old: EnvironmentLock | None
    new: EnvironmentLock


@dataclass(frozen=True, slots=True)
class Locking:
    """What `lock_project` did.

    Attributes:
        file: The lock.
        is_written: Whether it was written; false where it held still.
        environments: What came of each.
    """

    file: Path
    is_written: bool
    environments: tuple[Locked, ...]


def lock_project(request: RunRequest, report: Report, *, upgrade: bool) -> Locking:
    """Solve what a project asks for, and write it into its `mlrun.lock`.

    What the lock says already stays, as long as it fits. Entries for other platforms stay, too.

    Args:
        request: `uri`, a folder; and what is said about the environment.
        report: Takes lines about what is built.
        upgrade: Whether to solve anew what the lock says already.

    Raises:
        MlrunError: It is no folder, nothing in it can be locked, or it cannot be built.
    """
    project, options = _opened(request)
    lock = options.lock or ProjectLock(())
    asked = _lockable(project, replace(options, lock=None))
    fresh = tuple(one.kind.digest() for one in asked)
    done = []
    for one in asked:
        fitting = pinned_by(lock, one.kind, must_fit=False)
        old = fitting or _forerunner(lock, one.kind, fresh)
        if fitting is None or upgrade:
            dated = _dated(one, old, project, options, upgrade=upgrade)
            new = _solve(dated, project, report, upgrade=upgrade)
        else:
            new = fitting
        done.append(Locked(one.names, old, new))
    result = _merged(lock, [one.new for one in done])
    if result.environments == lock.environments:
        return Locking(project.folder / LOCK_FILE, False, tuple(done))
    return Locking(write_project_lock(project.folder, result), True, tuple(done))


def lock_problems(request: RunRequest) -> tuple[Problem, ...]:
    """Return why a project's lock does not hold; nothing where it does. Builds nothing.

    Raises:
        MlrunError: It is no folder, or nothing in it can be locked.
    """
    project, options = _opened(request)
    return tuple(
        misfit(options.lock, one.kind)
        for one in _lockable(project, replace(options, lock=None))
        if pinned_by(options.lock, one.kind, must_fit=False) is None
    )


def _opened(request: RunRequest) -> tuple[Project, EnvironmentOptions]:
    folder = Path(os.path.abspath(request.cwd / Path(request.uri).expanduser()))
    if not folder.is_dir():
        raise UsageError(
            f"a lock is written into a project's folder, and {request.uri!r} is none",
            hint="clone the project, and lock it there",
        )
    project = load_project(folder)
    return project, replace(environment_options(request, project), locked=False)


def _lockable(project: Project, options: EnvironmentOptions) -> tuple[Asked, ...]:
    """Return the environments that a lock can hold.

    Raises:
        ProjectError: There is none.
    """
    found = [
        (names, environments, choose_environment(environments, options))
        for environments, names in _asked(project)
    ]
    # A `uv.lock` is a lock already, and what the system or an image holds is not mlrun's to choose.
    lockable = tuple(Asked(n, kind) for n, _, kind in found if isinstance(kind, SolvedEnvironment))
    if lockable:
        return lockable
    locations = (environments[0].location for _, environments, _ in found if environments)
    location = next(locations, Location(project.file or project.folder))
    raise _nothing_to_lock({kind.manager for _, _, kind in found}, location)


def _asked(project: Project) -> list[tuple[tuple[Environment, ...], tuple[str, ...]]]:
    """Return what is asked for, with the names of the entry points that do so."""
    asked: list[tuple[tuple[Environment, ...], list[str]]] = []
    if project.environments or not any(e.environments for e in project.entry_points.values()):
        asked.append((project.environments, []))
    for name, entry_point in project.entry_points.items():
        own = entry_point.environments
        if not own or own == project.environments:
            continue
        names = next((names for environments, names in asked if environments == own), None)
        if names is None:
            asked.append((own, [name]))
        else:
            names.append(name)
    return [(environments, tuple(names)) for environments, names in asked]


def _nothing_to_lock(managers: set[str], location: Location) -> ProjectError:
    if "docker" in managers:
        return ProjectError(
            "the project runs in a container, and mlrun.lock holds packages",
            location=location,
            hint="name the image by its digest: image@sha256:...",
        )
    if "uv" in managers:
        return ProjectError(
            "the project has a uv.lock, which says exactly what it gets",
            location=location,
            hint="`uv lock` writes that one",
        )
    return ProjectError(
        "the project runs in the system's environment, which mlrun does not make",
        location=location,
        hint="name an environment: python_env, conda_env, or a requirements.txt",
    )


def _dated(
    asked: Asked,
    old: EnvironmentLock | None,
    project: Project,
    options: EnvironmentOptions,
    *,
    upgrade: bool,
) -> Asked:
    """Keep to the date of the lock that is replaced, unless another one is asked for."""
    if upgrade or options.as_of is not None or old is None or old.as_of is None:
        return asked
    from datetime import datetime, timezone

    from mlrun.environments.lock.dates import parse_as_of

    as_of = parse_as_of(old.as_of, datetime.now(timezone.utc))
    dated = _lockable(project, replace(options, lock=None, as_of=as_of))
    return next(one for one in dated if one.names == asked.names)


def _solve(asked: Asked, project: Project, report: Report, *, upgrade: bool) -> EnvironmentLock:
    """Build the environment, or find it built, and return what is in it."""
    place = str(project.folder)
    lock = None if upgrade else _prepared_lock(asked.kind, report, Errand(place))
    if lock is None:
        lock = _prepared_lock(asked.kind, report, Errand(place, anew=True))
    if lock is None:
        raise EnvironmentBuildError(
            f"what {asked.kind.manager} installed is not known, so it cannot be locked",
            location=asked.kind.location,
        )
    return lock


def _prepared_lock(
    kind: SolvedEnvironment, report: Report, errand: Errand
) -> EnvironmentLock | None:
    with on_errand(errand):
        prepared = kind.prepare(report)
    try:
        return read_lock(prepared.lock) if prepared.lock is not None else None
    finally:
        prepared.release()


def _forerunner(
    lock: ProjectLock, kind: SolvedEnvironment, fresh: tuple[str, ...]
) -> EnvironmentLock | None:
    """Return what the lock says of an earlier specification, or date, of an environment."""
    platform, digest = platform_name(), kind.digest()
    here = [e for e in lock.environments if e.platform == platform]
    alike = [e for e in here if is_alike(e.manager, kind.manager)]
    same = [e for e in alike if e.digest == digest]
    rest = [e for e in alike if e.digest not in fresh]
    return next(iter((*same, *rest)), None)


def _merged(lock: ProjectLock, new: list[EnvironmentLock]) -> ProjectLock:
    """Return the lock with new entries, without those of this platform that they replace."""
    managers = [entry.manager for entry in new]
    kept = [
        entry
        for entry in lock.environments
        if entry.platform != platform_name()
        or not any(is_alike(entry.manager, manager) for manager in managers)
    ]
    return ProjectLock((*_ordered([*kept, *new]),))


def _ordered(entries: list[EnvironmentLock]) -> list[EnvironmentLock]:
    unique = {(e.manager, e.digest, e.platform): e for e in entries}
    return [unique[key] for key in sorted(unique)]
