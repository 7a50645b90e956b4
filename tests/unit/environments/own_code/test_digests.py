"""When the environment on top of a shared one has to be made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.own_code.digests import packaging_digest, structure_digest
from mlrun.environments.python.requirements import LocalProject
from mlrun.errors import Location


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    folder = tmp_path / "project"
    (folder / "src" / "pkg").mkdir(parents=True)
    (folder / "src" / "pkg" / "__init__.py").touch()
    (folder / "pyproject.toml").write_text("[project]\n")
    return LocalProject(folder, "", Location(folder))


def both(project: LocalProject) -> tuple[str, str]:
    return packaging_digest(project), structure_digest(project)


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"])
def test_how_it_is_packaged_counts(project: LocalProject, name: str) -> None:
    before = packaging_digest(project)
    (project.folder / name).write_text("changed")
    assert packaging_digest(project) != before


def test_extras_count(project: LocalProject) -> None:
    other = LocalProject(project.folder, "[all]", project.location)
    assert packaging_digest(other) != packaging_digest(project)


def test_code_and_results_do_not_count(project: LocalProject) -> None:
    before = both(project)
    (project.folder / "src" / "pkg" / "__init__.py").write_text("A = 1")
    (project.folder / "src" / "pkg" / "more.py").touch()
    (project.folder / "model.pkl").touch()
    (project.folder / "mlruns").mkdir()
    assert both(project) == before


@pytest.mark.parametrize("name", ["new.py", "new/__init__.py", "src/new/__init__.py"])
def test_a_new_name_to_import_counts(project: LocalProject, name: str) -> None:
    before = structure_digest(project)
    (project.folder / name).parent.mkdir(exist_ok=True)
    (project.folder / name).touch()
    assert structure_digest(project) != before


def test_only_the_place_tells_two_checkouts_apart(project: LocalProject, tmp_path: Path) -> None:
    before = both(project)
    moved = LocalProject(project.folder.rename(tmp_path / "other"), "", project.location)
    assert packaging_digest(moved) == before[0]
    assert structure_digest(moved) != before[1]
