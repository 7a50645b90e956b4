"""`mlrun schema`, in a working copy and as it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.schema_files import read_schema, schema_file, schema_names
from tests.components import missing
from tests.functional.commands import Place
from tests.functional.test_imports import HEAVY

ROOT = Path(__file__).resolve().parents[2]


def test_a_schema_is_printed_as_it_is(place: Place) -> None:
    done = place.mlrun("schema", "mlproject")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == schema_file("mlproject").read_text(encoding="utf-8")
    assert json.loads(done.stdout) == read_schema("mlproject")


def test_without_a_name_all_are_listed_with_what_they_are_for(place: Place) -> None:
    done = place.mlrun("schema")
    listed = [f"{name} {read_schema(name)['description']}" for name in schema_names()]
    assert done.stdout.split() == " ".join(listed).split()
    assert names_in(done.stdout) == list(schema_names())


def names_in(listed: str) -> list[str]:
    return [line.split()[0] for line in listed.splitlines() if not line.startswith(" ")]


def test_an_editor_is_told_where_the_file_is(place: Place) -> None:
    done = place.mlrun("schema", "MLproject", "--path")
    assert Path(done.stdout.removesuffix("\n")) == schema_file("mlproject")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["plna"], "there is no schema 'plna'", "did you mean 'plan'?"),
        (["--path"], "--path needs the name of a schema", "choose one: "),
    ],
)
def test_a_wrong_use_is_told(place: Place, words: list[str], message: str, hint: str) -> None:
    done = place.mlrun("schema", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert hint in done.stderr


def test_nothing_heavy_is_imported_to_print_one(place: Place) -> None:
    code = (
        "import json, sys; from mlrun.cli.main import exit_code_for;"
        "exit_code_for(['schema', 'plan']); print(json.dumps(list(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=place.folder
    )
    imported = set(json.loads(done.stderr))
    assert imported & HEAVY == set()
    of_others = {name.partition(".")[0] for name in imported} & {
        "yaml",
        "jsonschema",
        "platformdirs",
    }
    assert of_others == set()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with mlrun alone, installed from a wheel that is built of this working copy."""
    try:
        from uv import find_uv_bin
    except ImportError:
        missing("uv", "it is not installed")
        raise AssertionError from None
    folder = tmp_path_factory.mktemp("wheel")
    target = folder / "installed"
    built = _uv(find_uv_bin(), "build", "--wheel", "--out-dir", folder, ROOT)
    if built.returncode != 0:
        missing("pypi", built.stderr[-800:])
    (wheel,) = folder.glob("*.whl")
    python = ("--python", sys.executable)
    done = _uv(find_uv_bin(), "pip", "install", *python, "--no-deps", "--target", target, wheel)
    assert done.returncode == 0, done.stderr
    return target


def _uv(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)


def test_an_installed_mlrun_has_them(installed: Path, place: Place) -> None:
    done = place.mlrun("schema", "mlproject", "--path", env={"PYTHONPATH": str(installed)})
    file = Path(done.stdout.strip())
    assert file == installed / "mlrun" / "schemas" / "mlproject.schema.json"
    assert file.read_bytes() == schema_file("mlproject").read_bytes()
    listed = place.mlrun("schema", env={"PYTHONPATH": str(installed)}).stdout
    assert names_in(listed) == list(schema_names())
