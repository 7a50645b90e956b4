"""Errors name the line that asks for what cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.written_at import blamed, key_at, written_at
from mlrun.errors import Location

ENVIRONMENT = """\
python: "3.11"  # not six
dependencies:
  - sixteen
  - Some_Package[extra]>=2
  - six==99.1
  - -r more/list.txt
"""


@pytest.fixture
def start(tmp_path: Path) -> Location:
    file = tmp_path / "python_env.yaml"
    file.write_text(ENVIRONMENT)
    (tmp_path / "more").mkdir()
    (tmp_path / "more/list.txt").write_text("# numpyy, perhaps\nnumpyy\n")
    return Location(file, 1, 1)


@pytest.mark.parametrize(
    ("said", "line", "column"),
    [
        ("cause: Because there is no version of six==99.1 and you require six==99.1,", 5, 5),
        ("cause: Because six==99.1 has no wheels with a matching Python ABI tag", 5, 5),
        ("ERROR: No matching distribution found for six==99.1", 5, 5),
        ("  x Failed to build `some-package==2.0`", 4, 5),
        ("ERROR: Failed building wheel\nerror: Failed to download and build `six==99.1`", 5, 5),
        ("Because inner==1 depends on other and you require some-package>=2", 4, 5),
        ("Because inner was not found in the package registry", 1, 1),
        ("error: Couldn't parse `x`\n  cause: no such\n     six==99.1\n        ^^^^", 5, 5),
        ("ERROR: Invalid requirement: 'Some_Package[extra]>=2': Expected end", 4, 5),
        ("Killed", 1, 1),
    ],
)
def test_the_package_that_an_installer_complains_of(
    start: Location, said: str, line: int, column: int
) -> None:
    assert blamed(start, said) == Location(start.file, line, column)


def test_a_package_of_a_list_that_is_named(start: Location) -> None:
    found = blamed(start, "Because numpyy was not found in the package registry")
    assert found == Location(start.file.parent / "more/list.txt", 2, 1)


def test_lists_that_name_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("-r a.txt\n")
    start = Location(tmp_path / "a.txt", 1)
    assert blamed(start, "there is no version of six==9") == start


def test_texts_and_keys(start: Location) -> None:
    assert written_at(start, "list.txt").line == 6
    assert written_at(start, "not there") == start
    assert key_at(Location(start.file, 1), "python") == Location(start.file, 1, 1)
    assert key_at(start, "depend") == start


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    assert written_at(Location(tmp_path / "none", 3), "six") == Location(tmp_path / "none", 3)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00six")
    assert blamed(Location(tmp_path / "binary"), "you require six").line is None
