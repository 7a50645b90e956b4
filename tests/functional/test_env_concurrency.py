"""Many runs that need one new environment, builders that are killed, removal beside runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.components import missing
from tests.functional.commands import Place
from tests.functional.environments import Wheelhouse, make_wheelhouse
from tests.functional.fetched import processes
from tests.functional.test_sources_concurrency import descendants
from tests.unit.environments.wheels import make_wheel

AT_ONCE = 20


@pytest.fixture
def house(place: Place, monkeypatch: pytest.MonkeyPatch) -> Wheelhouse:
    made = make_wheelhouse(place)
    made.keep_to_it(monkeypatch)
    made.add_slow_package()
    return made


def first_error_line(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def test_twenty_first_runs_make_one_build(house: Wheelhouse) -> None:
    project = house.project("small", "slow")
    builder = house.begin("run", project, "--no-tracking")
    house.wait_for_builds(1, builder)
    others = [house.begin("run", project, "--no-tracking") for _ in range(AT_ONCE - 1)]
    waiting = [first_error_line(process) for process in others]
    house.go()
    answers = [process.communicate(timeout=300) for process in (builder, *others)]
    assert [output for output, _ in answers] == ["small 1.0\n"] * AT_ONCE, answers
    assert house.notes.read_text() == "built\n"
    (log,) = house.store.glob("*/build.log")
    for line in waiting:
        assert f"waiting for another mlrun that builds this environment for {project}" in line
        assert f"(process {builder.pid}, since " in line
        assert f"log: {log})" in line


def test_twenty_that_start_at_one_moment(house: Wheelhouse) -> None:
    project = house.project("small", "slow")
    house.go()
    started = [house.begin("run", project, "--no-tracking") for _ in range(AT_ONCE)]
    answers = [process.communicate(timeout=300) for process in started]
    assert [output for output, _ in answers] == ["small 1.0\n"] * AT_ONCE, answers
    assert house.notes.read_text() == "built\n"


@pytest.mark.parametrize("victims", ["mlrun", "all"])
def test_a_killed_builder_is_followed_by_the_next(house: Wheelhouse, victims: str) -> None:
    project = house.project("small", "slow")
    builder = house.begin("run", project, "--no-tracking")
    house.wait_for_builds(1, builder)
    others = [house.begin("run", project, "--no-tracking") for _ in range(3)]
    for process in others:
        assert f"(process {builder.pid}, since " in first_error_line(process)
    for pid in descendants(builder.pid) if victims == "all" else {builder.pid}:
        os.kill(pid, signal.SIGKILL)
    builder.communicate(timeout=60)
    house.wait_for_builds(2, others[0])
    house.go()
    answers = [process.communicate(timeout=300) for process in others]
    assert [output for output, _ in answers] == ["small 1.0\n"] * 3, answers
    assert len(house.notes.read_text().splitlines()) == 2
    (home,) = house.store.glob("[0-9a-f]*")
    assert len([path for path in home.iterdir() if path.is_dir()]) == 1
    assert not (home / "builder").exists()


def test_an_interrupted_builder_leaves_the_build_to_the_next(house: Wheelhouse) -> None:
    project = house.project("small", "slow")
    builder = house.begin("run", project, "--no-tracking")
    house.wait_for_builds(1, builder)
    other = house.begin("run", project, "--no-tracking")
    first_error_line(other)
    builder.send_signal(signal.SIGINT)
    builder.communicate(timeout=60)
    assert builder.returncode == 130
    house.go()
    output, errors = other.communicate(timeout=300)
    assert output == "small 1.0\n", errors


def test_one_that_waits_can_be_interrupted(house: Wheelhouse) -> None:
    project = house.project("small", "slow")
    builder = house.begin("run", project, "--no-tracking")
    house.wait_for_builds(1, builder)
    other = house.begin("env", "build", project)
    first_error_line(other)
    other.send_signal(signal.SIGTERM)
    other.communicate(timeout=60)
    assert other.returncode == 128 + signal.SIGTERM
    house.go()
    output, errors = builder.communicate(timeout=300)
    assert output == "small 1.0\n", errors


def test_two_environments_are_built_at_once(house: Wheelhouse) -> None:
    slow = house.begin("run", house.project("small", "slow", name="one"), "--no-tracking")
    house.wait_for_builds(1, slow)
    run = house.place.mlrun("run", house.project("small", name="two"), "--no-tracking")
    assert run.stdout == "small 1.0\n"
    assert slow.poll() is None
    house.go()
    assert slow.communicate(timeout=300)[0] == "small 1.0\n"


def test_what_is_built_is_listed_and_not_removed(house: Wheelhouse) -> None:
    builder = house.begin("run", house.project("small", "slow"), "--no-tracking")
    house.wait_for_builds(1, builder)
    (listed,) = house.document("list")["environments"]
    assert listed["state"] == "building"
    assert f"being built by process {builder.pid}" in house.env("list").stdout
    for words in (("remove", "--all"), ("remove", listed["key"])):
        assert "in use, and stays" in house.env(*words).stderr
    assert "nothing to remove" in house.env("prune", "--older-than", "0").stderr
    house.go()
    assert builder.communicate(timeout=300)[0] == "small 1.0\n"


def test_removal_beside_runs_takes_no_environment_away(house: Wheelhouse) -> None:
    house.go()
    project = house.project("small")
    for _ in range(4):
        runs = [house.begin("run", project, "--no-tracking") for _ in range(3)]
        removals = 0
        while any(run.poll() is None for run in runs):
            words = ("remove", "--all") if removals % 2 else ("prune", "--older-than", "0")
            assert house.env(*words).returncode == 0
            removals += 1
        answers = [run.communicate() for run in runs]
        assert [output for output, _ in answers] == ["small 1.0\n"] * 3, answers
    assert Path(house.store).is_dir()


def test_an_installer_that_is_killed_is_no_mystery(house: Wheelhouse) -> None:
    """The kernel does so where the memory runs out."""
    builder = house.begin("env", "build", house.project("slow"))
    house.wait_for_builds(1, builder)
    (installer,) = (p.pid for p in processes() if p.parent == builder.pid)
    os.kill(installer, signal.SIGKILL)
    output, errors = builder.communicate(timeout=60)
    assert (builder.returncode, output) == (125, "")
    assert "`uv pip install` was killed (SIGKILL)" in errors
    assert "too little memory" in errors
    house.go()


def test_a_full_disk_is_said_and_leaves_nothing_half_built(
    house: Wheelhouse, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    make_wheel(house.folder, "large", code=f"TEXT = '{os.urandom(300_000).hex()}'\n")
    project = house.project("large")
    try:
        answer = house.env("build", project, MLRUN_CACHE_DIR=str(disk))
        assert (answer.returncode, answer.stdout) == (125, "")
        assert "no space left" in answer.stderr.lower()
        assert "mlrun env prune" in answer.stderr
        listed = house.env("list", "--output", "json", MLRUN_CACHE_DIR=str(disk))
        (found,) = json.loads(listed.stdout)["environments"]
        assert found["state"] == "left"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert house.env("build", project).returncode == 0
