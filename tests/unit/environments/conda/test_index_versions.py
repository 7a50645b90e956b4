from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rattler import MatchSpec, PackageRecord
from rattler.package.build_string import BuildString

from mlrun.environments.conda.index_versions import python_version, specifier
from mlrun.environments.conda.specs import match_text, parse_spec


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ""),
        ("=*", ""),
        ("=1.21", "==1.21.*"),
        ("==1.21", "==1.21"),
        (" 1.21", "==1.21"),
        ("=1.21=py38_0", "==1.21"),
        (">=1.2,<2", ">=1.2,<2"),
        ("(>=1.2,<2)", ">=1.2,<2"),
        ("!=1.2.*", "!=1.2.*"),
        ("~=1.2.3", "~=1.2.3"),
        (">=1.2.*", ">=1.2"),
        ("=1.0rc1", "==1.0rc1"),
        ("=1.7.1+cu110", "==1.7.1+cu110"),
        ("=1!2.0", "==1!2.0.*"),
        ("=1.21,!=1.21.3", "==1.21.*,!=1.21.3"),
        ("=1.21|=1.22", None),
        ("=2020a", None),
        ("=9e", None),
        ("~=1", None),
    ],
)
def test_versions(written: str, expected: str | None) -> None:
    assert specifier(parse_spec(f"x{written}").version) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ""),
        ("=3.8", "3.8"),
        ("=3", "3"),
        ("==3.8", "3.8"),
        ("=3.8.13=h12debd9_0", "3.8.13"),
        ("=3.8.*", "3.8"),
        (">=3.8", ">=3.8"),
        (">=3.8,<3.11", ">=3.8,<3.11"),
        ("=3.8.*,!=3.8.1", "==3.8.*,!=3.8.1"),
        ("=3.8|=3.9", None),
    ],
)
def test_versions_of_python(written: str, expected: str | None) -> None:
    assert python_version(parse_spec(f"python{written}").version) == expected


NUMBERS = st.integers(0, 12)
RELEASES = st.lists(NUMBERS, min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))
SHORT = st.lists(NUMBERS, min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
TERMS = st.one_of(
    st.tuples(st.sampled_from(["=", "==", "!=", "<", "<=", ">", ">="]), SHORT).map("".join),
    st.tuples(st.sampled_from(["=", "!=", "=="]), SHORT, st.just(".*")).map("".join),
    st.tuples(st.just("~="), SHORT.filter(lambda text: "." in text)).map("".join),
)


@given(st.lists(TERMS, min_size=1, max_size=3).map(",".join), RELEASES)
def test_conda_and_the_index_agree(written: str, version: str) -> None:
    spec = parse_spec(f"x{written}")
    ours = specifier(spec.version)
    assert ours is not None
    record = PackageRecord("x", version, BuildString("0"), 0, "noarch")
    to_conda = MatchSpec(match_text(spec)).matches(record)
    assert SpecifierSet(ours).contains(Version(version)) == to_conda


@given(st.from_regex(r"[=<>!~]{0,2}[0-9a-z.+!_*-]{1,8}", fullmatch=True))
def test_what_is_said_is_valid_to_the_index(written: str) -> None:
    from mlrun.errors import ProjectError

    try:
        version = parse_spec(f"x {written}").version
    except ProjectError:
        return
    ours = specifier(version)
    if ours is not None:
        SpecifierSet(ours)
