"""Following a process to its end, also where it never comes to one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlrun.execution.leftovers import list_processes
from mlrun.sources.git.server import watching
from mlrun.sources.git.server.activity import Activity
from mlrun.sources.git.server.watching import StalledError, Watch, follow


def start(*words: str, leads_group: bool = True) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=leads_group,
    )


def read(
    process: subprocess.Popen[bytes], limit: float = 60, *, may_ask: bool = False
) -> tuple[int, bytes, bytes]:
    out, err = bytearray(), bytearray()
    assert process.stdout is not None
    assert process.stderr is not None
    readers = {process.stdout: out.extend, process.stderr: err.extend}
    watch = Watch(process.pid, limit, may_ask=may_ask)
    code = follow(process, readers, watch, leads_group=not may_ask)
    return code, bytes(out), bytes(err)


def named(folder: Path, name: str) -> str:
    """A shell under another name, as the system shows it."""
    shell = shutil.which("sh")
    assert shell is not None
    (folder / name).symlink_to(os.path.realpath(shell))
    return str(folder / name)


def test_both_streams_and_the_code_are_read() -> None:
    script = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 3"
    assert read(start("sh", "-c", script)) == (3, b"\0" * 300_000, b"\0" * 300_000)


def test_a_signal_is_a_negative_code() -> None:
    assert read(start("sh", "-c", "kill -KILL $$"))[0] == -9


def test_what_stays_in_the_background_is_not_waited_for() -> None:
    process = start("sh", "-c", "echo said; sleep 600 & exit 0")
    try:
        assert read(process) == (0, b"said\n", b"")
    finally:
        os.killpg(process.pid, 9)


@pytest.mark.parametrize("leads_group", [True, False])
def test_what_stands_still_is_ended(leads_group: bool) -> None:
    process = start("sh", "-c", "echo said; exec sleep 600", leads_group=leads_group)
    with pytest.raises(StalledError) as stalled:
        read(process, 0.4, may_ask=not leads_group)
    assert stalled.value.seconds == 0.4
    assert process.returncode == -15
    assert process.stdout is not None
    assert process.stdout.closed


def test_a_silence_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_PATIENCE", 0.1)
    said: list[str] = []
    process = start("sh", "-c", "exec sleep 600")
    watch = Watch(process.pid, 2, may_ask=False, notice=lambda: said.append("waiting"))
    assert process.stdout is not None
    assert process.stderr is not None
    with pytest.raises(StalledError):
        follow(process, {process.stdout: len, process.stderr: len}, watch, leads_group=True)
    assert said == ["waiting"]


def test_all_of_the_group_is_ended_even_what_does_not_want_to() -> None:
    script = "trap '' TERM; sleep 601 & sleep 602; sleep 603"
    process = start("sh", "-c", script)
    with pytest.raises(StalledError):
        read(process, 0.4)
    left = [p for p in list_processes() if p.group == process.pid and p.state not in "ZX"]
    assert not left


def test_what_writes_slowly_does_not_stand_still() -> None:
    script = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done"
    assert read(start("sh", "-c", script), 0.9)[0] == 0


def test_what_computes_does_not_stand_still(tmp_path: Path) -> None:
    script = "trap 'exit 0' USR1; (sleep 4; kill -USR1 $$) & while :; do :; done"
    # Long enough for a busy machine to let it compute, too.
    assert read(start(named(tmp_path, "git-busy"), "-c", script), 1.5)[0] == 0


def test_what_moves_data_between_its_parts_does_not_stand_still(tmp_path: Path) -> None:
    script = "for i in 1 2 3 4 5 6 7 8; do echo $i >/dev/null; sleep 0.3; done"
    assert read(start(named(tmp_path, "git-moving"), "-c", script), 1)[0] == 0


def test_a_program_that_asks_takes_its_time(tmp_path: Path) -> None:
    asker = tmp_path / "some-askpass"
    asker.write_text("#!/bin/sh\nsleep 1.5\n")
    asker.chmod(0o755)
    assert read(start(str(asker), leads_group=False), 0.4, may_ask=True)[0] == 0
    with pytest.raises(StalledError):
        read(start(str(asker)), 0.4)


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        (["git", "credential-cache", "get"], True),
        (["/usr/lib/git-core/git", "-c", "a.b=c", "credential", "fill"], True),
        (["/usr/lib/git-core/git-credential-store", "get"], True),
        (["/bin/sh", "-c", "some-credential-program get"], True),
        (["git", "-c", "credential.helper=!f", "--no-pager", "ls-remote", "--", "x"], False),
        (["git", "ls-remote", "--", "https://host/credentials.git"], False),
        (["git-remote-https", "https://host/askpass"], False),
        (["git"], False),
    ],
)
def test_settings_and_addresses_ask_nobody(words: list[str], asks: bool) -> None:
    process = subprocess.Popen(
        [words[0], "-c", "sleep 600; :", *words[1:]],
        executable="/bin/sh",
        start_new_session=True,
    )
    try:
        assert Activity(process.pid, None).is_asking() is asks
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_an_error_of_a_reader_ends_the_process() -> None:
    process = start("sh", "-c", "echo said; sleep 600")
    assert process.stdout is not None

    def refuse(data: bytes) -> None:
        raise KeyboardInterrupt

    watch = Watch(process.pid, 60, may_ask=False)
    with pytest.raises(KeyboardInterrupt):
        follow(process, {process.stdout: refuse}, watch, leads_group=True)
    assert process.returncode is not None
    assert process.stderr is not None
    process.stderr.close()


def test_a_pack_that_grows_is_seen_without_any_process(tmp_path: Path) -> None:
    packs = tmp_path / "objects" / "pack"
    packs.mkdir(parents=True)
    activity = Activity(-1, tmp_path)
    assert not activity.has_moved(1)
    (packs / "tmp_pack_1").write_bytes(b"x")
    assert activity.has_moved(1)
    assert not activity.has_moved(1)
    assert not activity.is_asking()


def test_time_in_which_mlrun_itself_was_stopped_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = time.monotonic()
    monkeypatch.setattr("mlrun.sources.git.server.watching.monotonic", lambda: moment)
    watch = Watch(-1, 10, may_ask=False)
    moment += 1000
    watch.check()  # once more, though far longer than the limit has passed

    def wait() -> None:
        nonlocal moment
        for _ in range(100):
            moment += 0.2
            watch.check()

    with pytest.raises(StalledError):
        wait()


SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


def test_a_process_that_has_a_terminal_by_its_name_asks() -> None:
    script = "import os,sys; os.open('/dev/tty', os.O_RDWR); " + SLEEPER
    leader = (
        "import os,subprocess,sys; os.open(sys.argv[2], os.O_RDWR); "
        "subprocess.run([sys.executable, '-c', sys.argv[1]])"
    )
    terminal, theirs = os.openpty()
    words = [sys.executable, "-c", leader, script, os.ttyname(theirs)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"up\n"
            assert Activity(process.pid, None).is_asking()
        finally:
            os.killpg(process.pid, 9)
            os.close(terminal)
            os.close(theirs)
