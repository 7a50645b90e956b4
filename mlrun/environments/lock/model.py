"""A lock: what an environment is made of, to the file."""

from __future__ import annotations

from dataclasses import dataclass

COMPARED = ("sha256", "sha384", "sha512")
"""Hashes that installers of Python packages compare."""

_COMPARED_BY_CONDA = ("sha256", "md5")
_OF_ONE_KIND = ("uv", "virtualenv")
"""Managers that install the same packages: what one of them solved binds the other, too."""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package, as it was or will be installed.

    Attributes:
        kind: `conda` or `pypi`.
        name: Normalised.
        version: Its full version.
        url: Where its file is (`git+https://...@COMMIT` for what has no file); no login in it.
            None for what has no address of its own.
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


@dataclass(frozen=True, slots=True)
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
        asked: The specification's own lines, without logins: they tell what has changed when
            the lock fits no more.
    """

    manager: str
    digest: str
    platform: str
    python: str | None
    packages: tuple[LockedPackage, ...]
    as_of: str | None = None
    asked: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return a hash of what will be installed; goes into the environment's key.

        A file counts by its content where a hash of that is compared when it is installed: it
        may lie elsewhere tomorrow.
        """
        from mlrun.environments.fingerprint import digest_of

        packages = sorted(
            [p.kind, p.name, p.version, p.build or "", *p.hashes]
            + ([] if _is_known(p) else [p.url or ""])
            for p in self.packages
        )
        return digest_of([self.python, self.as_of, packages])


def _is_known(package: LockedPackage) -> bool:
    """Return whether a package that is another file would be refused."""
    compared = COMPARED if package.kind == "pypi" else _COMPARED_BY_CONDA
    return any(one.partition(":")[0] in compared for one in package.hashes)


@dataclass(frozen=True, slots=True)
class ProjectLock:
    """A project's `mlrun.lock`: one entry for each specification and platform."""

    environments: tuple[EnvironmentLock, ...]

    def fitting(self, manager: str, digest: str | None, platform: str) -> EnvironmentLock | None:
        """Return the entry for a specification, None where there is none that fits."""
        fitting = [
            entry
            for entry in self.environments
            if (entry.digest, entry.platform) == (digest, platform)
            and is_alike(entry.manager, manager)
        ]
        fitting.sort(key=lambda entry: entry.manager != manager)
        return fitting[0] if fitting else None


def is_alike(first: str, second: str) -> bool:
    """Return whether two managers install the same kind of packages."""
    return first == second or (first in _OF_ONE_KIND and second in _OF_ONE_KIND)
