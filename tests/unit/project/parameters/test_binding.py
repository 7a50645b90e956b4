"""Choosing and checking the values of one run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.cli.excerpt import excerpt
from mlrun.errors import Location, ParameterError
from mlrun.project.command.values import LeftOut, Variable
from mlrun.project.model import EntryPoint, Flag, Parameter
from mlrun.project.parameters.assignments import parse_assignments
from mlrun.project.parameters.binding import (
    Binding,
    ValueSource,
    bind,
    command_values,
    recorded_text,
    resolve,
    secret_bytes,
    secret_variables,
    text_of,
)
from mlrun.project.parameters.types import ParameterType as T

FILE = Path("MLproject")


def entry_point(**declared: tuple[T, str | None]) -> EntryPoint:
    parameters = {
        name: Parameter(name, kind, default, Location(FILE, 3, 7), Location(FILE, 3, 20))
        for name, (kind, default) in declared.items()
    }
    return EntryPoint("main", parameters, "", Location(FILE, 9, 1))


def bound(
    declared: EntryPoint,
    values: Mapping[str, str | None] | None = None,
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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("trian.csv", "did you mean 'train.csv'?"),
        ("./sb/rows", "did you mean 'sub/rows'?"),
        ("{folder}/trian.csv", "did you mean '{folder}/train.csv'?"),
        ("model.pkl", "a path that the command will write is declared with `exists: false`"),
        ("", "give the path of a file or folder"),
    ],
)
def test_path_that_was_meant_is_named(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("train.csv", "sub/rows"):
        (tmp_path / name).touch()
    value = text.format(folder=tmp_path)
    with pytest.raises(ParameterError) as raised:
        bound(entry_point(p=(T.PATH, None)), {"p": value}, cwd=tmp_path)
    assert raised.value.hint == hint.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("parameter", "hint"),
    [
        (Parameter("p", T.INT, "1", Location(FILE, 3, 7)), "leave out -P p= for the default, or "),
        (
            Parameter("p", T.INT, None, Location(FILE, 3, 7), optional=True),
            "leave out -P p= for no",
        ),
        (Parameter("p", T.INT, None, Location(FILE, 3, 7)), "give a value"),
    ],
)
def test_what_to_do_about_an_empty_value(parameter: Parameter, hint: str) -> None:
    declared = EntryPoint("main", {"p": parameter}, "", Location(FILE, 9, 1))
    with pytest.raises(ParameterError) as raised:
        bound(declared, {"p": ""})
    assert str(raised.value.hint).startswith(hint)


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


def one(kind: T = T.STRING, default: str | None = None, **keys: Any) -> EntryPoint:
    """Return an entry point with the parameter `p`."""
    place = Location(FILE, 3, 7)
    parameter = Parameter("p", kind, default, place, Location(FILE, 3, 20), **keys)
    return EntryPoint("main", {"p": parameter}, "", Location(FILE, 9, 1))


def refusal(entry_point: EntryPoint, text: str, **more: Any) -> str:
    with pytest.raises(ParameterError) as raised:
        bound(entry_point, {"p": text}, **more)
    return str(raised.value)


def test_an_optional_parameter_may_be_absent() -> None:
    binding = bound(one(optional=True))
    assert (binding.values, binding.absent) == ((), ("p",))
    assert command_values(binding.values, binding.absent) == {"p": LeftOut.OPTION}


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_null_leaves_out_what_is_optional_in_spite_of_its_default(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text('{"p": null}')
    entry_point = one(default="d", optional=True)
    assert bound(entry_point).values[0].text == "d"
    assert bound(entry_point, file=tmp_path / name).absent == ("p",)
    assert bound(entry_point, {"p": "x"}, tmp_path / name).values[0].text == "x"
    assert bound(one(default="d"), file=tmp_path / name).values[0].text == "d"


def test_none_is_no_value_of_what_is_optional_and_mlflows_text_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("p: x\n")
    assert bound(one(optional=True), {"p": None}, tmp_path / "p.yaml").absent == ("p",)
    assert bound(one(), {"p": None}).values[0].text == "None"
    assert bound(one(), {"p": "x", "more": None}).values[1].text == "None"


@pytest.mark.parametrize(
    ("text", "flag", "expected"),
    [
        ("true", Flag("--p"), "--p"),
        ("Yes", Flag("--p"), "--p"),
        ("0", Flag("--p"), LeftOut.ARGUMENT),
        ("False", Flag("--on", "--off"), "--off"),
    ],
)
def test_a_flag_is_a_word_or_nothing(text: str, flag: Flag, expected: object) -> None:
    values = bound(one(T.BOOL, flag=flag), {"p": text}).values
    assert command_values(values) == {"p": expected}
    assert values[0].text == text


def test_a_default_that_is_no_truth_value_makes_no_flag() -> None:
    with pytest.raises(ParameterError, match="is not a bool"):
        bound(one(T.BOOL, "None", flag=Flag("--p")))


def test_constraints_hold_for_what_is_given_and_for_the_default() -> None:
    entry_point = one(T.INT, "5", maximum="3")
    with pytest.raises(
        ParameterError, match="the default of 'p', '5', must be at most 3"
    ) as raised:
        bound(entry_point)
    assert str(raised.value.location) == "MLproject:3:20"
    assert "the value of 'p', '4', must be at most 3" in refusal(entry_point, "4")
    assert bound(entry_point, {"p": "3"}).values[0].text == "3"


def test_a_default_that_misses_its_type_is_not_held_to_more() -> None:
    binding = bound(one(T.INT, "None", minimum="0"))
    assert len(binding.warnings) == 1


def test_an_output_need_not_be_there(tmp_path: Path) -> None:
    entry_point = one(T.PATH, "out/m.pkl", exists=False)
    assert resolve(bound(entry_point, project=tmp_path).values) == {
        "p": str(tmp_path / "out/m.pkl")
    }
    assert resolve(bound(entry_point, {"p": "ftp://h/x"}).values) == {"p": "ftp://h/x"}
    assert "no such file" in refusal(entry_point, "")
    assert "NUL" in refusal(entry_point, "a\0")


@pytest.mark.parametrize(
    "text", ["s3://b/x", "https://h/x?a=1", "runs:/1/m", "S3://b/x", "abfss://c@a/x"]
)
def test_a_remote_path_is_left_to_whoever_brings_it(text: str) -> None:
    for value in (bound(one(T.PATH), {"p": text}), bound(one(T.PATH, text))):
        assert resolve(value.values) == {"p": text}
        assert value.values[0].base is None


def test_an_address_is_recorded_and_shown_without_its_credentials() -> None:
    (value,) = bound(one(T.PATH), {"p": "https://me:hunter2@h/x"}).values
    assert value.text == "https://me:hunter2@h/x"
    assert recorded_text(value) == "https://***@h/x"
    assert "hunter2" not in refusal(one(T.PATH), "ftp://me:hunter2@h/x")
    (value,) = bound(one(T.URI), {"p": "x://me:hunter2@h/x"}).values
    assert recorded_text(value) == "x://me:hunter2@h/x"


def secret_of(text: str, environ: Mapping[str, str], **more: Any) -> Binding:
    keys = {"secret": True, **more.pop("keys", {})}
    return bind(
        one(**keys),
        given={"p": text},
        params_file=None,
        cwd=more.get("cwd", Path("/")),
        project_folder=Path("/"),
        environ=environ,
    )


def test_a_secret_is_read_and_only_its_name_is_shown() -> None:
    binding = secret_of("env:KEY", {"KEY": "hunter2"})
    (value,) = binding.values
    assert (value.text, value.secret, value.variable) == ("env:KEY", "hunter2", "P")
    assert recorded_text(value) == "env:KEY"
    assert command_values(binding.values) == {"p": Variable("P")}
    assert secret_variables(binding.values) == {"P": "hunter2"}
    assert secret_bytes(binding.values) == (b"hunter2",)
    assert "hunter2" not in repr(binding)


def test_the_file_of_a_secret_is_relative_to_whoever_named_it(tmp_path: Path) -> None:
    for folder, text in (("cwd", "given"), ("project", "default")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "key").write_text(f"{text}\n")
    entry_point = one(default="@key", secret=True)
    folders: dict[str, Any] = {"cwd": tmp_path / "cwd", "project": tmp_path / "project"}
    (value,) = bound(entry_point, **folders).values
    assert (value.secret, value.base) == ("default", tmp_path / "project")
    (value,) = bound(entry_point, {"p": "@key"}, **folders).values
    assert (value.secret, value.base) == ("given", tmp_path / "cwd")
    (value,) = bound(entry_point, {"p": f"@{tmp_path}/cwd/key"}, **folders).values
    assert (value.secret, value.base) == ("given", None)


def test_a_secret_that_is_written_out_is_refused_and_not_repeated(tmp_path: Path) -> None:
    said = refusal(one(secret=True), "hunter2")
    assert "'p' is secret" in said
    assert "hunter2" not in said
    file = tmp_path / "p.yaml"
    file.write_text("p: hunter2\n")
    with pytest.raises(ParameterError) as raised:
        bound(one(secret=True), file=file)
    (problem,) = raised.value.problems
    assert "-P p=@FILE" in str(problem.hint)
    assert "hunter2" not in repr(problem)
    assert problem.location == Location(file, 1, 4)
    assert excerpt(problem) == []


def test_a_name_that_is_nearly_a_secrets_is_no_option_of_the_command(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("value")
    place = Location(FILE, 3, 7)
    parameter = Parameter("api-token", T.STRING, f"@{file}", place, place, secret=True)
    declared = EntryPoint("main", {"api-token": parameter}, "", place)
    with pytest.raises(ParameterError) as raised:
        bound(declared, {"api_token": "hunter2"})
    (problem,) = raised.value.problems
    assert problem.hint == "write api-token=..."
    assert "hunter2" not in repr(problem)


@pytest.mark.parametrize(
    ("keys", "secret", "said"),
    [
        ({"kind": T.INT}, "hunter2", "is not an int"),
        ({"kind": T.JSON}, "hunter2", "is not JSON"),
        ({"kind": T.URI}, "hunter2", "is not a URI"),
        ({"pattern": "[0-9]+"}, "hunter2", "does not match the pattern [0-9]+"),
        ({"kind": T.LIST, "pattern": "[0-9]+"}, "1,hunter2", "does not match the pattern"),
    ],
)
def test_a_secret_is_checked_without_a_word_of_it(
    keys: dict[str, Any], secret: str, said: str
) -> None:
    with pytest.raises(ParameterError) as raised:
        secret_of("env:KEY", {"KEY": secret}, keys=keys)
    assert said in str(raised.value)
    assert "hunter2" not in repr(raised.value.problems)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_text_is_a_secret_as_it_is(secret: str) -> None:
    (value,) = secret_of("env:KEY", {"KEY": secret}).values
    assert value.secret == secret


@given(
    st.dictionaries(
        st.sampled_from("abcde"),
        st.tuples(st.booleans(), st.none() | st.just("1"), st.booleans()),
        min_size=1,
    ),
    st.dictionaries(st.sampled_from("abcde"), st.none() | st.sampled_from(["2", "-3", "x"])),
)
def test_each_parameter_has_a_value_or_is_absent_or_told_of(
    declared: dict[str, tuple[bool, str | None, bool]], given_values: dict[str, str | None]
) -> None:
    place = Location(FILE, 3, 7)
    parameters = {
        name: Parameter(
            name, T.INT, default, place, optional=optional, minimum="0" if limited else None
        )
        for name, (optional, default, limited) in declared.items()
    }
    try:
        binding = bound(EntryPoint("main", parameters, "", place), given_values)
    except ParameterError as error:
        told = str(error)
        for name, (optional, default, limited) in declared.items():
            text = given_values.get(name, default)
            is_wrong = text == "x" or (text == "-3" and limited) or (text is None and not optional)
            assert (f"'{name}'" in told) == is_wrong
        return
    values = {value.name: value.text for value in binding.values}
    assert set(values) | set(binding.absent) == {*declared, *given_values}
    for name in binding.absent:
        assert declared[name][0]
        assert given_values.get(name, declared[name][1]) is None or given_values[name] is None
    assert all(
        given_values.get(name) in (None, text) for name, text in values.items() if name in declared
    )
