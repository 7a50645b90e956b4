"""What is read of click, and that click takes what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.project.model import Flag
from tests.unit.scaffold.proposed import (
    entry_point,
    filled,
    parameters,
    proposed,
    ran,
    written,
)

HEAD = "import json\nfrom pathlib import Path\nimport click\n"
TAIL = """
def main(**given):
    '''Trains: it.

    At length.'''
    print(json.dumps(given, default=str))

if __name__ == "__main__":
    main()
"""


def script(*decorators: str) -> str:
    return HEAD + "\n".join(["@click.command()", *(f"@click.{d}" for d in decorators)]) + TAIL


@pytest.mark.parametrize(
    ("decorator", "kind", "default", "optional"),
    [
        ("option('--a', type=float, default=0.1)", "float", "0.1", False),
        ("option('--a', default=3)", "int", "3", False),
        ("option('--a', default=True)", "bool", "True", False),
        ("option('--a', default=1.5, show_default=True)", "float", "1.5", False),
        ("option('--a', default='no')", "string", "no", False),
        ("option('--a')", "string", None, True),
        ("option('--a', required=True)", "string", None, False),
        ("option('--a', prompt=True)", "string", None, False),
        ("option('--a', required=True, envvar='A')", "string", None, True),
        ("option('--a', default=lambda: 1)", "string", None, True),
        ("option('--a', type=click.INT, multiple=True)", "int", None, True),
        ("argument('a')", "string", None, False),
        ("argument('a', required=False)", "string", None, True),
        ("argument('a', default='x')", "string", "x", False),
        ("argument('a', nargs=-1)", "string", None, True),
        ("argument('a', nargs=2)", "string", None, False),
    ],
)
def test_types_and_defaults(
    tmp_path: Path, decorator: str, kind: str, default: str | None, optional: bool
) -> None:
    found = parameters(tmp_path, script(decorator))["a"]
    assert (found.type.value, found.default, found.optional) == (kind, default, optional)


@pytest.mark.parametrize(
    ("decorator", "default", "flag"),
    [
        ("option('--dry-run', is_flag=True)", "False", Flag("--dry-run")),
        ("option('-f', '--fast/--slow', default=True)", "True", Flag("--fast", "--slow")),
        ("option('--x', flag_value='y')", "False", Flag("--x")),
        ("option('-v', '--verbose', count=True)", "False", Flag("--verbose")),
    ],
)
def test_flags(tmp_path: Path, decorator: str, default: str, flag: Flag) -> None:
    (found,) = parameters(tmp_path, script(decorator)).values()
    assert (found.default, found.flag) == (default, flag)


@pytest.mark.parametrize(
    ("type_", "limits"),
    [
        ("click.IntRange(1, 10)", ("1", "10")),
        ("click.IntRange(min=0)", ("0", None)),
        ("click.FloatRange(max=1)", (None, "1")),
        ("click.FloatRange(0, 1, min_open=True)", (None, "1")),
        ("click.IntRange(1, 10, clamp=True)", (None, None)),
    ],
)
def test_limits(tmp_path: Path, type_: str, limits: tuple[str | None, str | None]) -> None:
    found = parameters(tmp_path, script(f"option('--a', type={type_})"))["a"]
    assert (found.minimum, found.maximum) == limits


def test_choices(tmp_path: Path) -> None:
    found = parameters(tmp_path, script("option('--a', type=click.Choice(['x', 'y']))"))["a"]
    assert found.choices == ("x", "y")


@pytest.mark.parametrize(
    ("type_", "exists"),
    [
        ("click.Path(exists=True)", True),
        ("click.Path()", False),
        ("click.Path", False),
        ("click.File('w')", False),
        ("click.File()", True),
    ],
)
def test_whether_a_path_must_be_there(tmp_path: Path, type_: str, exists: bool) -> None:
    found = parameters(tmp_path, script(f"argument('a', type={type_})"))["a"]
    assert (found.type.value, found.exists) == ("path", exists)


def test_what_is_repeated_or_not_written_out_is_said(tmp_path: Path) -> None:
    found = proposed(tmp_path, train_py=script("option('--a', multiple=True)", "option(NAME)"))
    assert [note.hint for note in found.notes] == ["here it is given once", "it is left out"]
    assert found.entry_points[0].description == "Trains: it."


GROUP = """
import json
import click

seed = click.option("--seed", type=int, default=1)

@click.group()
@click.option("-v", "--verbose", is_flag=True)
def cli(verbose): pass

@cli.command()
@click.argument("source", type=click.Path(exists=True))
@click.option("--out", type=click.Path(), default="out.csv")
@seed
def prepare(**given):
    print(json.dumps(given))

@cli.group("models")
def model_group(): pass

@model_group.command(name="fit")
@click.option("--lr", default=0.1)
@click.argument("files", nargs=-1)
def fit_it(**given):
    print(json.dumps(given))

@click.command()
def late_one():
    print("[]")

cli.add_command(late_one)

if __name__ == "__main__":
    cli()
"""


def test_a_group_s_commands_run(tmp_path: Path) -> None:
    filled(tmp_path, {"cli.py": GROUP})
    assert list(written(tmp_path).entry_points) == ["prepare", "models-fit", "late-one"]
    answer = ran(tmp_path, "prepare", source=str(tmp_path / "cli.py"), verbose="true")
    assert answer == {
        "source": str(tmp_path / "cli.py"), "out": str(tmp_path / "out.csv"), "seed": 1,
    }  # fmt: skip
    answer = ran(tmp_path, "models-fit", files="a b", lr="-1e-3")
    assert answer == {"lr": -1e-3, "files": ["a", "b"]}
    assert ran(tmp_path, "models-fit") == {"lr": 0.1, "files": []}
    assert ran(tmp_path, "late-one") == []


def test_a_command_alone_runs(tmp_path: Path) -> None:
    text = script(
        "option('--fast/--slow', default=True)", "option('--size', nargs=2, type=int)",
        "option('--name', '-n', default='a b')", "argument('x', required=False)",
    )  # fmt: skip
    filled(tmp_path, {"train.py": text})
    written(tmp_path)
    assert ran(tmp_path) == {"fast": True, "size": None, "name": "a b", "x": None}
    assert ran(tmp_path, fast="false", size="1 2", x="y") == {
        "fast": False, "size": [1, 2], "name": "a b", "x": "y",
    }  # fmt: skip


def test_other_decorators_named_command_are_not_click_s(tmp_path: Path) -> None:
    assert entry_point(tmp_path, "@bot.command()\ndef x(): pass\nx()\n").parameters == ()
