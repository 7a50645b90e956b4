"""Where a placeholder stands in the project file, whatever way its command is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import CommandError, Location
from mlrun.project.command.places import place_of
from mlrun.project.command.template import parse_command, render_command
from mlrun.project.load import load_project

HEAD = "name: ü\nentry_points:\n  main:\n    parameters: {x: string}\n"


def load(folder: Path, command: str) -> tuple[str, Location]:
    (folder / "MLproject").write_text(HEAD + f"    command: {command}\n", encoding="utf-8")
    entry_point = load_project(folder).entry_points["main"]
    return entry_point.command, entry_point.location


@pytest.mark.parametrize(
    ("command", "line", "column"),
    [
        ("train {x} {typo}", 5, 24),
        ("'train {x} {typo}'", 5, 25),
        ('"é {x} {typo}"', 5, 21),
        (">\n      train {x}\n      --b {typo}", 7, 11),
        ("|-\n      train {x}\n\n        --b {typo}", 8, 13),
        ("train\n      {x} {typo}", 6, 11),
        ("&anchor train {typo}", 5, 28),
        ("train '{{typo}}' {typo}", 5, 31),
    ],
)
def test_unknown_placeholder_is_pointed_at(
    tmp_path: Path, command: str, line: int, column: int
) -> None:
    text, location = load(tmp_path, command)
    with pytest.raises(CommandError) as caught:
        parse_command(text, ["x"], location)
    found = caught.value.location
    assert found == Location(tmp_path / "MLproject", line, column)
    assert found.end_column == column + len("{typo}")


def test_second_of_two_that_are_the_same(tmp_path: Path) -> None:
    text, location = load(tmp_path, "echo {x} | (( {x} ))")
    template = parse_command(text, ["x"], location)
    with pytest.raises(CommandError) as caught:
        render_command(template, {"x": "no number"})
    assert caught.value.location == Location(tmp_path / "MLproject", 5, 28)


def test_quote_that_is_never_closed(tmp_path: Path) -> None:
    text, location = load(tmp_path, "train 'a' {x} 'b")
    with pytest.raises(CommandError) as caught:
        parse_command(text, ["x"], location)
    assert caught.value.location == Location(tmp_path / "MLproject", 5, 28)


def test_command_itself_where_its_text_is_changed(tmp_path: Path) -> None:
    _, location = load(tmp_path, '"train \\x7btypo}"')
    assert place_of(location, "{typo}", 0) == location
    assert place_of(location, "train", 1) == location
    assert place_of(Location(tmp_path / "MLproject", 1, 3), "x", 0).column == 3
    assert place_of(Location(tmp_path / "gone", 1, 1), "x", 0) == Location(tmp_path / "gone", 1, 1)
    assert place_of(Location(tmp_path / "MLproject"), "x", 0).line is None


def test_place_in_what_was_fetched_stays_of_it(tmp_path: Path) -> None:
    _, location = load(tmp_path, "train {typo}")
    fetched = Location(location.file, location.line, location.column, of="https://host/a")
    found = place_of(fetched, "{typo}", 0)
    assert (found.column, found.of) == (20, "https://host/a")
