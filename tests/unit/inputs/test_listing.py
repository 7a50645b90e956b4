"""Names of files that a server lists: none leads out of the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import InputError
from mlrun.inputs.base import RemoteFile
from mlrun.inputs.listing import checked

PARTS = st.sampled_from(["a", "b", "..", ".", "", "c\\d", "e\0", "ü", "~", "x" * 300, "a b"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


def files(*paths: str) -> list[RemoteFile]:
    return [RemoteFile(path, 1, "v") for path in paths]


@given(st.lists(PATHS, min_size=1, max_size=5))
def test_what_is_taken_lies_below_and_can_be_written(paths: list[str]) -> None:
    try:
        taken = checked(files(*paths), "s3://b")
    except InputError:
        return
    names = [file.path for file in taken]
    assert sorted(set(paths)) == names
    for name in names:
        if name:
            assert os.path.normpath(f"/top/{name}") == f"/top/{name}"
            assert not any(str(above) in names for above in Path(name).parents if str(above) != ".")


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", "a//x", "x/", "a\\x", "a\0x", "."])
def test_unsafe_names(path: str) -> None:
    with pytest.raises(InputError, match="not safe here"):
        checked(files("good", path), "s3://b")


def test_a_single_unsafe_name() -> None:
    with pytest.raises(InputError, match="not safe here"):
        checked(files("../x"), "s3://b")


def test_empty() -> None:
    with pytest.raises(InputError, match="s3://b is empty"):
        checked([], "s3://b")


def test_two_of_one_name() -> None:
    with pytest.raises(InputError, match="two files of one name"):
        checked(files("x", "x"), "s3://b")


def test_the_one_file_of_an_address() -> None:
    assert checked(files(""), "s3://b") == (RemoteFile("", 1, "v"),)
