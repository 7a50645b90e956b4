"""Choosing and checking the values of one run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import Location, ParameterError
from mlrun.project.assignments import parse_assignments
from mlrun.project.model import EntryPoint, Parameter
from mlrun.project.parameters import Binding, ValueSource, bind, resolve, text_of
from mlrun.project.types import ParameterType as T

FILE = Path("MLproject")


def entry_point(**declared: tuple[T, str | None]) -> EntryPoint:
    parameters = {
        name: Parameter(name, kind, default, Location(FILE, 3, 7), Location(FILE, 3, 20))
        for name, (kind, default) in declared.items()
    }
    return EntryPoint("main", parameters, "", Location(FILE, 9, 1))


def bound(
    declared: EntryPoint,
    values: Mapping[str, str] | None = None,
    file: Path | None = None,
    cwd: Path = Path("/"),
    project: Path = Path("/"),
) -> Binding:
    return bind(declared, given=values or {}, params_file=file, cwd=cwd, project_folder=project)


@given(st.text(), st.text().filter(lambda text: "\0" not in text))
def test_text_in_is_text_out(default: str, text: str) -> None:
    declared = entry_point(a=(T.STRING, default.replace("\0", "")), b=(T.STRING, None))
    given_values = parse_assignments([f"b={text}", f"more={text}"], "-P")
    texts = resolve(bound(declared, given_values).values)
    assert texts == {"a": default.replace("\0", ""), "b": text, "more": text}


def test_the_strongest_source_wins_and_is_recorded(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("b: from file\nc: from file\n")
    declared = entry_point(a=(T.STRING, "d"), b=(T.STRING, "d"), c=(T.STRING, "d"))
    values = bound(declared, {"c": "from flag"}, file).values
    assert [(v.name, v.text, v.source) for v in values] == [
        ("a", "d", ValueSource.DEFAULT),
        ("b", "from file", ValueSource.FILE),
        ("c", "from flag", ValueSource.FLAG),
    ]
    assert str(values[1].location) == f"{file}:1:4"


def test_all_mistakes_are_reported_at_once() -> None:
    declared = entry_point(a=(T.FLOAT, None), b=(T.INT, None), c=(T.STRING, None), d=(T.URI, "x"))
    with pytest.raises(ParameterError) as raised:
        bound(declared, {"a": "x", "b": "1.5"})
    messages = [problem.message for problem in raised.value.problems]
    assert len(messages) == 4
    for name in "abcd":
        assert any(f"'{name}'" in message for message in messages)


def test_default_that_mlflow_would_pass_is_passed_with_a_warning() -> None:
    binding = bound(entry_point(n=(T.INT, "None"), f=(T.FLOAT, "")))
    assert resolve(binding.values) == {"n": "None", "f": ""}
    assert len(binding.warnings) == 2


def test_paths_are_relative_to_whoever_wrote_them(tmp_path: Path) -> None:
    project, cwd = tmp_path / "project", tmp_path / "cwd"
    for folder in (project, cwd):
        folder.mkdir()
        (folder / "data.csv").touch()
    declared = entry_point(p=(T.PATH, "data.csv"))
    default = bound(declared, cwd=cwd, project=project)
    assert resolve(default.values) == {"p": str(project / "data.csv")}
    flag = bound(declared, {"p": "data.csv"}, cwd=cwd, project=project)
    assert resolve(flag.values) == {"p": str(cwd / "data.csv")}
    (cwd / "p.yaml").write_text("p: data.csv\n")
    file = bound(declared, file=Path("p.yaml"), cwd=cwd, project=project)
    assert resolve(file.values) == {"p": str(cwd / "data.csv")}
    assert flag.values[0].text == "data.csv"


def test_home_and_file_uris_are_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my data").touch()
    declared = entry_point(p=(T.PATH, None))
    for text in ("~/my data", (tmp_path / "my data").as_uri(), str(tmp_path / "my data")):
        assert resolve(bound(declared, {"p": text}).values) == {"p": str(tmp_path / "my data")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope.csv", "no such file or folder in /somewhere"),
        ("/nope.csv", "no such file or folder"),
        ("~nobody/x", "no such file or folder"),
        ("", "no such file or folder"),
        ("ftp://host/x", "a store that mlrun cannot read"),
        ("file://host/x", "a file of another machine"),
        ("a\0b", "NUL"),
    ],
)
def test_path_must_be_there(text: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        bound(entry_point(p=(T.PATH, None)), {"p": text}, cwd=Path("/somewhere"))


def test_near_miss_of_a_name_is_a_warning() -> None:
    binding = bound(entry_point(alpha=(T.FLOAT, "1")), {"aplha": "2", "unlike": "3"})
    assert [value.name for value in binding.values] == ["alpha", "aplha", "unlike"]
    assert [value.type for value in binding.values] == [T.FLOAT, None, None]
    (warning,) = binding.warnings
    assert "'alpha'" in str(warning.hint)


def test_python_values_become_text_as_in_mlflow() -> None:
    assert [text_of(v) for v in ("x", 0.10, True, [1, "a"], None)] == [
        "x",
        "0.1",
        "True",
        "[1, 'a']",
        "None",
    ]


def test_missing_parameter_names_the_misspelt_one() -> None:
    with pytest.raises(ParameterError, match=r"'alpha' has no value.*there is one for 'aplha'"):
        bound(entry_point(alpha=(T.FLOAT, None)), {"aplha": "2"})


def test_only_a_relative_path_depends_on_where_the_user_stands(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    declared = entry_point(p=(T.PATH, None), q=(T.PATH, None), s=(T.STRING, None))
    values = {"p": "x", "q": str(tmp_path / "x"), "s": "x", "more": "x"}
    binding = bound(declared, values, cwd=tmp_path)
    assert [value.base for value in binding.values] == [tmp_path, None, None, None]


def test_link_to_nothing_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(ParameterError, match="no such file"):
        bound(entry_point(p=(T.PATH, None)), {"p": "link"}, cwd=tmp_path)


def test_bytes_that_are_no_text_pass_through() -> None:
    text = os.fsdecode(b"caf\xe9")
    assert resolve(bound(entry_point(a=(T.STRING, None)), {"a": text}).values) == {"a": text}


def test_mistake_in_a_file_is_shown_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("n:\n  ''\n")
    with pytest.raises(ParameterError) as raised:
        bound(entry_point(n=(T.INT, None)), file=file)
    assert str(raised.value.location) == f"{file}:2:3"
    assert "-P" not in str(raised.value.hint)
