"""What is mended, and that nothing else is changed by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import Edit, Location, Problem
from mlrun.lint import environment_file
from mlrun.lint.check import check
from mlrun.lint.finding import Mended
from mlrun.lint.mending import _beside, _overlap, _untouched, mend
from tests.unit.lint.checked import PYTHON, python_env

MENDABLE = "# é\npython: 3.10  # why\ndependencies:\n- numpy=1  # é\n- pip:\n  - pandas=2\n"
WELL = "# é\npython: '3.10'  # why\ndependencies:\n- numpy==1  # é\n- pandas==2\n"


def mended(folder: Path, text: str, *rules: str) -> Mended:
    target = python_env(folder, text)
    return mend(target, check(target), rules)


def names(outcome: Mended) -> list[str | None]:
    return [finding.problem.rule for finding in outcome.mended]


def test_all_that_can_be_mended_is(tmp_path: Path) -> None:
    outcome = mended(tmp_path, MENDABLE)
    assert outcome.after.text == WELL
    assert outcome.after.findings == ()
    assert sorted(map(str, names(outcome))) == [
        "conda-form", "conda-form", "nested-pip", "unquoted-python-version",
    ]  # fmt: skip


def test_the_file_itself_is_not_touched(tmp_path: Path) -> None:
    mended(tmp_path, MENDABLE)
    assert (tmp_path / "python_env.yaml").read_text(encoding="utf-8") == MENDABLE


def test_line_ends_stay(tmp_path: Path) -> None:
    outcome = mended(tmp_path, MENDABLE.replace("\n", "\r\n"))
    assert outcome.after.text == WELL.replace("\n", "\r\n")


def test_what_a_comment_silences_stays(tmp_path: Path) -> None:
    text = PYTHON.replace("==2.1.0", "=2.1.0  # mlrun: ignore[conda-form]") + "  - a=1\n"
    assert mended(tmp_path, text).after.text == text.replace("a=1", "a==1")


def test_only_the_rules_that_are_asked_for_are_mended(tmp_path: Path) -> None:
    outcome = mended(tmp_path, MENDABLE, "unquoted-python-version")
    assert outcome.after.text == MENDABLE.replace("3.10", "'3.10'")


def test_where_nothing_can_be_mended_nothing_is(tmp_path: Path) -> None:
    outcome = mended(tmp_path, "dependencies: []\n")
    assert outcome.mended == ()
    assert outcome.after is outcome.before


def test_a_mend_makes_room_for_the_next(tmp_path: Path) -> None:
    text = "python: '3.11'\ndependecies:\n  numpy: 1\n"
    outcome = mended(tmp_path, text)
    assert outcome.after.text == "python: '3.11'\ndependencies:\n  - numpy==1\n"
    assert names(outcome) == ["misspelt-key", "requirements-no-list"]


def finds(monkeypatch: pytest.MonkeyPatch, *edits: tuple[Edit, ...]) -> None:
    """Let there be findings with these edits, as long as the text has a question mark."""

    def found(file: Path, text: str) -> tuple[Problem, ...]:
        if "?" not in text:
            return ()
        each = enumerate(edits)
        return tuple(Problem(f"{n}", Location(file, n + 1), None, "nested-pip", e) for n, e in each)

    monkeypatch.setattr(environment_file, "check_python_env_file", found)


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("a: 1?\nb: 2\n", Edit(4, 8, "")),  # the key of the next value goes
        ("a: 1?\nb: 2\n", Edit(3, 4, "'")),  # no YAML any more
        ("a: 1?\nb: 2\n", Edit(4, 6, " ")),  # one value of two
        ("a: b?\nc: d\n", Edit(4, 6, "#")),  # a comment of a value
        ("? a\n: [b, c]\n", Edit(0, 9, "a: [b")),  # a list that is not closed
    ],
)
def test_a_mend_that_does_harm_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, edit: Edit
) -> None:
    finds(monkeypatch, (edit,))
    assert mended(tmp_path, text).after.text == text


def test_what_is_brought_has_the_line_ends_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, (Edit(4, 5, ""), Edit(7, 7, "b: 2\nc: 3\nd: 4\ne: 5\n")))
    after = mended(tmp_path, "a: 1?\r\nf: 6\r\n").after
    assert after.text == "a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\nf: 6\r\n"


def test_the_others_are_made_nevertheless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, (Edit(4, 8, ""),), (Edit(4, 5, "x"),))
    assert mended(tmp_path, "a: 1?\nb: 2\n").after.text == "a: 1x\nb: 2\n"


def test_of_two_for_the_same_place_one_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, (Edit(4, 5, "x"),), (Edit(4, 5, "y"),))
    assert mended(tmp_path, "a: 1?\n").after.text == "a: 1x\n"


def test_a_finding_that_stays_is_not_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, (Edit(0, 0, "# again\n"),))
    assert mended(tmp_path, "a: 1?\n").mended == ()


REQUIREMENTS = st.lists(
    st.sampled_from(
        [
            *("numpy=1", "'pandas=2.0=py38_0'", "é", "x: 1.0", "pip:\n  - c=1", '"d=1"  # d=2'),
            *("-r a.txt", "numpy=1", "y:", "z>=1,<2", "python == 3.8"),
        ]
    ),
    max_size=5,
)


@given(requirements=REQUIREMENTS, version=st.sampled_from(["3.10", "'python=3.8'", "3", "~", "x"]))
def test_mending_twice_changes_nothing_more(
    tmp_path_factory: pytest.TempPathFactory, requirements: list[str], version: str
) -> None:
    folder = tmp_path_factory.mktemp("mended")
    items = "".join(f"- {one}\n" for one in requirements)
    text = f"python: {version}  # kept\ndependencies:\n{items}# kept too\n"
    outcome = mended(folder, text)
    assert outcome.after.text is not None
    again = mended(folder, outcome.after.text)
    assert again.after.text == outcome.after.text
    assert again.mended == ()
    assert outcome.after.text.count("# kept") == 2
    assert len(outcome.after.findings) <= len(outcome.before.findings)


places = st.tuples(st.integers(0, 30), st.integers(0, 5))


@given(st.lists(places), st.lists(places))
def test_what_an_edit_touches_is_found_as_by_comparing_all_with_all(
    edited: list[tuple[int, int]], written: list[tuple[int, int]]
) -> None:
    edits = sorted(Edit(start, start + length, "") for start, length in edited)
    scalars = [(start, start + size, ("tag", f"{start} {size}")) for start, size in written]
    expected = [
        value
        for start, end, value in scalars
        if start < end and not any(edit.start <= end and start <= edit.end for edit in edits)
    ]
    assert _untouched(scalars, edits) == expected


@given(st.lists(places), places)
def test_an_edit_overlaps_what_is_beside_it_or_nothing(
    edited: list[tuple[int, int]], place: tuple[int, int]
) -> None:
    taken: list[Edit] = []
    for start, length in edited:
        edit = Edit(start, start + length, "")
        if not any(_overlap(edit, other) for other in taken):
            taken.append(edit)
    taken.sort()
    edit = Edit(place[0], sum(place), "")
    overlaps = any(_overlap(edit, other) for other in taken)
    assert any(_overlap(edit, other) for other in _beside(edit, taken)) is overlaps
