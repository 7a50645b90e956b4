"""Conda packages that no environment links to."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from mlrun.environments.conda.unused_packages import remove_package, unused_packages


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "conda" / "pkgs"


def fetched(packages: Path, name: str, days: float = 40) -> Path:
    """Put a package there that was fetched so long ago."""
    package = packages / name
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "tool").write_text("tool")
    package.with_name(f"{name}.lock").touch()
    moment = time.time() - days * 86400
    os.utime(package, (moment, moment))
    return package


def unused(environ: dict[str, str] | None = None) -> list[str]:
    month_ago = time.time() - 30 * 86400
    return [package.name for package in unused_packages(environ or {}, month_ago)]


def test_old_packages_without_links_are_unused(packages: Path, tmp_path: Path) -> None:
    old, linked = fetched(packages, "old-1-0"), fetched(packages, "linked-1-0")
    fetched(packages, "new-1-0", days=1)
    os.link(linked / "bin" / "tool", tmp_path / "environment-tool")
    assert unused() == ["old-1-0"]
    assert remove_package(old)
    assert not remove_package(linked)
    assert {path.name for path in packages.iterdir()} == {
        *("linked-1-0", "linked-1-0.lock", "new-1-0", "new-1-0.lock")
    }


def test_one_that_is_being_linked_stays(packages: Path) -> None:
    package = fetched(packages, "old-1-0")
    with open(packages / "old-1-0.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert not remove_package(package)
        assert (package / "bin" / "tool").exists()
    assert remove_package(package)


def test_a_folder_that_others_use_is_left_alone(tmp_path: Path) -> None:
    fetched(tmp_path / "shared" / "pkgs", "old-1-0")
    assert unused({"RATTLER_CACHE_DIR": str(tmp_path / "shared")}) == []


def test_no_cache_has_no_packages() -> None:
    assert unused() == []


def test_what_was_unpacked_in_part_is_unused_too(packages: Path) -> None:
    partial = fetched(packages, ".big-1-0Ab3x9Z")
    partial.with_name(f"{partial.name}.lock").unlink()
    lock = packages / ".cache.lock"
    lock.touch()
    assert unused() == [partial.name]
    with open(lock) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not remove_package(partial)
    assert remove_package(partial)
    assert list(packages.iterdir()) == [lock]
