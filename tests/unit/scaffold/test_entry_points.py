from __future__ import annotations

from pathlib import Path

from tests.unit.scaffold.proposed import filled, proposed, written

MAIN = "if __name__ == '__main__':\n    print(1)\n"
GROUP = """
import click
@click.group()
def cli(): pass
@cli.command()
def train(): pass
if __name__ == "__main__":
    cli()
"""


def entry_points(folder: Path) -> dict[str, str]:
    return {one.name: one.command for one in proposed(folder).entry_points}


def test_the_likeliest_is_main(tmp_path: Path) -> None:
    filled(tmp_path, {"aaa.py": MAIN, "train.py": MAIN, "run.sh": "", "x/aaa.py": MAIN})
    assert entry_points(tmp_path) == {
        "main": "python train.py", "run": "bash run.sh", "aaa": "python aaa.py",
        "x-aaa": "python x/aaa.py",
    }  # fmt: skip


def test_name_of_the_script_that_is_main_means_no_other(tmp_path: Path) -> None:
    filled(tmp_path, {"train.py": MAIN, "main.py": MAIN, "a b/train.py": MAIN})
    assert entry_points(tmp_path) == {
        "main": "python train.py", "main_2": "python main.py", "a-b-train": "python 'a b/train.py'",
    }  # fmt: skip


def test_subcommands_of_the_likeliest_have_no_main_beside_them(tmp_path: Path) -> None:
    filled(tmp_path, {"main.py": GROUP, "zzz.py": MAIN, "tool.py": GROUP})
    assert list(entry_points(tmp_path)) == ["train", "tool-train", "zzz"]


def test_names_of_files_reach_the_shell_as_they_are(tmp_path: Path) -> None:
    filled(tmp_path, {"it's {x} $y.py": MAIN, "x y/main #1.py": MAIN})
    commands = [one.command for one in written(tmp_path).entry_points.values()]
    assert commands == ["""python 'it'"'"'s {{x}} $y.py'""", "python 'x y/main #1.py'"]
