"""From a project to its environment alone: fetch, load, choose. No value is bound, nothing runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlrun.environments.base import EnvironmentKind
from mlrun.environments.select import choose_environment
from mlrun.planning import environment_options
from mlrun.project.load import find_entry_point, load_project
from mlrun.request import RunRequest
from mlrun.sources.base import Checkout, FetchRequest, Report, ignore
from mlrun.sources.fetch import fetch
from mlrun.sources.naming import named_by_address


def choose_for(
    request: RunRequest, report: Report = ignore, *, any_entry_point: bool = False
) -> tuple[Checkout, EnvironmentKind]:
    """Return a project's folder and the environment that it asks for; nothing is built.

    Whoever gets the result releases the checkout when the environment is no longer needed.

    Args:
        request: `uri`, `version`, `entry_point`, and what is said about the environment.
        report: Takes lines about how the project is fetched.
        any_entry_point: Take the project's own environment where it has no such entry point.

    Raises:
        MlrunError: The project cannot be fetched or understood, or not by what is asked.
    """
    checkout = fetch(
        FetchRequest(
            uri=request.uri,
            version=request.version,
            cwd=request.cwd,
            offline=request.offline,
            may_ask=request.terminal and os.isatty(0) and os.isatty(2),
        ),
        report,
    )
    try:
        with named_by_address(checkout):
            return checkout, _choose(checkout, request, any_entry_point=any_entry_point)
    except BaseException:
        checkout.release()
        raise


@contextmanager
def chosen_for(
    request: RunRequest, report: Report = ignore, *, any_entry_point: bool = False
) -> Iterator[tuple[Checkout, EnvironmentKind]]:
    """Do as `choose_for`, name errors by the project's address, and release it at the end."""
    checkout, kind = choose_for(request, report, any_entry_point=any_entry_point)
    try:
        with named_by_address(checkout):
            yield checkout, kind
    finally:
        checkout.release()


def _choose(checkout: Checkout, request: RunRequest, *, any_entry_point: bool) -> EnvironmentKind:
    project = load_project(checkout.path)
    asked = project.environments
    if not any_entry_point or request.entry_point in project.entry_points:
        asked = find_entry_point(project, request.entry_point).environments or asked
    return choose_environment(asked, environment_options(request, project))
