from __future__ import annotations

from dataclasses import replace

import pytest

from mlrun.environments.conda.from_index import as_python_env
from mlrun.environments.conda.package_names import (
    ABSENT,
    CARRIED,
    INSTALLERS,
    RENAMED,
)
from mlrun.environments.python.environment import PythonEnvironment
from mlrun.errors import Location, ProjectError
from mlrun.project.environments.conda_file import read_conda_env
from mlrun.project.model import CondaEnv, PythonEnv
from tests import components
from tests.unit.environments.conda.written import conda_spec
from tests.unit.project.environments.test_conda_file import CONDA_FILES
from tests.unit.project.test_corpus import CORPUS


def lints(env: PythonEnv) -> str:
    return "\n".join(lint.message for lint in env.lints)


def refusal(*packages: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        as_python_env(conda_spec(*packages))
    return caught.value


def test_an_environment_in_full() -> None:
    spec = conda_spec(
        "python=3.10", "numpy=1.21", "conda-forge::Scikit-Learn >=1,<2", "pip",
        pip=("-r requirements.txt", "mlflow==2.9"),
    )  # fmt: skip
    found = as_python_env(replace(spec, variables={"MODE": "fast"}))
    assert found == PythonEnv(
        python="3.10",
        build_dependencies=("pip", "setuptools", "wheel"),
        dependencies=("numpy==1.21.*", "scikit-learn>=1,<2", "-r requirements.txt", "mlflow==2.9"),
        folder=spec.folder,
        file=spec.file,
        location=spec.location,
        variables={"MODE": "fast"},
    )


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("pytorch>=1.3.1", "torch>=1.3.1"),
        ("opencv", "opencv-python"),
        ("py-opencv=4.5", "opencv-python==4.5.*"),
        ("matplotlib-base=3.2.2", "matplotlib==3.2.2.*"),
        ("msgpack-python", "msgpack"),
        ("pytables", "tables"),
        ("dask-core", "dask"),
        ("tensorflow-gpu=2.4", "tensorflow==2.4.*"),
        ("pillow==8.1.2", "pillow==8.1.2"),
        ("faiss-cpu", "faiss-cpu"),
        ("python-dateutil", "python-dateutil"),
        ("cmake", "cmake"),
    ],
)
def test_names(text: str, requirement: str) -> None:
    found = as_python_env(conda_spec(text))
    assert found.dependencies == (requirement,)
    assert not found.lints


def test_installers_come_first() -> None:
    found = as_python_env(conda_spec("pip=20.3.3", "setuptools<60", "wheel"))
    assert found.build_dependencies == ("pip==20.3.3.*", "setuptools<60", "wheel")
    assert found.dependencies == ()


def test_two_names_of_one_package_are_one_requirement() -> None:
    assert as_python_env(conda_spec("opencv", "py-opencv")).dependencies == ("opencv-python",)


def test_libraries_that_wheels_bring_are_left_out_and_named() -> None:
    spec = conda_spec("numpy", "mkl=2021", "_libgcc_mutex=0.1=main", "ld_impl_linux-64=2.38",
                      "cudatoolkit=11.0")  # fmt: skip
    found = as_python_env(spec)
    assert found.dependencies == ("numpy",)
    (lint,) = found.lints
    assert "mkl, _libgcc_mutex, ld_impl_linux-64, cudatoolkit" in lint.message
    assert lint.location == spec.packages[1].location


def test_a_build_tells_that_a_package_has_no_python_in_it() -> None:
    spec = conda_spec("zfp=1.0.0=h59595ed_0", "magma=2.6.2=1003", "six=1.16.0=pyh6c4a22f_0",
                      "prompt_toolkit=3.0.36=hd8ed1ab_0", "tensorflow-gpu=2.4.1=h30adc30_0",
                      "numpy=1.19.2=mkl", "python=3.10.9=he550d4f_0")  # fmt: skip
    found = as_python_env(spec)
    assert found.dependencies == (
        "six==1.16.0", "prompt_toolkit==3.0.36", "tensorflow==2.4.1", "numpy==1.19.2",
    )  # fmt: skip
    assert found.python == "3.10.9"
    assert found.lints[0].message.endswith("such libraries: zfp, magma")


def test_builds_are_left_out_and_named() -> None:
    found = as_python_env(conda_spec("python=3.8.13=h12debd9_0", "numpy=1.21.5=py38h_0", "six"))
    assert found.python == "3.8.13"
    assert found.dependencies == ("numpy==1.21.5", "six")
    assert "no build strings" in lints(found)
    assert "python=3.8.13=h12debd9_0, numpy=1.21.5=py38h_0" in lints(found)


def test_the_pip_part_has_the_last_word() -> None:
    spec = conda_spec("numpy=1.19", "Ruamel_yaml=0.15", "scipy=1.5", "pandas=1.1", "pytorch=1.7",
                      pip=("numpy==1.21", "ruamel.yaml == 0.17", "scipy", "pandas>=1",
                           "torch @ https://h/torch.whl"))  # fmt: skip
    found = as_python_env(spec)
    assert found.dependencies == ("scipy==1.5.*", "pandas==1.1.*", *spec.pip)
    assert "the `pip` list asks for another version itself: numpy=1.19" in lints(found)


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ((), None),
        (("python",), None),
        (("python=3.8",), "3.8"),
        (("python>=3.8,<3.11",), ">=3.8,<3.11"),
        (("python=3.8", "python!=3.8.1"), "==3.8,!=3.8.1"),
    ],
)
def test_python(texts: tuple[str, ...], version: str | None) -> None:
    found = as_python_env(conda_spec(*texts))
    assert found.python == version
    assert found.dependencies == ()
    PythonEnvironment(found, "uv", False)


def test_an_exact_minor_version_of_python_takes_any_patch() -> None:
    found = as_python_env(conda_spec("python==3.8"))
    assert found.python == "3.8"
    assert "any patch version" in lints(found)


def test_all_that_cannot_be_translated_is_said_at_once() -> None:
    error = refusal("r-base=4", "numpy", "git", "gcc_linux-64", "scipy=1.5|=1.6", "tzcode=2020a",
                    "https://h/c/linux-64/x-1-0.conda", "__cuda>=11", "python=3.8|=3.9",
                    "nump==", "_what")  # fmt: skip
    lines = [problem.location.line for problem in error.problems if problem.location]
    assert lines == [5, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    for words in ("'r-base=4'", "not a Python package", "'git'", "a program", "compilers",
                  "'scipy=1.5|=1.6'", "a certain file", "'__cuda>=11'", "Python"):  # fmt: skip
        assert words in error.message
    assert "--env-manager conda" in (error.hint or "")


def test_credentials_are_masked_in_what_is_refused() -> None:
    error = refusal("https://ana:pa55@h/c/linux-64/x-1-0.conda")
    assert "pa55" not in error.message


def test_lints_of_the_file_are_kept() -> None:
    from mlrun.errors import Problem

    own = Problem("odd", Location(conda_spec().file, 1))
    assert as_python_env(replace(conda_spec(), lints=(own,))).lints == (own,)


def test_the_tables_do_not_contradict_each_other() -> None:
    tables = [set(RENAMED), set(INSTALLERS), set(CARRIED), set(ABSENT), {"python"}]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert all(name == name.lower() for table in tables for name in table)


@pytest.mark.parametrize("path", CONDA_FILES or [""])
def test_real_files_are_translated_or_refused_with_a_reason(path: str) -> None:
    if not path:
        components.missing("corpus", "the folder shared/corpus beside the repository")
    spec = read_conda_env(CondaEnv(CORPUS / path, Location(CORPUS / path)))
    absent = {one.text for one in spec.packages} & {"gdal", "rapids-blazing>=0.17"}
    if absent:
        with pytest.raises(ProjectError, match=absent.pop()):
            as_python_env(spec)
        return
    found = as_python_env(spec)
    assert len(found.dependencies) >= len(spec.pip)
    PythonEnvironment(found, "uv", False)
