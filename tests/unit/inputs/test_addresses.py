"""What an address says by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import InputError
from mlrun.inputs.addresses import is_name, local_path, name_of, scheme_of, web_key, web_name

KEY = "https://host/a/b.csv?"


@pytest.mark.parametrize(
    "url",
    [
        "https://host/a/b.csv",
        "HTTPS://me:word@HOST/a/b.csv#part",
        "https://host/a/b.csv?X-Amz-Algorithm=x&X-Amz-Date=1&X-Amz-Signature=2",
        "https://host/a/b.csv?AWSAccessKeyId=1&Signature=2&Expires=3",
        "https://host/a/b.csv?GoogleAccessId=1&Signature=2&Expires=3",
        "https://host/a/b.csv?Key-Pair-Id=1&Policy=2&Signature=3",
        "https://host/a/b.csv?sv=2024&se=1&sp=r&sr=b&sig=x",
        "https://host/a/b.csv?token=x",
    ],
)
def test_a_signature_is_no_part_of_what_is_meant(url: str) -> None:
    assert web_key(url) == KEY


@pytest.mark.parametrize("query", ["version=2", "versionId=7", "se=1", "sp=x", "page=3"])
def test_other_queries_are(query: str) -> None:
    assert web_key(f"https://host/a/b.csv?{query}&X-Amz-Signature=1") == KEY + query


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a/b%20c.csv?x=/y", "b c.csv"),
        ("https://host/", "data"),
        ("https://host/a/", "a"),
        ("https://host/a/%2e%2e", "data"),
        ("https://host/a/x%2Fy", "y"),
        ("https://host/a/x%5Cy", "data"),
        ("https://host/%00", "data"),
        ("https://host/%1b%5b2J", "data"),
        ("https://host/a%0ab", "data"),
        ("https://host/%c2%9b31m", "data"),
    ],
)
def test_the_name_of_a_copy(url: str, name: str) -> None:
    assert web_name(url) == name


@given(st.text())
def test_a_name_is_always_one(path: str) -> None:
    assert is_name(name_of(path))


def test_schemes() -> None:
    assert scheme_of("S3://b/k") == "s3"
    assert scheme_of("runs:/1/a") == "runs"
    assert scheme_of("/a/b") == ""


def test_local_paths() -> None:
    assert local_path("file:///a%20b/c") == Path("/a b/c")
    assert local_path("file://localhost/a") == Path("/a")


@pytest.mark.parametrize("uri", ["file://host/a", "file:a", "file:///a%00b"])
def test_no_local_paths(uri: str) -> None:
    with pytest.raises(InputError, match="names no file of this machine"):
        local_path(uri)
