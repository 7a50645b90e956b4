"""What a lock says, in the words of installers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.environments.lock.exactly import has_file, pylock_text, requirement
from mlrun.environments.lock.installed import _read_toml
from mlrun.environments.lock.model import LockedPackage

WHEEL = LockedPackage("pypi", "six", "1.17.0", "https://host/six-1.whl?a=b", ("sha256:00ff",))
SOURCE = LockedPackage("pypi", "old", "1", "https://host/old.tar.gz", ("md5:1", "sha256:22"))
REPOSITORY = LockedPackage("pypi", "own", "1", "git+https://host/own@abc")
UNKNOWN = LockedPackage("pypi", "pip", "25.0", None)


def read(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "pylock.toml"
    file.write_text(text, encoding="utf-8")
    return _read_toml(file)


def test_files_are_named_by_address_and_hash(tmp_path: Path) -> None:
    document = read(tmp_path, pylock_text([WHEEL, SOURCE]))
    assert document["lock-version"] == "1.0"
    wheel, source = document["packages"]
    assert wheel["wheels"] == [{"url": WHEEL.url, "hashes": {"sha256": "00ff"}}]
    assert (source["name"], source["version"]) == ("old", "1")
    assert source["sdist"] == {"url": SOURCE.url, "hashes": {"sha256": "22"}}


@pytest.mark.parametrize("package", [WHEEL, SOURCE])
def test_what_has_a_file(package: LockedPackage) -> None:
    assert has_file(package)


@pytest.mark.parametrize(
    "package",
    [REPOSITORY, UNKNOWN, LockedPackage("pypi", "a", "1", "https://host/a.whl", ("md5:1",))],
)
def test_what_has_none(package: LockedPackage) -> None:
    assert not has_file(package)


def test_requirements() -> None:
    assert requirement(SOURCE) == "old @ https://host/old.tar.gz --hash=sha256:22"
    assert requirement(REPOSITORY) == "own @ git+https://host/own@abc"
    assert requirement(UNKNOWN) == "pip==25.0"


def test_quotes_and_backslashes_end_no_text(tmp_path: Path) -> None:
    url = 'https://host/"\\é.whl'
    odd = LockedPackage("pypi", "odd", "1", url, ("sha256:00",))
    assert read(tmp_path, pylock_text([odd]))["packages"][0]["wheels"][0]["url"] == url
