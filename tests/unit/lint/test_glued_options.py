"""Options that are glued to the value before them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.lint.linted_projects import found_in, mended, places

HEAD = "entry_points:\n  main:\n    parameters: {é: int, b-c: int}\n    command: "


@pytest.mark.parametrize(
    ("command", "place", "better"),
    [
        ("x --é {é}--b {b-c}", (4, 23), "x --é {é} --b {b-c}"),
        ("'x {b-c}--b={é}'", (4, 22), "'x {b-c} --b={é}'"),
        ("|\n      x\n      {é}--b {b-c}", (6, 10), "|\n      x\n      {é} --b {b-c}"),
    ],
)
def test_an_option_without_a_space_before_it(
    tmp_path: Path, command: str, place: tuple[int, int], better: str
) -> None:
    glued = [p for p in found_in(tmp_path, HEAD + command + "\n") if p.rule == "glued-option"]
    assert places(tuple(glued)) == [("glued-option", *place)]
    assert f"{HEAD}{better}\n" == mended(tmp_path, HEAD + command + "\n").replace("x \\\n", "x\n")


@pytest.mark.parametrize(
    "command", ["x {é}--{b-c}", "x {é}--best {b-c}.txt", "x {é} --b {b-c}", "x {é}-{b-c}--b c"]
)
def test_what_may_be_the_name_of_a_file(tmp_path: Path, command: str) -> None:
    rules = [p.rule for p in found_in(tmp_path, f"{HEAD}{command}\n")]
    assert rules == (["glued-option"] if "best" in command else [])
