"""A lock: what an environment is made of, to the file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LockedPackage:
    """One package, as it was or will be installed.

    Attributes:
        kind: `conda` or `pypi`.
        name: Normalised.
        version: Its full version.
        url: Where its file is; no login in it. None for what has no address of its own.
        hashes: `sha256:...`, `md5:...`; empty where none is known.
        build: conda's build string, None for other kinds.
        channel: conda's channel, None for other kinds.
    """

    kind: str
    name: str
    version: str
    url: str | None
    hashes: tuple[str, ...] = ()
    build: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class EnvironmentLock:
    """What one specification was solved to, on one platform.

    Attributes:
        manager: `uv`, `virtualenv` or `conda`.
        digest: Of the specification (`EnvironmentKind.digest`): a lock fits as long as it is
            the same.
        platform: As `fingerprint.platform_name` gives it.
        python: Full version, None where the environment has no Python.
        packages: All that is installed, in the order of installation where that matters.
        as_of: The date that packages were chosen for, ISO 8601, None for the day of solving.
    """

    manager: str
    digest: str
    platform: str
    python: str | None
    packages: tuple[LockedPackage, ...]
    as_of: str | None = None

    def fingerprint(self) -> str:
        """Return a hash of what will be installed; goes into the environment's key."""
        raise NotImplementedError


@dataclass(frozen=True)
class ProjectLock:
    """A project's `mlrun.lock`: one entry for each specification and platform."""

    environments: tuple[EnvironmentLock, ...]

    def fitting(self, manager: str, digest: str | None, platform: str) -> EnvironmentLock | None:
        """Return the entry for a specification, None where there is none that fits."""
        raise NotImplementedError
