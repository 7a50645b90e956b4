from __future__ import annotations

import pytest

from mlrun.environments.conda.platform_bound import (
    explain,
    platform_bound,
    refuse_foreign_builds,
    this_platform,
)
from mlrun.errors import EnvironmentBuildError, ProjectError
from tests.unit.environments.conda.written import conda_spec


def test_an_export_of_macos_is_certain() -> None:
    spec = conda_spec("appnope=0.1.3=py38hecd8cb5_0", "python=3.8", "tqdm=4.65.0=py38hb1e8313_0")
    found = platform_bound(spec, "linux-64")
    assert found is not None
    assert (found.made_on, found.is_certain) == ("macOS", True)
    assert found.packages == spec.packages[:1]
    problem = found.problem()
    assert "an export of macOS" in problem.message
    assert "appnope=0.1.3=py38hecd8cb5_0" in problem.message
    assert "--from-history" in (problem.hint or "")
    assert problem.location == spec.packages[0].location


@pytest.mark.parametrize(
    ("text", "platform", "made_on"),
    [
        ("certifi=2022.9.24=py310haa95532_0", "linux-64", "Windows"),
        ("certifi=2022.9.24=py310h06a4308_0", "osx-64", "Linux"),
        ("certifi=2022.9.24=py310hca03da5_0", "osx-64", "macOS on ARM"),
        ("certifi=2022.9.24=py310hecd8cb5_0", "osx-arm64", "macOS on x86-64"),
        ("pytz=2022.1=py39h6e9494a_0", "linux-64", "macOS"),
    ],
)
def test_builds_of_another_platform(text: str, platform: str, made_on: str) -> None:
    found = platform_bound(conda_spec(text), platform)
    assert found is not None
    assert (found.made_on, found.is_certain) == (made_on, True)


@pytest.mark.parametrize(
    ("text", "platform", "made_on"),
    [
        ("libcxx=14.0.6", "linux-64", "macOS"),
        ("vs2015_runtime", "linux-64", "Windows"),
        ("pywin32=305", "osx-arm64", "Windows"),
        ("libgcc-ng=11.2.0", "win-64", "Linux"),
    ],
)
def test_packages_of_one_system(text: str, platform: str, made_on: str) -> None:
    found = platform_bound(conda_spec("python=3.8", text), platform)
    assert found is not None
    assert (found.made_on, found.is_certain) == (made_on, False)
    assert [one.text for one in found.packages] == [text]


def test_many_exact_builds_may_be_of_anywhere() -> None:
    texts = [f"lib{n}=1.{n}=h{n:07x}_0" for n in range(7)]
    found = platform_bound(conda_spec(*texts), "linux-64")
    assert found is not None
    assert (found.made_on, found.is_certain) == (None, False)
    assert "an export of one machine" in found.problem().message
    assert "and 2 more" in found.problem().message


@pytest.mark.parametrize(
    "texts",
    [
        ("python=3.8", "numpy=1.21", "pip"),
        ("pip=22.1.2=py38h06a4308_0", "python=3.8.13=h12debd9_0", "libgcc-ng=11.2.0=h1234567_1"),
        ("blas=1.0=mkl", "tqdm=4.65.0=pyhd8ed1ab_0", "x=1=pyhecd8cb5_0"),
    ],
)
def test_files_for_this_platform(texts: tuple[str, ...]) -> None:
    assert platform_bound(conda_spec(*texts), "linux-64") is None


def test_this_platform_is_the_one_that_rattler_finds() -> None:
    from rattler.platform.subdir import Subdir

    assert this_platform() == str(Subdir.current())
    assert platform_bound(conda_spec("a=1=py38hecd8cb5_0", "b=1=py38h06a4308_0",
                                     "c=1=py38haa95532_0", "d=1=py39hca03da5_0"))  # fmt: skip


def test_what_is_certain_is_refused() -> None:
    with pytest.raises(ProjectError, match="an export of macOS") as caught:
        refuse_foreign_builds(conda_spec("a", "b=1=py38hecd8cb5_0"), "linux-64")
    assert caught.value.location == conda_spec("", "").packages[1].location
    assert "--from-history" in (caught.value.hint or "")
    refuse_foreign_builds(conda_spec("a", "b=1=py38hecd8cb5_0"), "osx-64")
    refuse_foreign_builds(conda_spec("libcxx"), "linux-64")


def test_an_error_of_the_solver_is_explained() -> None:
    error = explain(EnvironmentBuildError("no"), conda_spec("libcxx"), "linux-64")
    assert [problem.message[:8] for problem in error.problems] == ["the file", "no"]
    builds = conda_spec(*(f"lib{n}=1=h{n:07x}_0" for n in range(5)))
    error = explain(EnvironmentBuildError("no"), builds, "linux-64")
    assert [problem.message[:8] for problem in error.problems] == ["no", "the file"]
    error = explain(EnvironmentBuildError("no"), conda_spec("numpy"), "linux-64")
    assert [problem.message for problem in error.problems] == ["no"]
