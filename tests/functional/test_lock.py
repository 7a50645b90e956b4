"""`mlrun lock`, and runs of projects that have a lock."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from mlrun.environments.installing.uv_program import find_uv
from tests.components import missing
from tests.functional.commands import Place, recorded
from tests.package_index import PackageIndex, serving
from tests.unit.environments.wheels import make_wheel

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/lock.schema.json").read_text())
RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
EARLY, LATE = "2022-03-01T10:00:00Z", "2024-03-01T10:00:00Z"
MLPROJECT = """
name: p
python_env: python_env.yaml
entry_points:
  main:
    command: python -c "import alpha; print('alpha', alpha.VERSION)"
"""
SPEC = f"python: '{RUNNING}'\ndependencies: [alpha]\n"


@pytest.fixture
def index(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """The only index, with `alpha` and `beta` of an early day; and a project that wants `alpha`."""
    if find_uv(os.environ) is None:
        missing("uv", "it is not installed")
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    with serving(PackageIndex()) as served:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
        monkeypatch.setenv("PIP_INDEX_URL", served.simple)
        add(served, "1.0", EARLY)
        place.write(MLPROJECT)
        (place.project / "python_env.yaml").write_text(SPEC)
        yield served


def add(index: PackageIndex, version: str, uploaded: str) -> None:
    for name in ("alpha", "beta"):
        index.add(
            make_wheel(Path(os.environ["UV_CACHE_DIR"]).parent / "wheels", name, version), uploaded
        )


def entries(place: Place) -> list[dict[str, object]]:
    document = json.loads((place.project / "mlrun.lock").read_text())
    jsonschema.validate(document, SCHEMA)
    return list(document["environments"])


def test_a_project_with_a_lock_gets_exactly_that(place: Place, index: PackageIndex) -> None:
    before = {path.name for path in place.project.iterdir()}
    done = place.mlrun("lock", "project")
    assert done.returncode == 0, done.stderr
    assert "1 package\n" in done.stdout
    assert f"wrote {place.project / 'mlrun.lock'}" in done.stdout
    assert {path.name for path in place.project.iterdir()} == {*before, "mlrun.lock"}
    assert place.mlrun("lock", "project", "--check").returncode == 0
    add(index, "2.0", LATE)
    text = (place.project / "mlrun.lock").read_text()
    for words in ((), ("--locked",)):
        done = place.run_project(*words)
        assert (done.returncode, done.stdout) == (0, "alpha 1.0\n"), done.stderr
        assert "warning" not in done.stderr
    again = place.mlrun("lock", "project")
    assert "holds still" in again.stdout
    assert (place.project / "mlrun.lock").read_text() == text


def test_an_environment_that_stands_in_the_project_file(place: Place, index: PackageIndex) -> None:
    own = f"{{python: '{RUNNING}', dependencies: [alpha]}}"
    command = "command: 'true'"
    place.write(
        f"python_env: {own}\nentry_points:\n  main: {{{command}}}\n"
        f"  a: {{{command}, python_env: {own.replace('alpha', 'beta')}}}\n"
    )
    done = place.mlrun("lock", "project")
    assert done.returncode == 0, done.stderr
    assert [entry["asked"] for entry in entries(place)] == [
        [f"python {RUNNING}", "alpha"], [f"python {RUNNING}", "beta"],
    ]  # fmt: skip


def test_a_changed_specification(place: Place, index: PackageIndex) -> None:
    assert place.mlrun("lock", "project").returncode == 0
    (place.project / "python_env.yaml").write_text(SPEC.replace("[alpha]", "[alpha, beta]"))
    done = place.run_project("--locked")
    assert done.returncode == 125
    assert "has changed since mlrun.lock was written (+beta)" in done.stderr
    assert "python_env.yaml" in done.stderr
    assert "mlrun lock" in done.stderr
    checked = place.mlrun("lock", "--check", "project")
    assert checked.returncode == 1
    assert "(+beta)" in checked.stderr
    done = place.run_project()
    assert (done.returncode, done.stdout) == (0, "alpha 1.0\n")
    assert "(+beta); solving anew" in done.stderr
    done = place.mlrun("lock", "project")
    assert "  + beta 1.0\n" in done.stdout
    assert "alpha" not in done.stdout.replace(str(place.project), "")
    assert len(entries(place)) == 1
    assert place.run_project("--locked").returncode == 0


def test_locked_without_a_lock(place: Place, index: PackageIndex) -> None:
    done = place.run_project("--locked")
    assert done.returncode == 125
    assert "no mlrun.lock" in done.stderr
    checked = place.mlrun("lock", "project", "--check")
    assert checked.returncode == 1
    assert not (place.project / "mlrun.lock").exists()


def test_upgrade_solves_anew_and_says_what_has_changed(place: Place, index: PackageIndex) -> None:
    place.mlrun("lock", "project")
    add(index, "2.0", LATE)
    done = place.mlrun("lock", "project", "--upgrade")
    assert "  ~ alpha 1.0 -> 2.0\n" in done.stdout
    done = place.run_project("--locked")
    assert done.stdout == "alpha 2.0\n"


def test_as_of_a_date(place: Place, index: PackageIndex) -> None:
    add(index, "2.0", LATE)
    assert place.run_project("--as-of", "2023-05-01").stdout == "alpha 1.0\n"
    (run,) = place.runs()
    assert recorded(run, "tags")["mlrun.environment.as_of"].startswith("2023-05-01T23:59:59")
    assert place.run_project().stdout == "alpha 2.0\n"
    done = place.mlrun("lock", "project", "--as-of", "2023-05-01")
    assert "as of 2023-05-01T23:59:59Z" in done.stdout
    assert place.run_project("--locked").stdout == "alpha 1.0\n"
    assert place.run_project("--locked", "--as-of", "2023-05-01").stdout == "alpha 1.0\n"
    refused = place.run_project("--locked", "--as-of", "2023-06-01")
    assert "another date is asked for" in refused.stderr
    (place.project / "python_env.yaml").write_text(SPEC.replace("[alpha]", "[alpha, beta]"))
    done = place.mlrun("lock", "project")
    assert "as of 2023-05-01T23:59:59Z" in done.stdout
    assert "+ beta 1.0" in done.stdout
    done = place.mlrun("lock", "project", "--upgrade")
    assert "~ beta 1.0 -> 2.0" in done.stdout
    assert "as of" not in done.stdout


def test_a_wrong_date(place: Place, index: PackageIndex) -> None:
    done = place.mlrun("lock", "project", "--as-of", "last week")
    assert done.returncode == 2
    assert "takes a date" in done.stderr


def test_entries_of_other_platforms_stay(place: Place, index: PackageIndex) -> None:
    place.mlrun("lock", "project")
    file = place.project / "mlrun.lock"
    file.write_text(file.read_text().replace(f'"{sys.platform}-', '"elsewhere-'))
    done = place.run_project("--locked")
    assert "has nothing for this machine" in done.stderr
    assert place.mlrun("lock", "project").returncode == 0
    platforms = [str(entry["platform"]).split("-")[0] for entry in entries(place)]
    assert sorted(platforms) == sorted(["elsewhere", sys.platform])


def test_entry_points_with_environments_of_their_own(place: Place, index: PackageIndex) -> None:
    own = "  other:\n    python_env: other.yaml\n    command: python -c 'import beta'\n"
    (place.project / "MLproject").write_text(MLPROJECT + own)
    (place.project / "other.yaml").write_text(SPEC.replace("alpha", "beta"))
    done = place.mlrun("lock", "project")
    assert "uv (other), Python" in done.stdout
    assert len(entries(place)) == 2
    assert place.run_project("--locked").returncode == 0
    assert place.run_project("--locked", "-e", "other").returncode == 0
    (place.project / "other.yaml").write_text(SPEC.replace("alpha", "alpha, beta"))
    assert place.run_project("--locked").returncode == 0
    assert place.run_project("--locked", "-e", "other").returncode == 125
    done = place.mlrun("lock", "project")
    assert "+ alpha 1.0" in done.stdout
    assert len(entries(place)) == 2


@pytest.mark.parametrize(
    ("mlproject", "files", "said"),
    [
        ("docker_env: {image: python}\n", {}, "runs in a container"),
        ("", {}, "the system's environment"),
        ("", {"uv_lock": "version = 1\n", "pyproject_toml": "[project]\nname='p'\n"}, "uv.lock"),
    ],
)
def test_what_cannot_be_locked(
    place: Place, mlproject: str, files: dict[str, str], said: str
) -> None:
    place.write(f"name: p\n{mlproject}entry_points: {{main: {{command: 'true'}}}}\n", **files)
    done = place.mlrun("lock", "project")
    assert done.returncode == 125
    assert said in done.stderr
    assert "hint" in done.stderr
    assert not (place.project / "mlrun.lock").exists()


def test_what_is_no_folder(place: Place) -> None:
    done = place.mlrun("lock", "https://host.invalid/p.git")
    assert done.returncode == 2
    assert "written into a project's folder" in done.stderr


def test_a_lock_that_is_broken_is_one_message(place: Place, index: PackageIndex) -> None:
    (place.project / "mlrun.lock").write_text("<<<<<<< HEAD\n>>>>>>> other\n")
    done = place.run_project()
    assert done.returncode == 125
    assert "merge" in done.stderr
    assert "Traceback" not in done.stderr
