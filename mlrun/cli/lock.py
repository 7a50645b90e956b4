"""`mlrun lock`: exactly what a project's environment is made of, kept in the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mlrun.cli.narration import end_passing, say
from mlrun.cli.output import print_problem
from mlrun.cli.settings import Settled
from mlrun.cli.shared_options import AS_OF, CONDA_EXE, EXACT_PYTHON
from mlrun.environments.lock.model import EnvironmentLock, LockedPackage
from mlrun.errors import Problem
from mlrun.execution.interruption import signals_raise
from mlrun.folders import current_folder
from mlrun.locking import Locked, Locking, lock_problems, lock_project
from mlrun.request import RunRequest

_SHOWN = 20
"""Lines of changes that are shown of one environment."""


@click.command(cls=Settled)
@click.argument("folder", default=".")
@click.option(
    "--check",
    is_flag=True,
    help="Only say whether the lock fits the project; exit with 1 where it does not.",
)
@click.option("--upgrade", is_flag=True, help="Solve anew, also where the lock fits.")
@click.option(
    "--env-manager",
    type=click.Choice(("virtualenv", "uv", "conda")),
    help="What makes the environment; by default what the project asks for.",
)
@EXACT_PYTHON
@CONDA_EXE
@AS_OF
def command(folder: str, *, check: bool, upgrade: bool, **words: Any) -> int:
    """Solve the environment of the project in a folder, and write it into its mlrun.lock.

    A project with that file gets exactly what it says: these files, by address and hash, and
    this version of Python. What the lock says already stays as long as it fits.
    """
    request = RunRequest(uri=folder, cwd=current_folder(), **words)
    if check:
        return _check(request)
    with signals_raise():
        try:
            locking = lock_project(request, say, upgrade=upgrade)
        finally:
            end_passing()
    for line in _lines(locking):
        click.echo(line)
    for one in locking.environments:
        _warn_of_missing_addresses(one.new, locking.file)
    return 0


def _check(request: RunRequest) -> int:
    problems = lock_problems(request)
    for problem in problems:
        print_problem("error", problem)
    if not problems:
        click.echo("mlrun.lock fits the project")
    return 1 if problems else 0


def _lines(locking: Locking) -> Iterator[str]:
    for one in locking.environments:
        yield _title(one)
        changes = list(_changes(one.old, one.new)) if one.old is not None else []
        yield from (f"  {change}" for change in changes[:_SHOWN])
        if len(changes) > _SHOWN:
            yield f"  and {len(changes) - _SHOWN} more"
    yield f"wrote {locking.file}" if locking.is_written else f"{locking.file} holds still"


def _title(one: Locked) -> str:
    names = f" ({', '.join(one.names)})" if one.names else ""
    python = f", Python {one.new.python}" if one.new.python is not None else ""
    as_of = f", as of {one.new.as_of}" if one.new.as_of is not None else ""
    count = len(one.new.packages)
    packages = f"{count} package{'' if count == 1 else 's'}"
    return f"{one.new.manager}{names}{python}{as_of}: {packages}"


def _changes(old: EnvironmentLock, new: EnvironmentLock) -> Iterator[str]:
    if old.python != new.python:
        yield f"~ Python {old.python or 'none'} -> {new.python or 'none'}"
    before = {(package.kind, package.name): package for package in old.packages}
    after = {(package.kind, package.name): package for package in new.packages}
    for key in sorted({**before, **after}, key=lambda key: (key[1], key[0])):
        was, now = before.get(key), after.get(key)
        if was is None and now is not None:
            yield f"+ {now.name} {now.version}"
        elif now is None and was is not None:
            yield f"- {was.name} {was.version}"
        elif was is not None and now is not None and _is_other(was, now):
            yield f"~ {now.name} {_difference(was, now)}"


def _is_other(was: LockedPackage, now: LockedPackage) -> bool:
    known = was.hashes and now.hashes
    return (was.version, was.build) != (now.version, now.build) or (
        was.hashes != now.hashes if known else was.url != now.url
    )


def _difference(was: LockedPackage, now: LockedPackage) -> str:
    if was.version != now.version:
        return f"{was.version} -> {now.version}"
    if was.build != now.build:
        return f"{now.version} ({was.build} -> {now.build})"
    return f"{now.version} (another file)"


def _warn_of_missing_addresses(lock: EnvironmentLock, file: Path) -> None:
    names = [package.name for package in lock.packages if package.url is None]
    if names:
        say_names = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        message = f"no address is known of {say_names}: locked by version only"
        print_problem("warning", Problem(message, None, f"see {file}"))
