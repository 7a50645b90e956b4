"""What installers print is kept, without secrets, and its end is shown."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlrun.environments.errand import Errand, on_errand
from mlrun.environments.installing.build_log import BuildLog
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


def test_what_is_wrong_is_shown_before_a_long_traceback(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log", {})
    script = "print('  \u00d7 Failed to build `thing==1.0`'); [print('at', n) for n in range(300)]"
    with pytest.raises(EnvironmentBuildError) as caught:
        log.run(
            shell(f"{script}; raise SystemExit(1)"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            location=HERE,
        )
    lines = caught.value.message.splitlines()
    assert lines[1:3] == ["    \u00d7 Failed to build `thing==1.0`", "  ..."]
    assert lines[-1] == "  at 299"
    assert len(lines) < 25


def test_a_killed_installer_is_no_exit_code(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log", {})
    script = "import os; os.kill(os.getpid(), 9)"
    with pytest.raises(EnvironmentBuildError, match="killed \\(SIGKILL\\)") as caught:
        log.run(shell(script), cwd=tmp_path, env=os.environ, location=HERE)
    assert "memory" in (caught.value.hint or "")


def test_where_one_found_no_network_the_next_does_not_try_for_long(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log", {})
    environ = {name: value for name, value in os.environ.items() if name != "UV_HTTP_RETRIES"}
    show = "import os; print('retries', os.environ['UV_HTTP_RETRIES'])"
    unreachable = "print('dns error'); raise SystemExit(1)"
    for script in (show, unreachable, show):
        log.attempt(shell(script), cwd=tmp_path, env=environ)
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if line.startswith("retries")] == ["retries 2", "retries 0"]


def test_a_long_build_shows_what_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlrun.environments.installing.build_log._CALM", 0.0)
    shown: list[str] = []
    with on_errand(Errand(progress=shown.append)):
        log = BuildLog(tmp_path / "log", {}, secrets=("other-secret",))
    log.attempt(shell("print('a other-secret b')"), cwd=tmp_path, env=os.environ)
    assert len(shown) == 1
    assert shown[0].endswith(": a *** b")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's end")
def test_an_installer_ends_with_a_killed_mlrun(tmp_path: Path) -> None:
    inner = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    outer = (
        "import os, sys\nfrom pathlib import Path\n"
        "from mlrun.environments.installing.build_log import BuildLog\n"
        f"log = BuildLog(Path({str(tmp_path / 'log')!r}), {{}})\n"
        f"log.attempt([sys.executable, '-c', {inner!r}], cwd=Path('.'), env=os.environ)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", outer])
    pid = 0
    while not pid:
        assert process.poll() is None
        time.sleep(0.02)
        lines = (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []
        pid = next((int(line) for line in lines if line.isdigit()), 0)
    process.kill()
    process.wait()
    while Path(f"/proc/{pid}").exists() and "Z" not in _state(pid):
        time.sleep(0.02)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
