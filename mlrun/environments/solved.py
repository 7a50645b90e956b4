"""What the environments have in common whose packages mlrun chooses, and a lock can hold."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.errors import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from mlrun.environments.lock.model import EnvironmentLock


class SolvedEnvironment(ABC):
    """An `EnvironmentKind` that is solved: from a specification, or once and kept in a lock.

    Attributes:
        manager: `uv`, `virtualenv` or `conda`.
        as_of: Packages are chosen as if it were then, None for today; timezone-aware.
        pinned: Exactly what to install, None where the project has no lock that fits.
    """

    manager: str
    as_of: datetime | None
    pinned: EnvironmentLock | None

    @property
    @abstractmethod
    def location(self) -> Location:
        """Where the specification stands."""

    @abstractmethod
    def digest(self) -> str:
        """Return the hash of the specification and of all files that it names."""

    @abstractmethod
    def asked(self) -> tuple[str, ...]:
        """Return what the specification asks for, line by line and without logins, for a lock."""

    @abstractmethod
    def prepare(self, report: Report) -> PreparedEnvironment:
        """Make the environment, or find it made, as `EnvironmentKind.prepare` does."""

    def as_of_text(self) -> str | None:
        """Return the date that packages are chosen for, None for today."""
        if self.pinned is not None:
            return self.pinned.as_of
        if self.as_of is None:
            return None
        from mlrun.environments.lock.dates import date_text

        return date_text(self.as_of)
