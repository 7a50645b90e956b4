"""What a conda environment's digest and key depend on."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from mlrun.environments.conda.channels import channels_of
from mlrun.environments.conda.environment import CondaEnvironment
from mlrun.environments.conda.settings import read_conda_settings
from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.environments.lock.model import EnvironmentLock
from mlrun.errors import Location, ProjectError, UsageError
from mlrun.project.model import CondaRequirement, CondaSpec

LOCK = EnvironmentLock("conda", "d", "linux", "3.10.1", ())


def spec(folder: Path, *packages: str, channel: str = "c", pip: tuple[str, ...] = ()) -> CondaSpec:
    here = Location(folder / "conda.yaml", 1, 1)
    asked = tuple(CondaRequirement(text, here) for text in packages or ("python=3.10",))
    return CondaSpec((channel,), False, asked, pip, {}, folder, here.file, here)


def key(environment: CondaEnvironment, **environ: str) -> str:
    settings = read_conda_settings({"HOME": "/nowhere", **environ})
    channels = channels_of(environment.spec, settings)
    return environment.key(settings, channels, PipSettings({}), {"HOME": "/nowhere"})


def test_the_digest_is_the_same_wherever_the_project_lies(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "more.txt").write_text("six\n")
        digests.add(CondaEnvironment(spec(folder, pip=("-r more.txt",))).digest())
    assert len(digests) == 1
    (tmp_path / "two" / "more.txt").write_text("six>1\n")
    changed = CondaEnvironment(spec(tmp_path / "two", pip=("-r more.txt",)))
    assert changed.digest() not in digests
    assert changed.asked() == ("channel c", "python=3.10", "pip six>1")


def test_a_login_counts_for_nothing(tmp_path: Path) -> None:
    one = CondaEnvironment(spec(tmp_path, channel="https://a:b@host.test/c"))
    two = CondaEnvironment(spec(tmp_path, channel="https://host.test/t/tok/c"))
    assert one.digest() == two.digest()
    assert key(one) == key(two)
    assert "tok" not in " ".join(two.asked())


def test_what_makes_another_environment(tmp_path: Path) -> None:
    base = spec(tmp_path)
    then = datetime(2020, 1, 1, tzinfo=timezone.utc)
    keys = [
        key(CondaEnvironment(base)),
        key(CondaEnvironment(spec(tmp_path, "python=3.11"))),
        key(CondaEnvironment(replace(base, variables={"A": "1"}))),
        key(CondaEnvironment(replace(base, channels=("d",)))),
        key(CondaEnvironment(base, as_of=then)),
        key(CondaEnvironment(base, as_of=then.replace(year=2021))),
        key(CondaEnvironment(base, pinned=LOCK)),
        key(CondaEnvironment(base, pinned=replace(LOCK, python="3.10.2"))),
        key(CondaEnvironment(base), CONDA_CHANNEL_ALIAS="https://other.test"),
        key(CondaEnvironment(base), CONDA_CHANNEL_PRIORITY="strict"),
        key(CondaEnvironment(base), CONDA_OVERRIDE_CUDA="12"),
    ]
    assert len(set(keys)) == len(keys)


def test_settings_do_not_change_what_is_locked(tmp_path: Path) -> None:
    locked = CondaEnvironment(spec(tmp_path), pinned=LOCK)
    assert key(locked) == key(locked, CONDA_CHANNEL_PRIORITY="strict")


def test_the_program_is_part_of_the_key_and_knows_no_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conda = tmp_path / "conda"
    conda.write_text("#!/bin/sh\n")
    conda.chmod(0o755)
    by_conda = CondaEnvironment(spec(tmp_path), conda_exe=str(conda))
    assert by_conda.tool == str(conda)
    assert key(by_conda) != key(CondaEnvironment(spec(tmp_path)))
    monkeypatch.setitem(os.environ, "MLFLOW_CONDA_CREATE_ENV_CMD", str(conda))
    assert CondaEnvironment(spec(tmp_path)).tool == str(conda)
    assert CondaEnvironment(spec(tmp_path), pinned=LOCK).tool == "rattler"
    with pytest.raises(UsageError, match="by their date"):
        CondaEnvironment(spec(tmp_path), as_of=datetime.now(timezone.utc))


def test_a_requirement_that_cannot_be_understood_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        CondaEnvironment(spec(tmp_path, "python=>3"))
    assert caught.value.location == Location(tmp_path / "conda.yaml", 1, 1)
