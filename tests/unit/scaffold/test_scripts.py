from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.scaffold.scripts import find_scripts
from tests.unit.scaffold.proposed import filled

MAIN = "if __name__ == '__main__':\n    print(1)\n"
PARSING = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int)\n"


def starts(folder: Path, **files: str) -> dict[str, str]:
    filled(folder, {name.replace("__", "/"): text for name, text in files.items()})
    return {str(s.path): " ".join(s.start) for s in find_scripts(folder).scripts}


def test_modules_tests_and_packaging_are_no_scripts(tmp_path: Path) -> None:
    files = {
        "train.py": MAIN, "loop.py": "import model\nfor x in model.f(): print(x)\n",
        "model.py": "import torch\ntorch.manual_seed(0)\nprint('imported')\ndef f(): return []\n",
        "constants.py": "A = 1\n", "setup.py": "setup()\n", "test_it.py": MAIN, "it_test.py": MAIN,
        "conftest.py": MAIN, "p/__init__.py": "print(1)\n", "paths.py": "sys.path.append('x')\n",
    }  # fmt: skip
    filled(tmp_path, files)
    assert list(starts(tmp_path)) == ["loop.py", "train.py"]


def test_a_script_of_a_package_is_started_as_a_module(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "", "pkg/train.py": "from . import x\n" + MAIN,
        "pkg/deep/__init__.py": "", "pkg/deep/eval.py": "from pkg.train import y\n" + MAIN,
        "pkg/alone.py": MAIN, "tool/__main__.py": MAIN, "pkg/__main__.py": "import sys\n",
        "src/lib/__init__.py": "", "src/lib/fit.py": "import lib.x\n" + MAIN,
        "scripts/a b.py": MAIN, "-x.py": MAIN,
    }  # fmt: skip
    filled(tmp_path, files)
    assert starts(tmp_path) == {
        "-x.py": "python ./-x.py",
        "pkg/__main__.py": "python -m pkg",
        "pkg/alone.py": "python pkg/alone.py",
        "pkg/deep/eval.py": "python -m pkg.deep.eval",
        "pkg/train.py": "python -m pkg.train",
        "scripts/a b.py": "python scripts/a b.py",
        "src/lib/fit.py": "PYTHONPATH=src python -m lib.fit",
        "tool/__main__.py": "python tool",
    }


@pytest.mark.parametrize("importing", ["from options import get", "import options"])
def test_options_of_a_module_are_those_of_the_script_that_imports_it(
    tmp_path: Path, importing: str
) -> None:
    filled(tmp_path, {"options.py": PARSING, "train.py": f"{importing}\n{MAIN}"})
    (script,) = find_scripts(tmp_path).scripts
    assert script.reading is not None
    assert script.reading.parser == "argparse in options.py"


def test_options_of_another_script_are_not(tmp_path: Path) -> None:
    filled(tmp_path, {"other.py": PARSING + MAIN, "train.py": f"import other\n{MAIN}"})
    readings = {str(s.path): s.reading for s in find_scripts(tmp_path).scripts}
    assert readings["other.py"] is not None
    assert readings["train.py"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("print 'x'\n", "this is no Python 3"),
        ("x = 1\0\n", "this is no Python 3"),
        ("# \xff\n", None),
        ("(" * 5000, "this is no Python 3"),
        ("import hydra\n" + MAIN, "arguments that hydra parses are not read"),
        ("#" * (1 << 20) + "\n", "too large"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, said: str | None) -> None:
    (tmp_path / "train.py").write_bytes(text.encode("utf-8"))
    notes = [note.message for note in find_scripts(tmp_path).notes]
    assert len(notes) == (said is not None)
    assert said is None or said in notes[0]


def test_nothing_is_imported_or_run(tmp_path: Path) -> None:
    filled(tmp_path, {"train.py": f"open({str(tmp_path / 'run')!r}, 'w')\n{PARSING}{MAIN}"})
    find_scripts(tmp_path)
    assert not (tmp_path / "run").exists()
