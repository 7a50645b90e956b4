"""Conda packages of a lock are what was installed, wherever the channel lies now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.locked import file_of, locked_packages, records_of
from mlrun.environments.lock.model import LockedPackage
from mlrun.errors import ProjectError

SHA = "sha256:" + "ab" * 32


def package(url: str, name: str = "one", build: str = "py_0") -> LockedPackage:
    channel = url.rsplit("/", 2)[0]
    return LockedPackage("conda", name, "1.0", url, (SHA, "md5:" + "cd" * 16), build, channel)


def test_there_and_back() -> None:
    there = (
        package("https://host.test/c/noarch/one-1.0-py_0.conda"),
        package("https://host.test/c/linux-64/two-1.0-h12debd9_3.tar.bz2", "two", "h12debd9_3"),
    )
    records = records_of((*there, LockedPackage("pypi", "x", "1", None)), ())
    assert locked_packages(records) == there
    assert [record.build_number for record in records] == [0, 3]
    assert [record.subdir for record in records] == ["noarch", "linux-64"]
    assert file_of(records[0]) is None


@pytest.mark.parametrize(
    "channel", ["https://me:secret@host.test/c", "https://host.test/t/secret/c"]
)
def test_a_login_is_put_back_and_taken_out(channel: str) -> None:
    locked = package("https://host.test/c/noarch/one-1.0-py_0.conda")
    (record,) = records_of([locked], [ChannelUrl("c", channel)])
    assert record.url == f"{channel}/noarch/one-1.0-py_0.conda"
    assert locked_packages([record]) == (locked,)


def test_a_folder_may_lie_elsewhere_now(tmp_path: Path) -> None:
    file = tmp_path / "a b" / "noarch" / "one-1.0-py_0.conda"
    file.parent.mkdir(parents=True)
    file.touch()
    locked = package("file:///then/channel/noarch/one-1.0-py_0.conda")
    (record,) = records_of([locked], [ChannelUrl("c", (tmp_path / "a b").as_uri())])
    assert file_of(record) == file
    (record,) = records_of([locked], [ChannelUrl("c", (tmp_path / "other").as_uri())])
    assert file_of(record) == Path("/then/channel/noarch/one-1.0-py_0.conda")


def test_a_python_without_a_global_lock_says_where_its_packages_are() -> None:
    build = "h9a0_0_cp313t"
    locked = package(f"https://host.test/c/linux-64/python-1.0-{build}.conda", "python", build)
    (record,) = records_of([locked], ())
    assert record.python_site_packages_path == "lib/python3.13t/site-packages"


@pytest.mark.parametrize(
    "wrong",
    [
        {"build": "../../../x"},
        {"name": "a b"},
        {"version": "1--2--"},
        {"hashes": ("sha256:00ff",)},
        {"url": None},
        {"url": "one"},
        {"url": "file:///etc/passwd"},
        {"url": "https://host.test/c/noarch/..%2f..%2fone-1.0-py_0.conda"},
    ],
)
def test_an_entry_that_is_no_package_is_one_message(wrong: dict[str, Any]) -> None:
    locked = replace(package("https://host.test/c/noarch/one-1.0-py_0.conda"), **wrong)
    with pytest.raises(ProjectError, match="cannot be installed") as caught:
        records_of([locked], ())
    assert caught.value.hint == "write it anew: mlrun lock DIR"
