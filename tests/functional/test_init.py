"""`mlrun init` on folders as people have them, and the runs that follow."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.functional.commands import Place

TORCH = '''
"""Train a classifier on images."""

import argparse
import json
import os
from pathlib import Path

ARCHITECTURES = {"resnet18": 18, "resnet50": 50}
DATA = os.path.join("data", "images")


def parse_args():
    parser = argparse.ArgumentParser(description="Train a classifier on images")
    parser.add_argument("data", metavar="DIR", nargs="?", default=DATA, help="path of the images")
    parser.add_argument("-a", "--arch", default="resnet18", choices=sorted(ARCHITECTURES),
                        help="architecture: " + " | ".join(ARCHITECTURES))
    parser.add_argument("-j", "--workers", default=os.cpu_count(), type=int)
    parser.add_argument("--epochs", default=90, type=int, help="epochs (default: %(default)s)")
    parser.add_argument("--lr", "--learning-rate", default=1e-3, type=float, dest="rate")
    parser.add_argument("--layers", nargs="+", type=int, default=[64, 64])
    parser.add_argument("--resume", default="", help="checkpoint: 'none' if empty")
    parser.add_argument("--pretrained", action="store_true", help="begin with known weights")
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--seed", type=int, help="# for the generators")
    parser.add_argument("--out-dir", type=Path, default=Path("runs") / "latest")
    return parser.parse_args()


def main():
    given = vars(parse_args())
    given.pop("workers")
    print(json.dumps(given, default=str))


if __name__ == "__main__":
    main()
'''

PREPARE = """#!/bin/sh
set -e
SOURCE=$1
size="${2:-10}"
echo "$SOURCE/$size"
"""


def initialised(place: Place, *words: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Write a project's files, and run `mlrun init` on them."""
    place.project.mkdir(exist_ok=True)
    for name, text in files.items():
        (place.project / name.replace("_", ".")).write_text(text)
    return place.mlrun("init", "project", *words)


def test_a_training_script_is_a_project_that_lints_and_runs(place: Place) -> None:
    answer = initialised(place, train_py=TORCH, prepare_sh=PREPARE)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.splitlines() == [
        "mlrun: main: 11 parameters, from project/train.py:14 (argparse)",
        "mlrun: prepare: 2 parameters, from project/prepare.sh:3 (the shell)",
        "mlrun: environment: none is named, since nothing is imported that is to be installed",
        "mlrun: wrote project/MLproject",
        "mlrun: next: mlrun run project",
    ]
    lint = place.mlrun("lint", "project")
    assert lint.returncode == 0, lint.stdout + lint.stderr
    plain = place.run_project()
    assert plain.returncode == 0, plain.stderr
    alone = subprocess.run(
        ["python3", "train.py"], cwd=place.project, capture_output=True, check=True
    )
    expected = json.loads(alone.stdout)
    assert json.loads(plain.stdout) == {
        **expected, "out_dir": str(place.project / "runs/latest"),
    }  # fmt: skip
    words = ("-P", "layers=1 2", "-P", "pretrained=true", "-P", "amp=no", "-P", "seed=-3")
    given = json.loads(place.run_project(*words).stdout)
    assert (given["layers"], given["pretrained"], given["amp"]) == ([1, 2], True, False)
    assert given["seed"] == -3
    answer = place.run_project("-P", "arch=resnet81")
    assert answer.returncode == 125
    assert "resnet18" in answer.stderr
    assert place.run_project("-e", "prepare", "-P", "source=a b").stdout == "a b/10\n"


def test_the_next_line_names_what_is_required(place: Place) -> None:
    script = "import click\n@click.group()\ndef cli(): pass\n@cli.command()\n" \
             "@click.option('--model', required=True)\n@click.argument('data')\n" \
             "def score(model, data): print(model, data)\nif __name__ == '__main__':\n" \
             "    cli()\n"  # fmt: skip
    answer = initialised(place, score_py=script)
    *_, last = answer.stderr.splitlines()
    assert last == "mlrun: next: mlrun run project -e score -P data=... -P model=..."
    values = ("-e", "score", "-P", "data=d", "-P", "model=-m", "--env-manager", "local")
    assert place.run_project(*values).stdout == "-m d\n"


def test_an_environment_is_written_and_used(place: Place) -> None:
    answer = initialised(place, train_py="import numpy\nprint(1)\n")
    assert "mlrun: wrote project/python_env.yaml and project/MLproject" in answer.stderr
    assert "hint: look through python_env.yaml" in answer.stderr
    planned = json.loads(place.run_project("--dry-run").stdout)
    assert planned["work"]["environment"]["manager"] in ("uv", "virtualenv")
    assert place.mlrun("lint", "project").returncode == 0


@pytest.mark.parametrize("word", ["--stdout", "--dry-run"])
def test_only_printing_writes_nothing(place: Place, word: str) -> None:
    answer = initialised(place, word, "--name", "it's: mine", train_py="import numpy\nprint(1)\n")
    assert answer.returncode == 0
    assert answer.stdout.startswith('name: "it\'s: mine"\n')
    assert [path.name for path in place.project.iterdir()] == ["train.py"]


def test_a_project_file_is_replaced_by_force_only(place: Place) -> None:
    files = {"train_py": "print(1)\n", "MLproject": "name: mine\n"}
    answer = initialised(place, **files)
    assert answer.returncode == 125
    assert "project/MLproject: the folder has a project file already" in answer.stderr
    assert "--force replaces it" in answer.stderr
    assert (place.project / "MLproject").read_text() == "name: mine\n"
    assert initialised(place, "--force", **files).returncode == 0
    assert place.run_project().stdout == "1\n"


def test_what_is_not_understood_has_its_place(place: Place) -> None:
    script = "import argparse\np = argparse.ArgumentParser()\np.add_argument(NAME)\n" \
             "p.add_argument('--on', type=bool)\np.parse_args()\n"  # fmt: skip
    answer = initialised(place, train_py=script)
    assert "project/train.py:3:1" in answer.stderr
    assert "project/train.py:4:1" in answer.stderr


def test_a_folder_that_has_nothing_to_run(place: Place) -> None:
    answer = initialised(place, model_py="x = 1\n")
    assert answer.returncode == 125
    assert "no script was found in" in answer.stderr
    answer = place.mlrun("init", "missing")
    assert answer.returncode == 125
    assert "does not exist" in answer.stderr


def test_names_of_a_folder_do_nothing_to_the_terminal(place: Place) -> None:
    script = "import argparse\np = argparse.ArgumentParser()\n"
    script += "p.add_argument('--\\x1b[2J', help='\\x1b[31m')\np.parse_args()\n"
    answer = initialised(place, train_py=script)
    assert answer.returncode == 0
    assert "\x1b" not in answer.stderr
    text = Path(place.project / "MLproject").read_text()
    assert "\x1b" not in text


def test_an_address_is_refused_without_its_password(place: Place) -> None:
    answer = place.mlrun("init", "https://me:hunter2@host/p.git")
    assert answer.returncode == 2
    assert "https://***@host/p.git is no folder of this machine" in answer.stderr
    assert "hunter2" not in answer.stderr
