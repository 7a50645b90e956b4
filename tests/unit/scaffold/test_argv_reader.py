from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.scaffold.proposed import entry_point, filled, parameters, proposed, ran, written

CLASSIC = """
import json
import sys
import warnings

def eval_metrics(actual, pred):
    return 0

if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    alpha = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    l1_ratio = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    name = sys.argv[3] if len(sys.argv) > 3 else "a b"
    print(json.dumps([alpha, l1_ratio, name]))
"""


def test_the_classic(tmp_path: Path) -> None:
    found = parameters(tmp_path, CLASSIC)
    assert {name: (one.type.value, one.default) for name, one in found.items()} == {
        "alpha": ("float", "0.5"), "l1_ratio": ("float", "0.5"), "name": ("string", "a b"),
    }  # fmt: skip
    written(tmp_path)
    assert ran(tmp_path) == [0.5, 0.5, "a b"]
    assert ran(tmp_path, alpha="1e-3", name="x") == [1e-3, 0.5, "x"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("f(sys.argv[1])", [("arg1", None, False)]),
        ("f(lr=float(sys.argv[1]))", [("lr", None, False)]),
        ("a = sys.argv[2]", [("arg1", None, False), ("a", None, False)]),
        ("_, a, b = sys.argv", [("a", None, False), ("b", None, False)]),
        ("a, b = map(float, sys.argv[1:3])", [("a", None, False), ("b", None, False)]),
        ("a = int(sys.argv[1]) if len(sys.argv) > 1 else f()", [("a", None, True)]),
        ("a = 3\nif len(sys.argv) > 1:\n    a = int(sys.argv[1])", [("a", "3", False)]),
        ("if len(sys.argv) > 1:\n    a = int(sys.argv[1])\nelse:\n    a = 3", [("a", "3", False)]),
        ("self.a = sys.argv[1]", [("a", None, False)]),
        ("print(sys.argv[0])", []),
    ],
)
def test_names_and_defaults(
    tmp_path: Path, code: str, expected: list[tuple[str, str | None, bool]]
) -> None:
    found = parameters(tmp_path, f"import sys\n{code}\nprint(1)\n")
    assert [(n, one.default, one.optional) for n, one in found.items()] == expected


@pytest.mark.parametrize(
    "code", ["main(sys.argv[1:])", "for a in sys.argv: f(a)", "a = sys.argv[n]"]
)
def test_words_without_a_number_are_said(tmp_path: Path, code: str) -> None:
    found = proposed(tmp_path, train_py=f"import sys\n{code}\nprint(1)\n")
    assert found.entry_points[0].parameters == ()
    (note,) = found.notes
    assert note.location is not None
    assert note.location.line == 2


def test_a_place_without_a_default_in_front_of_one_with_it_is_required(tmp_path: Path) -> None:
    text = """
import json, os, sys
a = sys.argv[1] if len(sys.argv) > 1 else os.getcwd()
b = sys.argv[2] if len(sys.argv) > 2 else "b"
print(json.dumps([a, b]))
"""
    filled(tmp_path, {"train.py": text})
    assert not entry_point(tmp_path, text).parameters[0].optional
