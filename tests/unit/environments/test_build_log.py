"""What installers print is kept, without secrets, and its end is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.environments.build_log import BuildLog
from mlrun.errors import EnvironmentBuildError, Location
from tests.components import missing

HERE = Location(Path("python_env.yaml"), 2, 3)


def shell(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_everything_is_kept(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log", {})
    log.run(shell("print('one')"), cwd=tmp_path, env=os.environ, location=HERE)
    script = "import sys; sys.stderr.write('two')"
    assert log.attempt(shell(script), cwd=tmp_path, env=os.environ) == 0
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if not line.startswith("$")] == ["one", "two"]
    assert sum(line.startswith("$ python") for line in lines) == 2


def test_a_failure_shows_the_end(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log", {})
    script = "[print('line', n) for n in range(500)]; raise SystemExit(3)"
    with pytest.raises(EnvironmentBuildError, match="exit code 3") as caught:
        log.run(shell(script), cwd=tmp_path, env=os.environ, location=HERE)
    assert caught.value.message.endswith("line 499")
    assert "line 400" not in caught.value.message
    assert str(tmp_path / "log") in (caught.value.hint or "")
    assert "line 400\n" in (tmp_path / "log").read_text()
    assert caught.value.location == HERE


def test_secrets_stay_out_of_log_and_message(tmp_path: Path) -> None:
    environ = {**os.environ, "INDEX_TOKEN": "tok3n-value", "PYTHONIOENCODING": "utf-8"}
    log = BuildLog(tmp_path / "log", environ, secrets=("other-secret",))
    script = "print('https://me:pass1234@host.example tok3n-value other-secret'); exit(1)"
    with pytest.raises(EnvironmentBuildError) as caught:
        log.run(shell(script), cwd=tmp_path, env=environ, location=HERE)
    shown = caught.value.message + (tmp_path / "log").read_text()
    for secret in ("pass1234", "tok3n-value", "other-secret"):
        assert secret not in shown
    assert "host.example" in shown


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log", {})
    with pytest.raises(EnvironmentBuildError, match="No such file"):
        log.run(["/no/such/program"], cwd=tmp_path, env=os.environ, location=HERE)


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "no folder" / "log", {})
    with pytest.raises(EnvironmentBuildError, match="the reason"):
        log.run(shell("exit('the reason')"), cwd=tmp_path, env=os.environ, location=HERE)


@pytest.mark.skipif(os.name == "nt", reason="there is no small disk")
def test_a_full_disk_still_shows_the_end(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        missing("tmpfs", "a small disk has to be mounted, which takes root")
    try:
        log = BuildLog(disk / "log", {})
        script = "[print('x' * 100) for n in range(500)]; exit('the reason')"
        with pytest.raises(EnvironmentBuildError, match="the reason"):
            log.run(shell(script), cwd=tmp_path, env=os.environ, location=HERE)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_interruption_ends_the_installer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = BuildLog(tmp_path / "log", {})
    begun: list[int] = []

    def interrupted(line: str, _stream: object) -> None:
        if line.isdigit():
            begun.append(int(line))
            raise KeyboardInterrupt

    monkeypatch.setattr(log, "_keep", interrupted)
    script = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        log.attempt(shell(script), cwd=tmp_path, env=os.environ)
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0], 0)
