"""What makes two locks the same, and which entry fits."""

from __future__ import annotations

from dataclasses import replace

from mlrun.environments.lock.model import EnvironmentLock, LockedPackage, ProjectLock

SIX = LockedPackage("pypi", "six", "1.17.0", "https://host/six.whl", ("sha256:00ff",))
OTHER = LockedPackage("pypi", "attrs", "1", "git+https://host/attrs@abc")
ENTRY = EnvironmentLock("uv", "abc", "linux-x86_64", "3.11.7", (SIX, OTHER))


def of(*packages: LockedPackage) -> str:
    return replace(ENTRY, packages=packages).fingerprint()


def test_a_fingerprint_is_of_what_will_be_installed() -> None:
    whole = ENTRY.fingerprint()
    assert of(OTHER, SIX) == whole
    assert replace(ENTRY, asked=("six",)).fingerprint() == whole
    assert of(replace(SIX, url="https://mirror/six.whl"), OTHER) == whole
    assert of(replace(SIX, hashes=("sha256:11",)), OTHER) != whole
    assert of(SIX, replace(OTHER, url="git+https://host/attrs@def")) != whole
    assert of(SIX) != whole
    assert replace(ENTRY, python="3.11.8").fingerprint() != whole
    assert replace(ENTRY, as_of="2023-05-01T23:59:59Z").fingerprint() != whole


def test_the_entry_of_the_specification_and_platform_fits() -> None:
    mac = replace(ENTRY, platform="darwin-arm64")
    conda = replace(ENTRY, manager="conda")
    lock = ProjectLock((mac, conda, ENTRY))
    assert lock.fitting("uv", "abc", "linux-x86_64") is ENTRY
    assert lock.fitting("uv", "abc", "darwin-arm64") is mac
    assert lock.fitting("conda", "abc", "linux-x86_64") is conda
    assert lock.fitting("uv", "abd", "linux-x86_64") is None
    assert lock.fitting("uv", None, "linux-x86_64") is None
    assert lock.fitting("conda", "abc", "darwin-arm64") is None


def test_uv_and_virtualenv_install_the_same_packages() -> None:
    assert ProjectLock((ENTRY,)).fitting("virtualenv", "abc", "linux-x86_64") is ENTRY
    own = replace(ENTRY, manager="virtualenv")
    assert ProjectLock((ENTRY, own)).fitting("virtualenv", "abc", "linux-x86_64") is own


def test_a_file_whose_hash_nobody_compares_counts_by_its_place() -> None:
    first = LockedPackage("pypi", "six", "1", "https://host/six.whl", ("md5:00ff",))
    elsewhere = replace(first, url="https://other.example/six.whl")
    assert of(first) != of(elsewhere)
    compared = replace(first, kind="conda"), replace(elsewhere, kind="conda")
    assert of(compared[0]) == of(compared[1])
