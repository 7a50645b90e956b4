"""Locks as files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.lock.document import (
    LOCK_FILE,
    read_lock,
    read_project_lock,
    write_lock,
    write_project_lock,
)
from mlrun.environments.lock.model import EnvironmentLock, LockedPackage, ProjectLock
from mlrun.errors import ProjectError

SCHEMA = json.loads((Path(__file__).parents[4] / "schemas/lock.schema.json").read_text())
SIX = LockedPackage("pypi", "six", "1.17.0", "https://host/six.whl", ("sha256:00ff",))
ENTRY = EnvironmentLock("uv", "abc", "linux-x86_64", "3.11.7", (SIX,), asked=("six",))

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1).filter(
    lambda text: not {*text} & {"/", "\\"}
)
packages = st.builds(
    LockedPackage,
    st.sampled_from(["conda", "pypi"]),
    words,
    words,
    st.none() | texts.filter(lambda text: not text.startswith("./")),
    st.lists(st.sampled_from(["sha256:00ff", "md5:1a"]), unique=True).map(tuple),
    st.none() | texts,
    st.none() | texts,
)
entries = st.builds(
    EnvironmentLock,
    st.sampled_from(["uv", "virtualenv", "conda"]),
    texts,
    texts,
    st.none() | texts,
    st.lists(packages, unique_by=lambda p: (p.kind, p.name)).map(
        lambda found: tuple(sorted(found, key=lambda p: (p.kind, p.name)))
    ),
    st.none() | st.just("2023-05-01T23:59:59Z"),
    st.lists(texts).map(tuple),
)


@given(st.lists(entries, max_size=3, unique_by=lambda e: (e.manager, e.digest, e.platform)))
def test_a_project_lock_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, found: list[EnvironmentLock]
) -> None:
    folder = tmp_path_factory.mktemp("project")
    file = write_project_lock(folder, ProjectLock(tuple(found)))
    assert file == folder / LOCK_FILE
    jsonschema.validate(json.loads(file.read_text(encoding="utf-8")), SCHEMA)
    read = read_project_lock(folder)
    assert read is not None
    assert sorted(map(repr, read.environments)) == sorted(map(repr, found))
    assert [path.name for path in folder.iterdir()] == [LOCK_FILE]


def test_a_package_is_a_line_and_the_order_is_no_matter(tmp_path: Path) -> None:
    more = LockedPackage("pypi", "attrs", "1", None)
    one = write_project_lock(tmp_path, ProjectLock((entry(SIX, more),))).read_text()
    two = write_project_lock(tmp_path, ProjectLock((entry(more, SIX),))).read_text()
    assert one == two
    lines = one.splitlines()
    assert sum('"six"' in line and "sha256:00ff" in line for line in lines) == 1
    fewer = write_project_lock(tmp_path, ProjectLock((entry(SIX),))).read_text().splitlines()
    assert len(set(lines) ^ set(fewer)) == 1
    assert "mlrun lock" in lines[1]


def entry(*found: LockedPackage) -> EnvironmentLock:
    return EnvironmentLock("uv", "abc", "linux-x86_64", None, found)


def test_files_of_the_project_move_with_it(tmp_path: Path) -> None:
    here, there = tmp_path / "a b", tmp_path / "there"
    here.mkdir()
    wheel = LockedPackage("pypi", "own", "1", (here / "wheels/own.whl").as_uri())
    file = write_project_lock(here, ProjectLock((entry(wheel),)))
    assert '"./wheels/own.whl"' in file.read_text()
    here.rename(there)
    read = read_project_lock(there)
    assert read is not None
    assert read.environments[0].packages[0].url == (there / "wheels/own.whl").as_uri()


def test_no_lock(tmp_path: Path) -> None:
    assert read_project_lock(tmp_path) is None
    assert read_lock(tmp_path / "lock.json") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column 1"),
        ("<<<<<<< HEAD\n{}\n=======\n>>>>>>> other\n", "merge"),
        ("[]", "not a lock"),
        ('{"version": 1}', "not a lock"),
        ('{"version": 1, "environments": [{"manager": 3}]}', "not a lock"),
        ('{"version": 2, "environments": []}', "newer mlrun"),
        ("\xff", "Expecting value"),
    ],
)
def test_what_is_no_lock_is_one_message(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / LOCK_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=said) as caught:
        read_project_lock(tmp_path)
    assert caught.value.location is not None
    assert caught.value.location.file == tmp_path / LOCK_FILE
    assert "mlrun lock" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "six\n--index-url https://elsewhere.example"},
        {"name": "../six"},
        {"version": "1/../../x"},
        {"version": "1 --global-option=x"},
        {"kind": "other"},
        {"url": "https://host/six.whl\n-r /etc/passwd"},
        {"hashes": ["sha256"]},
        {"hashes": ["sha256:zz"]},
        {"build": "py_0\0"},
    ],
)
def test_an_entry_that_could_mean_something_else_is_refused(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    file = write_project_lock(tmp_path, ProjectLock((ENTRY,)))
    document = json.loads(file.read_text())
    document["environments"][0]["packages"][0].update(wrong)
    file.write_text(json.dumps(document))
    with pytest.raises(ProjectError, match="not a lock"):
        read_project_lock(tmp_path)


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).symlink_to("/dev/zero")
    with pytest.raises(ProjectError, match="no file of a lock's size"):
        read_project_lock(tmp_path)
    (tmp_path / LOCK_FILE).unlink()
    os.mkfifo(tmp_path / LOCK_FILE)
    with pytest.raises(ProjectError, match="no file of a lock's size"):
        read_project_lock(tmp_path)


def test_a_lock_nested_without_end_is_one_message(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("[" * 200_000)
    with pytest.raises(ProjectError, match="not a lock"):
        read_project_lock(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ProjectError, match="not text"):
        read_project_lock(tmp_path)


def test_a_lock_that_was_cut_off_is_none(tmp_path: Path) -> None:
    file = tmp_path / "lock.json"
    write_lock(file, ENTRY)
    assert read_lock(file) == ENTRY
    jsonschema.validate(json.loads(file.read_text()), SCHEMA)
    file.write_bytes(file.read_bytes()[:-20])
    assert read_lock(file) is None


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).mkdir()
    with pytest.raises(ProjectError, match=r"mlrun\.lock cannot be written"):
        write_project_lock(tmp_path, ProjectLock((ENTRY,)))
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_FILE]
