from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import ProjectError
from mlrun.scaffold.scaffolding import scaffold, write
from tests.unit.scaffold.proposed import filled


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    filled(tmp_path, {"train.py": "print(1)\n", "mlproject": "name: mine\n"})
    with pytest.raises(ProjectError, match="already") as caught:
        write(scaffold(tmp_path), replaces=False)
    assert caught.value.location is not None
    assert caught.value.location.file == tmp_path / "mlproject"
    assert (tmp_path / "mlproject").read_text() == "name: mine\n"


def test_a_file_that_came_in_the_meantime_stays(tmp_path: Path) -> None:
    filled(tmp_path, {"train.py": "print(1)\n"})
    proposed = scaffold(tmp_path)
    filled(tmp_path, {"MLproject": "name: mine\n"})
    with pytest.raises(ProjectError, match="already"):
        write(proposed, replaces=False)
    assert (tmp_path / "MLproject").read_text() == "name: mine\n"


def test_a_file_is_replaced_where_it_is(tmp_path: Path) -> None:
    filled(tmp_path, {"train.py": "print(1)\n", "real": "name: mine\n"})
    (tmp_path / "MLproject").symlink_to("real")
    write(scaffold(tmp_path, "new"), replaces=True)
    assert (tmp_path / "MLproject").is_symlink()
    assert (tmp_path / "real").read_text().startswith("name: new\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["MLproject", "real", "train.py"]


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    filled(tmp_path, {"file": ""})
    with pytest.raises(ProjectError, match=r"no folder|does not exist"):
        scaffold(tmp_path / name)


def test_a_folder_without_scripts_is_an_error(tmp_path: Path) -> None:
    filled(tmp_path, {"model.py": "x = 1\n"})
    with pytest.raises(ProjectError, match="no script"):
        scaffold(tmp_path)
