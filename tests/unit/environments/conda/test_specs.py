from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rattler import MatchSpec

from mlrun.environments.conda.settings import CondaSettings
from mlrun.environments.conda.specs import (
    PackageSpec,
    match_text,
    match_texts,
    parse_spec,
    without_platform,
)
from mlrun.errors import Location, ProjectError
from mlrun.project.model import CondaRequirement, CondaSpec

PLACE = Location(Path("conda.yaml"), 3, 5)


@pytest.mark.parametrize(
    ("text", "version", "build"),
    [
        ("numpy", None, None),
        ("numpy=1.21", "1.21.*", None),
        ("numpy = 1.21", "1.21.*", None),
        ("numpy=1.21.*", "1.21.*", None),
        ("numpy=1.21*", "1.21.*", None),
        ("numpy=*", "*", None),
        ("numpy=1.21=", "1.21.*", None),
        ("numpy==1.21", "==1.21", None),
        ("numpy ==1.21.*", "1.21.*", None),
        ("numpy===1.21", "==1.21", None),
        ("numpy 1.21", "==1.21", None),
        ("numpy 1.21.*", "1.21.*", None),
        ("numpy>=1.2,<2", ">=1.2,<2", None),
        ("numpy >= 1.2 , < 2", ">=1.2,<2", None),
        ("numpy>=1.2.*", ">=1.2", None),
        ("numpy!=1.2.*", "!=1.2.*", None),
        ("numpy~=1.2.3", "~=1.2.3", None),
        ("numpy 1.21|1.22", "==1.21|==1.22", None),
        ("numpy=1.21|=1.22", "1.21.*|1.22.*", None),
        ("numpy=1.21,!=1.21.3", "1.21.*,!=1.21.3", None),
        ("numpy (>=1.2)", "(>=1.2)", None),
        ("numpy=1.21=py38h_0", "==1.21", "py38h_0"),
        ("numpy==1.21=py38h_0", "==1.21", "py38h_0"),
        ("numpy 1.21 py38h_0", "==1.21", "py38h_0"),
        ("numpy =1.21 py38h_0", "==1.21", "py38h_0"),
        ("numpy=1.21.*=py38h_0", "1.21.*", "py38h_0"),
        ("numpy>=1.2,<2 py38*", ">=1.2,<2", "py38*"),
        ("blas=*=openblas", "*", "openblas"),
        ("blas=*=*", "*", None),
        ("numpy[version='>=1', build=\"*cuda*\"]", ">=1", "*cuda*"),
        ("numpy=1[version=2 build=x]", "==2", "x"),
        ("numpy=1!2.0+abc", "1!2.0+abc.*", None),
        ("tzdata=2020a", "2020a.*", None),
        ("  numpy=1.21  # for arrays", "1.21.*", None),
    ],
)
def test_versions_and_builds(text: str, version: str | None, build: str | None) -> None:
    assert parse_spec(text) == PackageSpec("numpy" if "numpy" in text else text.split("=")[0],
                                           version, build)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "channel", "subdir"),
    [
        ("PyYAML", "pyyaml", None, None),
        ("_libgcc_mutex=0.1=main", "_libgcc_mutex", None, None),
        ("ld_impl_linux-64=2.38", "ld_impl_linux-64", None, None),
        ("conda-forge::pkg=1", "pkg", "conda-forge", None),
        ("conda-forge/linux-64::pkg", "pkg", "conda-forge", "linux-64"),
        ("pkg[channel=conda-forge, subdir=noarch]", "pkg", "conda-forge", "noarch"),
        ("https://h:80/a/b::pkg>=1", "pkg", "https://h:80/a/b", None),
        ("file:///tmp/a::pkg", "pkg", "file:///tmp/a", None),
        ("../channel::pkg", "pkg", "../channel", None),
    ],
)
def test_names_and_channels(text: str, name: str, channel: str | None, subdir: str | None) -> None:
    found = parse_spec(text)
    assert (found.name, found.channel, found.subdir) == (name, channel, subdir)


def test_a_package_by_its_address() -> None:
    digest = "0123456789abcdef0123456789abcdef"
    found = parse_spec(f"https://h/c/linux-64/ld-impl-2.3-h1_0.conda#{digest}")
    url = "https://h/c/linux-64/ld-impl-2.3-h1_0.conda"
    assert found == PackageSpec("ld-impl", "==2.3", "h1_0", options={"url": url, "md5": digest})


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("numpy==", "'==' is no version", "`numpy=1.21`"),
        ("numpy=>1.2", "'=>1.2' is no version", "`>=` in place of `=>`"),
        ("numpy =>=1.2", "'=>=1.2' is no version", "`>=` in place of `=>=`"),
        ("numpy=1.0,", "not complete", "`numpy=1.21`"),
        ("numpy=,1.0", "is no version", "`numpy=1.21`"),
        ("numpy>=1,,<2", "nothing stands before a ','", "`numpy=1.21`"),
        ("numpy>=1.2 <2", "is no version", "put a comma"),
        ("numpy=1..2", "'1..2' is no version", "`numpy=1.21`"),
        ("numpy=1.*.2", "'1.*.2' is no version", "`numpy=1.21`"),
        ("numpy=^1.2$", "is no version", "`numpy=1.21`"),
        ("*=1", "begins with no package's name", "`numpy=1.21`"),
        ("", "begins with no package's name", "`numpy=1.21`"),
        ("::numpy", "no channel", "`conda-forge::numpy`"),
        ("a:b:numpy", "begins with no package's name", "`conda-forge::numpy`"),
        ("dvc[webdav]", "hold no `KEY=VALUE`", "`- pip:`"),
        ("numpy[buidl=x]", "'buidl' is no condition", "`build`?"),
        ("numpy[zzz=x]", "'zzz' is no condition", "known are version"),
        ("numpy[a=1]=2", "brackets are not at its end", "`numpy=1.21`"),
        ("-r requirements.txt", "a requirement of pip's", "`- pip:`"),
        ("git+https://h/x.git", "a requirement of pip's", "`- pip:`"),
        ("x @ https://h/x.whl", "a requirement of pip's", "`- pip:`"),
        ("./numpy-1.0-0.conda", "it is a file", "file:///FOLDER/FILE"),
    ],
)
def test_what_cannot_be_understood(text: str, message: str, hint: str) -> None:
    with pytest.raises(ProjectError) as caught:
        parse_spec(text, PLACE)
    assert "cannot be understood" in caught.value.message
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.location == PLACE


def test_a_message_masks_credentials() -> None:
    with pytest.raises(ProjectError) as caught:
        parse_spec("https://ana:pa55@h/c::numpy=>1")
    assert "pa55" not in str(caught.value)


def test_a_platform_at_the_end_of_a_channel() -> None:
    assert without_platform("https://h/c/osx-arm64/") == ("https://h/c", "osx-arm64")
    assert without_platform("linux-64") == ("linux-64", None)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
VERSIONS = st.from_regex(
    r"(?:[1-9]!)?(?:0|[1-9][0-9]?)(?:\.(?:0|[1-9][0-9]?)){0,3}(?:rc[0-9]|\.post[0-9])?",
    fullmatch=True,
)
BUILDS = st.from_regex(r"(?:py3[0-9]_?|\*)?[a-z][a-z0-9]{1,6}(?:_[0-9]|\*)?", fullmatch=True)
SPACES = st.sampled_from(["", " "])
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    """One or several comparisons, as a careful author writes them."""
    count = draw(st.integers(1, 3))
    terms = [f"{draw(SIGNS)}{draw(SPACES)}{draw(VERSIONS)}" for _ in range(count)]
    joints = [draw(SPACES) + draw(st.sampled_from([",", "|"])) + draw(SPACES) for _ in terms]
    return "".join(part for pair in zip(terms, joints, strict=True) for part in pair)[
        : -len(joints[-1])
    ]


@st.composite
def requirements(draw: st.DrawFn) -> str:
    name, version, build = draw(NAMES), draw(VERSIONS), draw(BUILDS)
    stars = draw(st.sampled_from(["", ".*"]))
    return draw(
        st.sampled_from(
            [
                name,
                f"{name}={version}{stars}",
                f"{name} ={version}{stars}",
                f"{name}=={version}{stars}",
                f"{name} {version}{stars}",
                f"{name}={version}={build}",
                f"{name}=={version}={build}",
                f"{name} {version} {build}",
                f"{name}={version}|={version}.1",
                f"{name}{draw(SPACES)}{draw(comparisons())}",
                # rattler takes no spaces there.
                f"{name}[version='{draw(comparisons()).replace(' ', '')}', build={build}]",
                f"conda-forge::{name}={version}",
            ]
        )
    )


@given(requirements())
def test_rattler_reads_the_same(text: str) -> None:
    spec = parse_spec(text)
    ours = MatchSpec(match_text(spec, spec.channel))
    assert ours.to_canonical_string() == MatchSpec(text).to_canonical_string()


@given(requirements())
def test_its_own_form_is_read_as_itself(text: str) -> None:
    spec = parse_spec(text)
    assert parse_spec(match_text(spec, spec.channel)) == spec


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse_spec(text, PLACE).name
    except ProjectError as refused:
        problem = refused.problems[0]
        assert problem.location == PLACE
        assert problem.hint


def spec_of(folder: Path, *texts: str) -> CondaSpec:
    packages = tuple(CondaRequirement(text, PLACE) for text in texts)
    return CondaSpec((), True, packages, (), {}, folder, folder / "conda.yaml", PLACE)


def test_match_texts_give_channels_their_addresses(tmp_path: Path) -> None:
    settings = CondaSettings(
        channel_alias="https://mirror.example", default_channels=("https://d/main", "https://d/r")
    )
    spec = spec_of(
        tmp_path, "numpy=1", "conda-forge::x", "./c::y", "defaults::numpy", "defaults::r-base"
    )
    found = match_texts(spec, settings)
    assert [one.text for one in found] == [
        'numpy[version="1.*"]',
        'x[channel="https://mirror.example/conda-forge"]',
        f'y[channel="{tmp_path.as_uri()}/c"]',
        'numpy[channel="https://d/main"]',
        'r-base[channel="https://d/r"]',
    ]
    assert [one.written for one in found] == [one.text for one in spec.packages]
    assert {one.location for one in found} == {PLACE}


def test_what_rattler_refuses_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be understood") as caught:
        match_texts(spec_of(tmp_path, "numpy[md5=xyz]"), CondaSettings())
    assert caught.value.location == PLACE
