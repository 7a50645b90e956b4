"""What is read of argparse, and that argparse takes what comes of it."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType
from tests.unit.scaffold.proposed import (
    GUARD,
    entry_point,
    filled,
    parameters,
    proposed,
    ran,
    written,
)

HEAD = "import argparse, json, sys\nfrom pathlib import Path\np = argparse.ArgumentParser()\n"
TAIL = "\nprint(json.dumps(vars(p.parse_args()), default=str))\n"


def script(*lines: str) -> str:
    return HEAD + "\n".join(f"p.add_argument({line})" for line in lines) + TAIL


def one(folder: Path, line: str) -> Any:
    (found,) = parameters(folder, script(line)).values()
    return found


@pytest.mark.parametrize(
    ("line", "kind", "default", "optional"),
    [
        ("'--a', type=int, default=3", "int", "3", False),
        ("'--a', type=float, default=1e-5", "float", "1e-5", False),
        ("'--a', type=float, default=3", "float", "3", False),
        ("'--a'", "string", None, True),
        ("'--a', default=None", "string", None, True),
        ("'--a', required=True", "string", None, False),
        ("'--a', default=''", "string", "", False),
        ("'--a', default='no'", "string", "no", False),
        ("'--a', type=json.loads, default='{}'", "json", "{}", False),
        ("'--a', type=Path, default='train.py'", "path", "train.py", False),
        ("'--a', type=lambda s: s, default='x'", "string", "x", False),
        ("'a'", "string", None, False),
        ("'a', nargs='?', default='x'", "string", "x", False),
        ("'a', nargs='?'", "string", None, True),
        # Only the script itself can give these:
        ("'--a', default=3", "string", None, True),
        ("'--a', type=int, default=1.5", "int", None, True),
        ("'--a', type=int, default=len(sys.argv)", "int", None, True),
        ("'--a', type=bool, default=False", "string", None, True),
        ("'--a', default=argparse.SUPPRESS", "string", None, True),
        ("'--a', choices=['x', 'y'], default='z'", "string", None, True),
        ("'--a', default='\\ud800'", "string", None, True),
        ("'--a', default='\\0'", "string", None, True),
        ("'--a', type=int, choices=range(1, 5), default=0", "int", None, True),
        ("'--a', type=str2bool, choices=[True, False], default=True", "bool", "True", False),
    ],
)
def test_types_and_defaults(
    tmp_path: Path, line: str, kind: str, default: str | None, optional: bool
) -> None:
    found = one(tmp_path, line)
    assert (found.type.value, found.default, found.optional) == (kind, default, optional)


@pytest.mark.parametrize(
    ("line", "default", "flag"),
    [
        ("'--dry-run', action='store_true'", "False", Flag("--dry-run")),
        ("'-q', '--quiet', action='store_const', const=1", "False", Flag("--quiet")),
        ("'--no-x', action='store_false', dest='x'", "False", Flag("--no-x")),
        ("'--x', action=argparse.BooleanOptionalAction, default=True", "True",
         Flag("--x", "--no-x")),
        ("'--x', action=argparse.BooleanOptionalAction", None, Flag("--x", "--no-x")),
        ("'-v', action='count'", "False", Flag("-v")),
    ],
)  # fmt: skip
def test_flags(tmp_path: Path, line: str, default: str | None, flag: Flag) -> None:
    found = one(tmp_path, line)
    assert found.type is ParameterType.BOOL
    assert (found.default, found.flag) == (default, flag)
    assert found.optional == (default is None)


def test_a_parameter_is_called_as_the_long_option(tmp_path: Path) -> None:
    lines = ("'-l', '--learning-rate', '--lr'", "'-s', dest='seed'", "'--2d'", "'--m.depth'",
             "'--m-depth'", "'--é'", "'--\\ud800'", "'--a/b', action='store_true'")  # fmt: skip
    found = parameters(tmp_path, script(*lines))
    assert list(found) == ["learning_rate", "seed", "arg_2d", "m_depth", "m_depth_2", "arg"]
    command = proposed(tmp_path).entry_points[0].command
    assert "--learning-rate={learning_rate} -s {seed}" in command
    assert "--m-depth={m_depth_2}" in command


@pytest.mark.parametrize(
    ("choices", "expected"),
    [("['a', 'b']", ("a", "b")), ("NAMES", ("x", "y")), ("sorted(MODELS)", ("m", "n"))],
)
def test_choices(tmp_path: Path, choices: str, expected: tuple[str, ...]) -> None:
    text = "NAMES = ('x', 'y')\nMODELS = {'n': 1, 'm': print}\n" + script(
        f"'--a', choices={choices}"
    )
    assert parameters(tmp_path, text)["a"].choices == expected


def test_a_range_of_choices_is_limits(tmp_path: Path) -> None:
    found = one(tmp_path, "'--a', type=int, choices=range(1, 5)")
    assert (found.minimum, found.maximum, found.choices) == ("1", "4", ())


def test_help_is_one_line_without_what_argparse_fills_in(tmp_path: Path) -> None:
    line = "'--a', help='Rate:  100%% # of\\n it (default: %(default)s)'"
    assert one(tmp_path, line).description == "Rate: 100% # of it"


@pytest.mark.parametrize(
    ("line", "exists"),
    [
        ("'--a', type=Path", False),
        ("'--data-dir', type=Path", True),
        ("'--model', type=Path, required=True", True),
        ("'--model-out', type=Path", False),
        ("'--out-dir', type=Path", False),
        ("'--a', type=Path, default='not_there'", False),
        ("'--a', type=argparse.FileType('w')", False),
        ("'--out', type=argparse.FileType('r')", True),
    ],
)
def test_whether_a_path_must_be_there(tmp_path: Path, line: str, exists: bool) -> None:
    found = one(tmp_path, line)
    assert found.type is ParameterType.PATH
    assert found.exists is exists


def test_standard_input_is_no_path(tmp_path: Path) -> None:
    found = one(tmp_path, "'a', nargs='?', type=argparse.FileType('r'), default='-'")
    assert (found.type, found.default) == (ParameterType.STRING, "-")


def test_what_is_only_half_understood_is_said_with_its_place(tmp_path: Path) -> None:
    lines = ("'--on', type=bool", "'-v', action='count'", "'--tag', action='append'", "NAME")
    notes = proposed(tmp_path, train_py=script(*lines)).notes
    assert [note.location.line for note in notes if note.location] == [4, 5, 6, 7]
    assert "type=bool" in notes[0].message
    assert "is left out" in str(notes[3].hint)


def test_groups_parents_and_functions(tmp_path: Path) -> None:
    text = """
import argparse
def add_common(parser):
    parser.add_argument("--seed", type=int, default=1)
def main():
    base = argparse.ArgumentParser(add_help=False)
    base.add_argument("--base")
    parser = argparse.ArgumentParser(parents=[base], description="Trains.")
    group = parser.add_argument_group("x")
    group.add_argument("--in-group")
    group.add_mutually_exclusive_group().add_argument("--chained")
    add_common(parser)
    parser.set_defaults(base="b")
""" + GUARD  # fmt: skip
    found = entry_point(tmp_path, text)
    names = {one.name: one.default for one in found.parameters}
    assert names == {"base": "b", "in_group": None, "chained": None, "seed": "1"}
    assert found.description == "Trains."


SUBCOMMANDS = """
import argparse, json
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--many", nargs="+")
    sub = parser.add_subparsers(dest="what", required=True)
    p = sub.add_parser("train", help="Trains {it}.")
    p.add_argument("data")
    p.add_argument("--lr", type=float, default=0.1)
    p = sub.add_parser("show")
    for name in "xy":
        sub.add_parser(name)
    inner = p.add_subparsers(dest="part")
    inner.add_parser("one").add_argument("--n", type=int, required=True)
    print(json.dumps(vars(parser.parse_args())))
""" + GUARD  # fmt: skip


def test_each_subcommand_is_an_entry_point(tmp_path: Path) -> None:
    found = proposed(tmp_path, tool_py=SUBCOMMANDS)
    assert [(one.name, one.command) for one in found.entry_points] == [
        ("train", "python tool.py {verbose} train {data} --lr={lr}"),
        ("show-one", "python tool.py {verbose} show one --n={n}"),
    ]
    assert any("--many takes several values" in note.message for note in found.notes)
    assert any("subcommand is not written out" in note.message for note in found.notes)
    written(tmp_path)
    answer = ran(tmp_path, "train", data="a b", verbose="yes")
    assert answer == {
        "verbose": True, "many": None, "what": "train", "data": "a b", "lr": 0.1,
    }  # fmt: skip


def test_several_values_are_words(tmp_path: Path) -> None:
    text = script(
        "'files', nargs='+'", "'--layers', nargs='+', type=int, default=[64, 32]",
        "'--tags', nargs='*'", "'--size', nargs=2, type=float, required=True",
    )  # fmt: skip
    filled(tmp_path, {"train.py": text})
    written(tmp_path)
    assert ran(tmp_path, files="a b", size="1 2.5") == {
        "files": ["a", "b"], "layers": [64, 32], "tags": None, "size": [1, 2.5],
    }  # fmt: skip
    answer = ran(tmp_path, files="a", size="1 2", tags="x; $y", layers="8")
    assert (answer["layers"], answer["tags"]) == ([8], ["x;", "$y"])


def test_the_positions_of_optional_places_hold(tmp_path: Path) -> None:
    found = parameters(tmp_path, script("'a', nargs='?'", "'b', nargs='?', default='x'"))
    assert not found["a"].optional


_NAMES = st.lists(
    st.from_regex(r"[a-z][a-z0-9]{0,5}([-_.][a-z0-9]{1,4}){0,2}", fullmatch=True).filter(
        lambda name: name not in ("h", "help")
    ),
    min_size=1, max_size=5, unique_by=lambda name: name.replace("-", "_"),
)  # fmt: skip
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_WORDS = _TEXTS.filter(lambda text: not text.startswith("-"))
_HELP = st.text(string.printable + "äß\u2028", max_size=150).map(lambda t: t.replace("%", "%%"))


@st.composite
def _line(draw: st.DrawFn, name: str) -> str:
    form = draw(st.sampled_from(["text", "int", "float", "flag", "both", "choice", "open"]))
    words = [repr(f"--{name}")]
    if form == "text":
        words.append(f"default={draw(_WORDS)!r}")
    elif form == "int":
        words.append(f"type=int, default={draw(st.integers())!r}")
    elif form == "float":
        number = draw(st.floats(allow_nan=False, allow_infinity=False))
        words.append(f"type=float, default={number!r}")
    elif form == "flag":
        words.append("action='store_true'")
    elif form == "both":
        words.append(f"action=argparse.BooleanOptionalAction, default={draw(st.booleans())}")
    elif form == "choice":
        choices = draw(st.lists(_WORDS, min_size=1, max_size=4, unique=True))
        words.append(f"choices={choices!r}, default={choices[0]!r}")
    words.append(f"help={draw(_HELP)!r}")
    return ", ".join(words)


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    return [draw(_line(name)) for name in draw(_NAMES)]


@settings(max_examples=25)
@given(_lines(), _TEXTS)
def test_a_script_gets_its_own_defaults_and_what_is_given(lines: list[str], text: str) -> None:
    with TemporaryDirectory() as folder:
        place = filled(Path(folder), {"train.py": script(*lines)})
        project = written(place)
        given_by_hand = {one.name: one for one in proposed(place).entry_points[0].parameters}
        for name, parameter in project.entry_points["main"].parameters.items():
            meant = given_by_hand[name]
            assert (parameter.default, parameter.choices, parameter.flag) == (
                meant.default, meant.choices, meant.flag,
            )  # fmt: skip
            assert parameter.description == meant.description
        without = _alone(place)
        assert ran(place) == without
        free = [one for one in given_by_hand.values() if one.type.value == "string"]
        names = [one.name for one in free if not one.choices]
        answer = ran(place, **dict.fromkeys(names, text))
        assert list(answer.values()).count(text) >= len(names)


def _alone(folder: Path) -> Any:
    answer = subprocess.run(
        [sys.executable, "train.py"], cwd=folder, capture_output=True, check=True
    )
    return json.loads(answer.stdout)
