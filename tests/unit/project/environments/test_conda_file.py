from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import Location, ProjectError
from mlrun.project.environments.conda_file import read_conda_document, read_conda_env
from mlrun.project.load import load_project
from mlrun.project.model import CondaEnv, CondaRequirement, CondaSpec
from mlrun.project.reading.nodes import Document, read_document
from tests import components
from tests.unit.project.test_corpus import CORPUS, LOADED
from tests.unit.project.written import place

ASKED = Location(Path("MLproject"), 2, 12)


def read(folder: Path, text: str) -> CondaSpec:
    file = folder / "conda.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return read_conda_env(CondaEnv(file, ASKED))


def refusal(folder: Path, text: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        read(folder, text)
    return caught.value


def packages(spec: CondaSpec) -> list[str]:
    return [one.text for one in spec.packages]


def test_a_file_in_full(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """\
        # exported
        name: mine
        channels:
          - conda-forge
          - defaults
        dependencies:
          - python=3.10
          - conda-forge::numpy >=1.21,<2  # for arrays
          - pip
          - pip:
            - -r requirements.txt
            - mlflow==2.9
        variables:
          MODE: fast
          LEVEL: 3
        prefix: /opt/conda/envs/mine
        """,
    )
    file = tmp_path / "conda.yaml"
    assert found == CondaSpec(
        channels=("conda-forge", "defaults"),
        defaults=True,
        packages=(
            CondaRequirement("python=3.10", Location(file, 7, 5)),
            CondaRequirement("conda-forge::numpy >=1.21,<2", Location(file, 8, 5)),
            CondaRequirement("pip", Location(file, 9, 5)),
        ),
        pip=("-r requirements.txt", "mlflow==2.9"),
        variables={"MODE": "fast", "LEVEL": "3"},
        folder=tmp_path,
        file=file,
        location=Location(file, 2, 1),
    )


def test_nodefaults_is_no_channel(tmp_path: Path) -> None:
    found = read(tmp_path, "channels: [conda-forge, nodefaults]\n")
    assert (found.channels, found.defaults) == (("conda-forge",), False)


@pytest.mark.parametrize("text", ["name: x\n", "channels:\ndependencies:\nvariables:\n", "{}"])
def test_parts_that_are_empty(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert (found.channels, found.packages, found.pip, found.variables) == ((), (), (), {})
    assert found.defaults
    assert not found.lints


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("numpy=1.21", ["numpy=1.21"]),
        ("[python=3.10]", ["python=3.10"]),
        ("['3proxy', ~, ' numpy ']", ["3proxy", "numpy"]),
        ("|\n  numpy\n\n  scipy=1\n", ["numpy", "scipy=1"]),
    ],
)
def test_forms_of_dependencies(tmp_path: Path, written: str, expected: list[str]) -> None:
    assert packages(read(tmp_path, f"dependencies: {written}\n")) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-r requirements.txt", ("-r requirements.txt",)),
        ("[., ./lib, -e ../lib, ~]", (".", "./lib", "-e ../lib")),
        ("~", ()),
        ("|\n    numpy\n    scipy\n", ("numpy", "scipy")),
        ("['x @ https://a/?b=c', 'y; python_version < \"3.8\"']", None),
        ("[--extra-index-url=https://a/b, 'numpy==1.19', 'a~=1']", None),
    ],
)
def test_forms_of_the_pip_part(
    tmp_path: Path, written: str, expected: tuple[str, ...] | None
) -> None:
    if expected is None:
        expected = (
            ("x @ https://a/?b=c", 'y; python_version < "3.8"')
            if "x @" in written
            else ("--extra-index-url=https://a/b", "numpy==1.19", "a~=1")
        )
    assert read(tmp_path, f"dependencies:\n- pip: {written}\n").pip == expected


def test_two_pip_lists_both_count(tmp_path: Path) -> None:
    found = read(tmp_path, "dependencies:\n- pip: [a]\n- numpy\n- pip: [b]\n")
    assert found.pip == ("a", "b")
    assert "second `pip` list, after the one on line 2" in found.lints[0].message
    assert found.lints[0].location == Location(tmp_path / "conda.yaml", 4, 3)


def test_variables_are_what_was_written(tmp_path: Path) -> None:
    found = read(tmp_path, "variables: {A: 'x y', B: '', C: 1.5, _d: \"ä\\n\"}\n")
    assert found.variables == {"A": "x y", "B": "", "C": "1.5", "_d": "ä\n"}


def test_unknown_keys_are_ignored_with_a_lint(tmp_path: Path) -> None:
    found = read(tmp_path, "category: dev\ndependencies: [numpy]\n")
    assert packages(found) == ["numpy"]
    assert "'category'" in found.lints[0].message


@pytest.mark.parametrize(
    ("text", "message", "hint", "expected"),
    [
        ("dependancies: [x]\n", "'dependancies' is not a key", "`dependencies`", (1, 1)),
        ("chanels: [x]\n", "'chanels' is not a key", "`channels`", (1, 1)),
        ("pip: [x]\n", "`pip` is not a key", "below `dependencies:`", (1, 1)),
        ("name: x\npython: 3.8\n", "this is a Python environment", "`python_env`", (2, 1)),
        ("build_dependencies: [pip]\n", "this is a Python environment", "`python_env`", (1, 1)),
        ("dependencies: [3.10]\n", "3.10 is not a text", "`python=3.10`", (1, 16)),
        ("dependencies: [numpy, yes]\n", "yes is not a text", "in quotes: 'yes'", (1, 23)),
        ("dependencies: [[x]]\n", "must be a text, not a list", "lists below", (1, 16)),
        ("dependencies: {numpy: 1}\n", "must be a list, not a mapping", "`- `", (1, 15)),
        ("dependencies: [python: 3.8]\n", "followed by a colon", "`- python=3.8`", (1, 16)),
        ("dependencies: [numpy: '>=1']\n", "followed by a colon", "`- numpy>=1`", (1, 16)),
        ("dependencies: [npm: [x]]\n", "'npm' is no list", "only `pip`", (1, 16)),
        ("dependencies: [pips: [x]]\n", "'pips' is no list", "`pip`?", (1, 16)),
        ("dependencies: [pip: [numpy=1.19]]\n", "conda's form", "`numpy==1.19`", (1, 22)),
        ("dependencies: [pip: [1.19]]\n", "1.19 is not a text", "numpy==", (1, 22)),
        ("dependencies: [pip: {numpy: 1}]\n", "must be a list", "`- `", (1, 21)),
        ("channels: [1]\n", "1 is not a text", "in quotes", (1, 12)),
        ("channels: [{a: b}]\n", "a channel must be a text", "in quotes", (1, 12)),
        ("variables: [A=1]\n", "`variables` must be a mapping", "`NAME: value`", (1, 12)),
        ("variables: {A: [1]}\n", "A must be a text, not a list", "''", (1, 16)),
        ("variables: {A: }\n", "A must be a text, not empty", "''", (1, 16)),
        ("variables: {'A B': 1}\n", "'A B' cannot be the name", "letters", (1, 13)),
        ("numpy\n", "must be a mapping, not one text", "lists below", (1, 1)),
        ("name: x\nname: y\n", "'name' is given twice", "remove", (2, 1)),
    ],
)
def test_a_wrong_form_is_located(
    tmp_path: Path, text: str, message: str, hint: str, expected: tuple[int, int]
) -> None:
    error = refusal(tmp_path, text)
    assert message in error.message
    assert hint in (error.hint or "")
    assert place(error) == expected


def test_an_empty_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, "# nothing\n")
    assert "is empty" in error.message
    assert error.location == ASKED


def test_a_missing_file_is_reported_where_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no environment file") as caught:
        read_conda_env(CondaEnv(tmp_path / "conda.yaml", ASKED))
    assert caught.value.location == ASKED
    assert "--env-manager local" in (caught.value.hint or "")


def test_a_missing_file_has_a_near_miss(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").touch()
    with pytest.raises(ProjectError) as caught:
        read_conda_env(CondaEnv(tmp_path / "conda.yaml", ASKED))
    assert caught.value.hint == "did you mean 'conda.yml'?"


_TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)


@given(st.lists(_TEXTS), st.dictionaries(st.from_regex(r"[A-Z_]{1,5}", fullmatch=True), _TEXTS))
def test_quoted_texts_arrive_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], variables: dict[str, str]
) -> None:
    import json

    folder = tmp_path_factory.mktemp("conda")
    content = {"dependencies": items, "variables": variables}
    found = read(folder, json.dumps(content, ensure_ascii=False))
    assert packages(found) == [item.strip() for item in items if item.strip()]
    assert found.variables == variables


def conda_files() -> list[str]:
    """Return the corpus's files that are conda environments, by their content."""
    found = {f for suffix in ("yaml", "yml") for f in CORPUS.rglob(f"*.{suffix}")}
    return sorted(str(f.relative_to(CORPUS)) for f in found if _is_conda_file(f))


def _is_conda_file(file: Path) -> bool:
    try:
        document = read_document(file)
        return document.root is not None and "channels" in document.entries(document.root, "it")
    except ProjectError:
        return False


CONDA_FILES = conda_files()


@pytest.mark.parametrize("path", CONDA_FILES or [""])
def test_each_real_file_can_be_read(path: str) -> None:
    if not path:
        components.missing("corpus", "the folder shared/corpus beside the repository")
    found = read_conda_env(CondaEnv(CORPUS / path, ASKED))
    assert found.packages
    assert found.channels
    assert not found.lints


def test_each_file_that_a_real_project_names_is_read_or_missing() -> None:
    if not LOADED:
        components.missing("corpus", "the folder shared/corpus beside the repository")
    for path in LOADED:
        for environment in load_project((CORPUS / path).parent).environments:
            if isinstance(environment, CondaEnv) and environment.file.is_file():
                assert read_conda_env(environment).packages
            elif isinstance(environment, CondaEnv):
                with pytest.raises(ProjectError, match="there is no environment file"):
                    read_conda_env(environment)


def test_what_else_is_wrong_is_found_beside_a_list_for_pip_at_the_top(tmp_path: Path) -> None:
    text = "dependencies: [1]\npip: [x]\n"
    document = Document(tmp_path / "conda.yaml", text, is_spared=True)
    read_conda_document(document)
    assert [p.rule for p in document.errors] == ["pip-outside-dependencies", "number-as-package"]
    assert document.lints == []
