"""Real processes under the local backend: signals, endings, output, and what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.functional.driven import Scene, driven, finish, run, state_of, tell, wait_until

CHECKPOINT = """
import signal, sys, time
def save(number, frame):
    print("saving", number, flush=True)
    time.sleep(0.5)
    print("saved", flush=True)
    if number != signal.SIGUSR1:
        sys.exit(7)
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"):
    signal.signal(getattr(signal, name), save)
print("training", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    time.sleep(0.05)
"""

DAEMON = """
import os, sys, time
if os.fork():
    time.sleep(float(sys.argv[2]))
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(1000)
"""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_output_and_exit_code(scene: Scene) -> None:
    answer = run(scene, "echo out; echo err >&2; exit 7")
    assert (answer.stdout, answer.stderr) == (b"out\n", b"err\n")
    assert sorted(scene.log.read_bytes().split()) == [b"err", b"out"]
    assert scene.ending() == {
        "exit_code": 7,
        "signal": None,
        "asked": None,
        "log_complete": True,
        "left_behind": [],
        "note": None,
        "started": True,
    }


def test_command_that_dies_by_a_signal(scene: Scene) -> None:
    run(scene, "kill -SEGV $$")
    assert (scene.ending()["exit_code"], scene.ending()["signal"]) == (None, signal.SIGSEGV)
    assert scene.ending()["asked"] is None


def test_shell_reports_the_signal_of_its_program_as_a_code(scene: Scene) -> None:
    run(scene, "bash -c 'kill -KILL $$'; exit $?")
    assert scene.ending()["exit_code"] == 128 + signal.SIGKILL


def test_standard_input_passes_as_it_is(scene: Scene) -> None:
    data = bytes(range(256)) * 1000
    assert run(scene, "cat", stdin=data).stdout == data


def test_binary_output_is_unchanged_and_in_order(scene: Scene) -> None:
    data = os.urandom(3_000_000)
    (scene.folder / "data").write_bytes(data)
    assert run(scene, "cat data").stdout == data
    assert scene.log.read_bytes() == data


def test_unfinished_line_appears_at_once(scene: Scene) -> None:
    with driven(scene, "printf 'name? '; read answer; echo $answer", stdin=subprocess.PIPE) as p:
        assert p.stdout is not None
        assert p.stdin is not None
        assert os.read(p.stdout.fileno(), 100) == b"name? "
        p.stdin.write(b"ana\n")
        p.stdin.flush()
        assert finish(p)[0] == b"ana\n"


def test_document_on_stdout_is_kept_apart(scene: Scene) -> None:
    answer = run(scene, "echo out; echo err >&2", stdout_to_stderr=True)
    assert answer.stdout == b""
    assert sorted(answer.stderr.split()) == [b"err", b"out"]


def test_both_streams_into_one_pipe_keep_whole_blocks(scene: Scene) -> None:
    command = scene.driver("for i in $(seq 500); do echo out; echo err >&2; done")
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert sorted(answer.stdout.split()) == [b"err"] * 500 + [b"out"] * 500


def test_gigabyte_of_output_needs_no_memory(scene: Scene) -> None:
    log = Path("/dev/null")
    with driven(scene, "head -c 1G /dev/zero", fields={"log": str(log)}) as p:
        assert p.stdout is not None
        count = peak = 0
        while block := p.stdout.read(1 << 20):
            count += len(block)
            if count % (64 << 20) == 0:
                status = Path(f"/proc/{p.pid}/status").read_text()
                peak = int(status.partition("VmHWM:")[2].split()[0])
        finish(p)
    assert count == 1 << 30
    assert 0 < peak < 45 * 1024, "kB"


def test_reader_that_goes_away_loses_nothing(scene: Scene) -> None:
    with driven(scene, "seq 300000; echo done >&2; exit 3") as p:
        assert p.stdout is not None
        assert p.stderr is not None
        assert p.stdout.readline() == b"1\n"
        p.stdout.close()
        errors = p.stderr.read()
        p.wait(60)
    assert errors.count(b"nothing reads standard output") == 1
    assert b"\n300000\n" in scene.log.read_bytes()
    assert scene.ending()["exit_code"] == 3
    assert scene.ending()["log_complete"]


def test_full_disk_costs_the_log_only(scene: Scene) -> None:
    answer = run(scene, "seq 100000", log="/dev/full")
    assert answer.stdout.endswith(b"100000\n")
    assert answer.stderr.count(b"cannot take all the output") == 1
    assert scene.ending()["exit_code"] == 0
    assert not scene.ending()["log_complete"]


def test_closed_standard_streams(scene: Scene) -> None:
    script = 'exec "$@" <&- >&- 2>&-'
    subprocess.run(["bash", "-c", script, "x", *scene.driver("echo out; cat; exit 4")], timeout=60)
    assert scene.ending()["exit_code"] == 4
    assert scene.log.read_bytes() == b"out\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("before", ["", "true && "])
def test_checkpoint_handler_has_its_time(scene: Scene, number: signal.Signals, before: str) -> None:
    command = before + scene.script("train.py", CHECKPOINT)
    with driven(scene, command + "; exit $?") as p:
        scene.wait_for("training\n")
        tell(p, number)
        out, errors = finish(p)
    assert out.split() == [b"training", b"saving", str(number.value).encode(), b"saved"]
    assert errors == b""
    assert scene.ending()["asked"] == number
    assert scene.ending()["left_behind"] == []


def test_signal_for_a_checkpoint_does_not_end_the_shell_around_it(scene: Scene) -> None:
    command = scene.script("train.py", CHECKPOINT)
    with driven(scene, f"true && {command}; echo after") as p:
        scene.wait_for("training\n")
        tell(p, signal.SIGUSR1)
        scene.wait_for("saved\n")
        assert p.poll() is None
        tell(p, signal.SIGTERM)
        finish(p)
    assert scene.log.read_bytes().count(b"saved") == 2
    assert scene.ending()["asked"] == signal.SIGTERM


def test_second_ctrl_c_kills(scene: Scene) -> None:
    with driven(scene, "trap '' INT TERM; echo ready; sleep 1000 & wait; sleep 1000") as p:
        scene.wait_for("ready")
        tell(p, signal.SIGINT)
        time.sleep(0.5)
        assert p.poll() is None
        tell(p, signal.SIGINT)
        errors = finish(p)[1]
    assert b"second Ctrl-C" in errors
    assert scene.ending()["signal"] == signal.SIGKILL
    assert scene.ending()["asked"] == signal.SIGINT


def test_command_that_ignores_signals_is_killed_after_the_grace_period(scene: Scene) -> None:
    command = "trap '' INT TERM HUP; echo ready; sleep 1000 & echo $! >child; wait; sleep 1000"
    with driven(scene, command, fields={"grace_period": 0.3}) as p:
        scene.wait_for("ready")
        child = scene.number_in("child")
        tell(p, signal.SIGTERM)
        errors = finish(p)[1]
    assert b"did not end within 0.3 s" in errors
    assert (scene.ending()["signal"], scene.ending()["asked"]) == (signal.SIGKILL, signal.SIGTERM)
    assert state_of(child) is None


def test_signal_that_was_ignored_before_stays_ignored(scene: Scene) -> None:
    with driven(scene, "echo ready; sleep 0.5; echo alive", preexec_fn=_ignore_hangup) as p:
        scene.wait_for("ready")
        tell(p, signal.SIGHUP)
        assert finish(p)[0] == b"ready\nalive\n"
    assert scene.ending()["asked"] is None


def _ignore_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_exit_code_is_known_where_ended_children_are_ignored(scene: Scene) -> None:
    with driven(scene, "exit 9", preexec_fn=_ignore_children) as p:
        finish(p)
    assert scene.ending()["exit_code"] == 9


def _ignore_children() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def test_what_outlives_its_shell_is_ended_and_named(scene: Scene) -> None:
    answer = run(scene, "sleep 1000 & echo $! >child; echo done")
    assert answer.stdout == b"done\n"
    assert scene.ending()["exit_code"] == 0
    child = scene.number_in("child")
    assert scene.ending()["left_behind"] == [f"sleep ({child})"]
    assert state_of(child) is None


def test_what_ends_by_itself_is_left_alone(scene: Scene) -> None:
    answer = run(scene, "echo text > >(sleep 0.2; cat)")
    assert answer.stdout == b"text\n"
    assert scene.ending()["left_behind"] == []


def test_leftover_that_ignores_the_request_is_killed(scene: Scene) -> None:
    run(scene, "(trap '' TERM; echo $BASHPID >child; while :; do sleep 1; done) & sleep 0.2")
    assert state_of(scene.number_in("child")) is None
    assert "bash" in " ".join(scene.ending()["left_behind"])


@pytest.mark.parametrize(("prefix", "life"), [("", 0.0), ("", 0.3), ("env -i ", 0.3)])
def test_daemon_ends_with_the_command(scene: Scene, life: float, prefix: str) -> None:
    # One is found by the mark in its environment, one without it because it is adopted.
    script = scene.script("daemon.py", DAEMON)
    run(scene, f"sleep {life}; {prefix}{script} pid {life}; while ! [ -s pid ]; do sleep .01; done")
    pid = scene.number_in("pid")
    assert state_of(pid) is None
    assert len(scene.ending()["left_behind"]) == 1


def test_daemons_are_found_in_a_program_that_lives_on(scene: Scene) -> None:
    script = scene.script("daemon.py", DAEMON)
    command = f"{script} pid 0.1; while ! [ -s pid ]; do sleep .01; done"
    run(scene, command, own_process=False)
    assert state_of(scene.number_in("pid")) is None


@pytest.mark.parametrize("before", ["", "true && "])
def test_command_ends_when_mlrun_is_killed(scene: Scene, before: str) -> None:
    script = "import os, time; print(os.getpid(), file=open('pid', 'w')); time.sleep(1000)"
    command = before + scene.script("train.py", script)
    with driven(scene, f"echo $$ >shell; {command}; echo $?") as p:
        pid, shell = scene.number_in("pid"), scene.number_in("shell")
        p.kill()
        wait_until(lambda: state_of(pid) is None, "the end of the program")
        wait_until(lambda: state_of(shell) is None, "the end of the shell")


def test_daemon_that_ignores_signals_ends_when_mlrun_is_killed(scene: Scene) -> None:
    script = scene.script("daemon.py", "import signal; signal.signal(15, signal.SIG_IGN)" + DAEMON)
    with driven(scene, f"{script} pid 1000") as p:
        pid = scene.number_in("pid")
        p.kill()
        wait_until(lambda: state_of(pid) is None, "the end of the daemon")


def test_guardian_goes_with_the_command(scene: Scene) -> None:
    with driven(scene, "read line", stdin=subprocess.PIPE) as p:
        wait_until(lambda: _guardians(p.pid), "the guardian")
        guardians = _guardians(p.pid)
        finish(p)
    assert all(state_of(pid) is None for pid in guardians)


def _guardians(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and any(w.endswith(b"guardian.py") for w in words):
            found.append(int(folder.name))
    return found


def test_stop_and_continue(scene: Scene) -> None:
    command = "echo $$ >pid; echo ready; read line; echo $line"
    # In a group of its own it has a parent who can continue it; the system lets nothing stop
    # that hasn't, as the tests themselves may not have in a container.
    with driven(scene, command, stdin=-1, preexec_fn=os.setpgrp) as p:
        assert p.stdin is not None
        scene.wait_for("ready")
        pid = scene.number_in("pid")
        tell(p, signal.SIGTSTP)
        wait_until(lambda: state_of(pid) == "T", "the command stopped")
        wait_until(lambda: state_of(p.pid) == "T", "mlrun stopped")
        tell(p, signal.SIGCONT)
        wait_until(lambda: state_of(pid) == "S", "the command continued")
        p.stdin.write(b"on\n")
        assert finish(p)[0] == b"ready\non\n"
    assert scene.ending()["exit_code"] == 0


def test_slow_reader_does_not_keep_signals_away(scene: Scene) -> None:
    with driven(scene, "echo $$ >pid; exec cat /dev/zero", fields={"log": "/dev/null"}) as p:
        pid = scene.number_in("pid")
        wait_until(lambda: _is_blocked(pid), "the pipes full")
        tell(p, signal.SIGTERM)
        wait_until(lambda: state_of(pid) is None, "the command's end")
        tell(p, signal.SIGTERM)
        p.wait(60)
    assert scene.ending()["signal"] == signal.SIGTERM


def _is_blocked(pid: int) -> bool:
    def written() -> str:
        return Path(f"/proc/{pid}/io").read_text().partition("wchar:")[2].split()[0]

    before = written()
    time.sleep(0.2)
    return written() == before != "0"


def test_signals_are_not_lost_between_launch_and_wait(scene: Scene) -> None:
    code = (
        "import os, signal, sys; sys.argv[0:1] = []\n"
        "import tests.functional.driver as driver\n"
        "from mlrun.backends.local import LocalBackend\n"
        "launch = LocalBackend.launch\n"
        "def launch_and_ask(*words):\n"
        "    handle = launch(*words)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return handle\n"
        "LocalBackend.launch = launch_and_ask\n"
        "driver.main()\n"
    )
    words = scene.driver("sleep 1000")
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, *words[1:]], cwd=root, timeout=60, check=True)
    assert scene.ending()["asked"] == signal.SIGTERM


def test_processes_of_others_are_left_alone(scene: Scene) -> None:
    with (
        subprocess.Popen(["sleep", "1000"], start_new_session=True) as older,
        driven(scene, "sleep 1000 & read line", stdin=-1) as p,
        subprocess.Popen(["sleep", "1000"], start_new_session=True) as younger,
    ):
        finish(p)
        assert len(scene.ending()["left_behind"]) == 1
        for bystander in (older, younger):
            assert bystander.poll() is None
            bystander.kill()


def test_nested_launches_keep_their_marks_apart(scene: Scene, tmp_path: Path) -> None:
    inner = Scene(tmp_path / "inner")
    inner.folder.mkdir()
    (tmp_path / "inner.sh").write_text(
        " ".join(f"'{word}'" for word in inner.driver("sleep 1000 & echo inner"))
    )
    answer = run(scene, "setsid sleep 1000 & bash inner.sh; kill -0 $! && echo mine is alive")
    assert answer.stdout == b"inner\nmine is alive\n"
    assert len(inner.ending()["left_behind"]) == len(scene.ending()["left_behind"]) == 1
