"""Which versions a request accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.python.version import (
    PythonRequest,
    Version,
    format_version,
    parse_request,
    parse_version,
)

versions = st.tuples(st.just(3), st.integers(0, 20), st.integers(0, 30))


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        ("3.8.15", (3, 8, 15), (3, 8, 18)),
        ("3.11", (3, 11, 7), (3, 1, 1)),
        ("3", (3, 0, 1), (2, 7, 18)),
        ("3.*", (3, 13, 0), (2, 7, 18)),
        ("3.8.x", (3, 8, 1), (3, 9, 1)),
        ("==3.8.*", (3, 8, 15), (3, 9, 0)),
        ("==3.8", (3, 8, 15), (3, 9, 0)),
        ("= 3.8", (3, 8, 15), (3, 9, 0)),
        (">=3.9", (3, 9, 0), (3, 8, 20)),
        (">= 3.9, <3.11", (3, 10, 13), (3, 11, 0)),
        ("<=3.9", (3, 9, 18), (3, 10, 0)),
        (">3.9", (3, 10, 0), (3, 9, 18)),
        ("!=3.9,>=3.8", (3, 8, 0), (3, 9, 4)),
        ("~=3.9", (3, 12, 0), (3, 8, 0)),
        ("~=3.8.2", (3, 8, 9), (3, 9, 0)),
        ("python3.10", (3, 10, 1), (3, 11, 1)),
        ("python 3.10", (3, 10, 1), (3, 11, 1)),
        ("cpython-3.10", (3, 10, 1), (3, 11, 1)),
        ("python>=3.10", (3, 10, 1), (3, 9, 1)),
    ],
)
def test_a_request_accepts_what_is_meant(text: str, accepted: Version, refused: Version) -> None:
    request = parse_request(text)
    assert request.accepts(accepted)
    assert not request.accepts(refused)


@pytest.mark.parametrize("text", [None, "", "*", " python "])
def test_no_version_accepts_any(text: str | None) -> None:
    assert parse_request(text) == PythonRequest()


@pytest.mark.parametrize("text", ["three", "3.8.15.1", "3.13.0rc1", ">=", "3.8;3.9", "=>3.8"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version of Python"):
        parse_request(text)


@given(versions)
def test_a_full_version_accepts_itself_alone(version: Version) -> None:
    request = parse_request(format_version(version))
    assert request.exact == version
    assert request.accepts(version)
    assert not request.accepts((version[0], version[1], version[2] + 1))
    assert request.any_patch().accepts((version[0], version[1], version[2] + 1))
    assert parse_version(format_version(version)) == version


@given(versions, st.integers(0, 3), st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~="]))
def test_what_is_accepted_may_be_accepted_when_little_is_known(
    version: Version, known: int, operator: str
) -> None:
    request = parse_request(f"{operator}3.8")
    if request.accepts(version):
        assert request.may_accept(version[:known])


@given(st.lists(st.sampled_from([">=3.8", "<3.12", "!=3.9", "~=3.8.2", "==3.10.*"]), min_size=1))
def test_the_form_for_uv_means_the_same(parts: list[str]) -> None:
    request = parse_request(",".join(parts))
    again = parse_request(str(request))
    for minor in range(6, 15):
        assert again.accepts((3, minor, 5)) == request.accepts((3, minor, 5))


def test_openness() -> None:
    assert parse_request(None).is_open
    assert parse_request(">=3.9").is_open
    assert parse_request("3").is_open
    assert not parse_request("3.11").is_open
