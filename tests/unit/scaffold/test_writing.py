"""The text of a project file is one that a person would write."""

from __future__ import annotations

from pathlib import Path

from tests.unit.scaffold.proposed import proposed

SCRIPT = """
import argparse
parser = argparse.ArgumentParser(description="Trains it: all of it.")
parser.add_argument("data")
parser.add_argument("--alpha", type=float, default=0.5, help="Mixing.")
parser.add_argument("--dry-run", action="store_true")
parser.add_argument("--kind", choices=["a", "no"], default="no")
parser.add_argument("--out", help="A description that is so long that it does not fit on one line "
                    "with the name in front of it: it is folded.")
args = parser.parse_args()
"""
EXPECTED = """\
name: "1.0"

entry_points:
  main:
    description: "Trains it: all of it."
    parameters:
      data: string
      alpha: {type: float, default: 0.5, description: Mixing.}
      dry_run: {type: bool, default: false, flag: "--dry-run"}
      kind: {type: string, default: "no", choices: [a, "no"]}
      out:
        type: string
        optional: true
        description: >-
          A description that is so long that it does not fit on one line with the name in front of
          it: it is folded.
    command: "python train.py {data} --alpha={alpha} {dry_run} --kind={kind} --out={out}"

  other:
    command: "python other.py"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    folder = tmp_path / "1.0"
    folder.mkdir()
    other = "if __name__ == '__main__': print(1)\n"
    assert proposed(folder, train_py=SCRIPT, other_py=other).text == EXPECTED


def test_a_long_command_has_a_line_for_each_argument(tmp_path: Path) -> None:
    lines = [f"parser.add_argument('--option-{n}', default='x')" for n in range(4)]
    script = "\n".join(["import argparse", "parser = argparse.ArgumentParser()", *lines])
    text = proposed(tmp_path, train_py=script + "\nparser.parse_args()\n").text
    assert text.endswith(
        "    command: >-\n      python train.py\n      --option-0={option_0}\n"
        "      --option-1={option_1}\n      --option-2={option_2}\n      --option-3={option_3}\n"
    )
