"""Whether a project's lock fits what the project asks for."""

from __future__ import annotations

from mlrun.environments.base import EnvironmentKind
from mlrun.environments.lock.model import EnvironmentLock, ProjectLock
from mlrun.errors import Location


def pinned_by(
    lock: ProjectLock | None, kind: EnvironmentKind, location: Location, *, must_fit: bool
) -> EnvironmentLock | None:
    """Return the lock's entry for an environment, None where it has none that fits.

    Args:
        lock: The project's, None where it has none.
        kind: The environment, as it is asked for.
        location: Where it is asked for.
        must_fit: Whether the user asked for the lock (`--locked`).

    Raises:
        ProjectError: `must_fit`, and there is none, or the specification has changed since.
    """
    raise NotImplementedError
