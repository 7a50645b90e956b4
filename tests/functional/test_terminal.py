"""A person at a terminal: the test is the terminal, with its screen and its keys."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.functional.driven import PATIENCE, Scene, state_of, wait_until

CTRL_C, CTRL_D, CTRL_Z = b"\x03", b"\x04", b"\x1a"


class Screen:
    """The user's terminal: what is shown on it, and its keys."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, slave: int) -> None:
        self.process = process
        self.slave = slave
        self.shown = b""
        self._master: int | None = master
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while (master := self._master) is not None:
            if not select.select([master], [], [], 0.05)[0]:
                continue
            try:
                self.shown += os.read(master, 65536)
            except OSError:
                return

    def shows(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        wait_until(lambda: data in self.shown, f"{data!r} on a screen with {self.shown!r}")

    def type(self, keys: bytes) -> None:
        assert self._master is not None
        os.write(self._master, keys)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        master, self._master = self._master, None
        self._reader.join()
        if master is not None:
            os.close(master)

    def ends(self) -> None:
        self.process.wait(PATIENCE)

    def returns_to_the_shell(self) -> None:
        """Wait until keys are the shell's again; before that, they are still the command's."""
        wait_until(lambda: self.foreground == self.process.pid, "the shell in the foreground")

    @property
    def foreground(self) -> int:
        assert self._master is not None
        return os.tcgetpgrp(self._master)

    @property
    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)


@contextmanager
def screen(command: list[str], **popen: Any) -> Iterator[Screen]:
    """Start a program at a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), slave)
    process = subprocess.Popen(
        command,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        **{**streams, "pass_fds": [slave], **popen},
    )
    shown = Screen(process, master, slave)
    try:
        yield shown
    finally:
        process.kill()
        process.wait()
        shown.hang_up()
        os.close(slave)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_prompt_is_answered(scene: Scene) -> None:
    with screen(scene.driver(python("print('hello', input('name? '))"))) as s:
        s.shows("name? ")
        s.type(b"anx\x7fa\r")
        s.shows("hello ana\r\n")
        s.ends()
    assert scene.ending()["exit_code"] == 0
    assert b"hello ana" in scene.log.read_bytes()


def test_password_is_asked_for_at_the_terminal_and_not_shown(scene: Scene) -> None:
    code = "import getpass; print(len(getpass.getpass('password: ')))"
    with screen(scene.driver(python(code))) as s:
        s.shows("password: ")
        s.type(b"sesame\r")
        s.shows("6\r\n")
        s.ends()
    assert b"sesame" not in s.shown + scene.log.read_bytes()


def test_progress_bar_is_shown_as_it_is_drawn(scene: Scene) -> None:
    code = (
        "import sys\n"
        "for n in range(3): sys.stderr.write(f'\\r{n}/2'); sys.stderr.flush()\n"
        "print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())\n"
    )
    with screen(scene.driver(python(code))) as s:
        s.shows("\r0/2\r1/2\r2/2True True True\r\n")
        s.ends()
    assert b"\r0/2\r1/2\r2/2True True True" in scene.log.read_bytes()


def test_size_is_passed_on(scene: Scene) -> None:
    code = (
        "import os, signal, sys, time\n"
        "show = lambda *_: print(*os.get_terminal_size(), flush=True)\n"
        "signal.signal(signal.SIGWINCH, show); show()\n"
        "while os.get_terminal_size() != (77, 22): time.sleep(0.01)\n"
    )
    with screen(scene.driver(python(code))) as s:
        s.shows("99 33")
        s.resize(22, 77)
        s.shows("77 22")
        s.ends()


def test_end_of_input_is_typed(scene: Scene) -> None:
    with screen(scene.driver("cat; echo after")) as s:
        s.type(b"line\r")
        s.shows("line\r\nline\r\n")
        s.type(CTRL_D)
        s.shows("after")
        s.ends()
    assert scene.ending()["exit_code"] == 0


def test_ctrl_c_once(scene: Scene) -> None:
    with screen(scene.driver("echo ready; sleep 1000; echo never")) as s:
        s.shows("ready")
        s.type(CTRL_C)
        s.ends()
    assert b"never" not in s.shown
    assert (scene.ending()["signal"], scene.ending()["asked"]) == (signal.SIGINT, signal.SIGINT)


def test_ctrl_c_reaches_a_handler_once(scene: Scene) -> None:
    code = (
        "import time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    while True: time.sleep(0.01)\n"
        "except KeyboardInterrupt: time.sleep(0.3); print('saved'); raise SystemExit(5)\n"
    )
    with screen(scene.driver(python(code))) as s:
        s.shows("ready")
        s.type(CTRL_C)
        s.ends()
    assert s.shown.count(b"saved") == 1
    assert (scene.ending()["exit_code"], scene.ending()["asked"]) == (5, signal.SIGINT)


def test_ctrl_c_twice_ends_what_ignores_it(scene: Scene) -> None:
    with screen(scene.driver("trap '' INT; echo ready; sleep 1000; sleep 1000")) as s:
        s.shows("ready")
        s.type(CTRL_C)
        s.shows("goes on after Ctrl-C")
        s.type(CTRL_C)
        s.shows("Ctrl-C once more kills it")
        s.ends()
    assert scene.ending()["signal"] == signal.SIGTERM
    assert scene.ending()["asked"] == signal.SIGINT


def test_ctrl_c_three_times_kills(scene: Scene) -> None:
    with screen(scene.driver("trap '' INT TERM; echo ready; while :; do sleep 1; done")) as s:
        s.shows("ready")
        s.type(CTRL_C)
        s.shows("goes on after Ctrl-C")
        s.type(CTRL_C)
        s.shows("Ctrl-C once more kills it")
        s.type(CTRL_C)
        s.ends()
    assert scene.ending()["signal"] == signal.SIGKILL


def test_ctrl_c_at_a_prompt_that_edits_lines_asks_for_nothing(scene: Scene) -> None:
    # What is blocked waits for sigwait; a handler may come in just before a read that then blocks.
    code = (
        "import signal, sys, tty\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
        "tty.setcbreak(0)\n"
        "print('ready', flush=True)\n"
        "for n in range(3):\n"
        "    signal.sigwait([signal.SIGINT]); print('cleared', n, flush=True)\n"
        "sys.exit(sys.stdin.read(1) != 'q')\n"
    )
    with screen(scene.driver(python(code))) as s:
        s.shows("ready")
        for n in range(3):
            s.type(CTRL_C)
            s.shows(f"cleared {n}")
        s.type(b"q")
        s.ends()
    assert (scene.ending()["exit_code"], scene.ending()["asked"]) == (0, None)


def test_user_terminal_is_raw_meanwhile_and_restored(scene: Scene) -> None:
    with screen(scene.driver("echo ready; read line")) as s:
        before = s.attributes
        s.shows("ready")
        wait_until(lambda: s.attributes != before, "raw")
        assert not s.attributes[3] & (termios.ICANON | termios.ECHO)
        s.type(b"\r")
        s.ends()
        assert s.attributes == before


def test_user_terminal_is_restored_after_a_signal(scene: Scene) -> None:
    with screen(scene.driver("echo ready; sleep 1000")) as s:
        before = s.attributes
        s.shows("ready")
        wait_until(lambda: s.attributes != before, "raw")
        os.kill(s.process.pid, signal.SIGTERM)
        s.ends()
        assert s.attributes == before
    assert scene.ending()["asked"] == signal.SIGTERM


def test_checkpoint_is_saved_though_the_shell_around_it_ends(scene: Scene) -> None:
    code = (
        "import signal, sys, time\n"
        "def save(*_):\n"
        "    time.sleep(0.5); print('saved', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.01)\n"
    )
    command = f"true; {scene.script('train.py', code)}; echo never"
    with screen(scene.driver(command)) as s:
        s.shows("ready")
        os.kill(s.process.pid, signal.SIGTERM)
        s.ends()
    assert b"saved" in s.shown
    assert b"never" not in s.shown
    assert (scene.ending()["signal"], scene.ending()["left_behind"]) == (signal.SIGTERM, [])


def test_terminal_that_vanishes_hangs_the_command_up(scene: Scene) -> None:
    command = "trap 'echo hung up >told; exit 6' HUP; echo ready; while :; do sleep 0.1; done"
    with screen(scene.driver(command)) as s:
        s.shows("ready")
        s.hang_up()
        s.ends()
    assert (scene.folder / "told").read_text() == "hung up\n"
    assert scene.ending()["asked"] == signal.SIGHUP


def test_data_on_standard_input_passes_beside_the_terminal(scene: Scene) -> None:
    (scene.folder / "data").write_bytes(b"a\x03b\x04c\n")
    code = "import sys; print(sys.stdin.buffer.read(), sys.stdout.isatty())"
    with (scene.folder / "data").open("rb") as data:
        with screen(scene.driver(python(code)), stdin=data) as s:
            s.shows(r"b'a\x03b\x04c\n' True" + "\r\n")
            s.ends()
    assert b"\r" not in scene.log.read_bytes()


def test_errors_that_go_to_a_file_stay_there(scene: Scene) -> None:
    errors = scene.folder / "errors"
    with errors.open("wb") as file:
        with screen(scene.driver("echo out; echo err >&2"), stderr=file) as s:
            s.shows("out\r\n")
            s.ends()
    assert errors.read_bytes() == b"err\n"
    assert b"err" not in s.shown


def test_output_that_is_piped_leaves_the_terminal_alone(scene: Scene) -> None:
    with screen(scene.driver("read line; echo got $line"), stdout=subprocess.PIPE) as s:
        before = s.attributes
        s.type(b"text\r")
        assert s.process.stdout is not None
        assert s.process.stdout.read() == b"got text\n"
        s.ends()
        s.process.stdout.close()
        assert s.attributes == before


def shell_words(words: list[str]) -> bytes:
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words).encode()


def test_stop_and_continue_from_an_interactive_shell(scene: Scene) -> None:
    driver = shell_words(scene.driver("echo $$ >pid; echo ready; read line; echo got $line"))
    with screen(["bash", "--norc", "--noprofile", "-i"], env={**os.environ, "PS1": "$ "}) as s:
        s.shows("$ ")
        s.type(driver + b"\r")
        s.shows("ready\r\n")
        pid = scene.number_in("pid")
        s.type(CTRL_Z)
        s.shows("Stopped")
        wait_until(lambda: state_of(pid) == "T", "the command stopped")
        s.type(b"echo at the $((1 + 1))nd prompt\r")
        s.shows("at the 2nd prompt")
        s.type(b"fg\r")
        wait_until(lambda: state_of(pid) == "S", "the command continued")
        s.type(b"text\r")
        s.shows("got text")
        s.returns_to_the_shell()
        s.type(b"exit\r")
        s.ends()
    assert scene.ending()["exit_code"] == 0


def test_run_in_the_background_is_not_stopped_and_comes_to_the_foreground(scene: Scene) -> None:
    driver = shell_words(scene.driver("echo rea''dy; read line; echo got $line"))
    with screen(["bash", "--norc", "--noprofile", "-i"], env={**os.environ, "PS1": "$ "}) as s:
        s.shows("$ ")
        s.type(driver + b" &\r")
        s.shows("ready")
        s.type(b"echo the shell is $((1 + 1))\r")
        s.shows("the shell is 2")
        s.type(b"fg\r")
        wait_until(lambda: s.foreground != s.process.pid, "mlrun in the foreground")
        s.type(b"text\r")
        s.shows("got text")
        s.returns_to_the_shell()
        s.type(b"exit\r")
        s.ends()
    assert re.search(rb"[Ss]topped", s.shown) is None
