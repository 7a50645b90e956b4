"""What a build of a `uv.lock` works on."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.uv_lock.building import UvLockBuild
from mlrun.environments.uv_lock.environment import UvLockEnvironment
from mlrun.errors import Location
from mlrun.project.model import UvLockEnv


@pytest.mark.parametrize("further", [-2, -1, 0, 1])
def test_an_index_up_to_the_root_leaves_the_copy_in_its_place(tmp_path: Path, further: int) -> None:
    folder, work = tmp_path / "project", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0"\n')
    (folder / "uv.lock").write_text('version = 1\nrequires-python = ">=3.10"\n')
    env = UvLockEnvironment(UvLockEnv(folder, Location(folder)), exact_python=False)
    up = "../" * (len(folder.parts) - 1 + further)
    locked = [{"name": "six", "source": {"registry": f"{up}no-such/simple"}}]
    copy = UvLockBuild(env, {}, lambda _line: None)._copied(locked, work)
    assert copy.is_relative_to(work.resolve())
    assert (copy / "pyproject.toml").is_file()
