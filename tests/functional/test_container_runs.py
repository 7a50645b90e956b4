"""Commands in containers, under the local backend: a real engine, real signals, real terminals."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlrun.execution.container.attended import TRACES
from mlrun.execution.container.engine import Engine
from mlrun.folders import runs_folder
from mlrun.outcome import describe_ending, status_of
from mlrun.recovery import settle_earlier_runs
from mlrun.tracking.base import RunStatus
from tests.docker_engine import DockerEngine
from tests.functional import driven
from tests.functional.driven import Scene, wait_until
from tests.functional.test_terminal import CTRL_C, screen

UP = "print('up', flush=True)\n"
SAVES = (
    "import sys, time\n" + UP + "try:\n    time.sleep(90)\n"
    "except KeyboardInterrupt:\n    time.sleep(0.5)\n    print('saved', flush=True)\n"
    "    sys.exit(7)\n"
)
STUBBORN = (
    "import signal, time\n"
    "for n in (signal.SIGINT, signal.SIGTERM): signal.signal(n, signal.SIG_IGN)\n"
    + UP
    + "time.sleep(90)\n"
)


@pytest.fixture(scope="session")
def engine(docker_engine: DockerEngine) -> Engine:
    return Engine(docker_engine.address, {})


@dataclass
class Stage:
    """A scene whose command runs in a container."""

    engine: Engine
    scene: Scene
    image: str
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def fields(self, fields: dict[str, object]) -> dict[str, object]:
        keys = ("entrypoint", "options", "keeps", "environment", "mounts", "name")
        container = {k: fields.pop(k) for k in keys if k in fields}
        options: dict[str, Any] = container.get("options", {})  # type: ignore[assignment]
        host = {"NetworkMode": "none", **options.get("HostConfig", {})}
        options = {**options, "HostConfig": host}
        container = {
            "engine": self.engine.address,
            "image": self.image,
            **container,
            "options": options,
        }
        return {"run_id": self.run_id, "container": container, **fields}

    def run(
        self, command: str | list[str], *, stdin: bytes = b"", **fields: object
    ) -> subprocess.CompletedProcess[bytes]:
        return driven.run(self.scene, command, stdin=stdin, **self.fields(fields))

    @contextmanager
    def driven(
        self, command: str | list[str], **fields: object
    ) -> Iterator[subprocess.Popen[bytes]]:
        with driven.driven(self.scene, command, fields=self.fields(fields)) as process:
            yield process

    def driver(self, command: str | list[str], **fields: object) -> list[str]:
        return self.scene.driver(command, **self.fields(fields))

    def ending(self) -> dict[str, Any]:
        return self.scene.ending()

    def containers(self) -> list[dict[str, Any]]:
        query = {"all": True, "filters": {"label": [f"mlrun.run={self.run_id}"]}}
        found: list[dict[str, Any]] = self.engine.call("GET", "/containers/json", query=query)
        return found

    def nothing_is_left(self) -> None:
        assert self.containers() == []
        folder = runs_folder() / TRACES
        assert not folder.exists() or list(folder.iterdir()) == []
        assert list(self.scene.folder.glob("container-*")) == []


@pytest.fixture
def stage(engine: Engine, base_image: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(engine, Scene(tmp_path), base_image)
    yield made
    for container in made.containers():
        engine.call("DELETE", f"/containers/{container['Id']}", query={"force": True, "v": True})


def python(code: str) -> list[str]:
    return ["python3", "-c", code]


# What a command sees and says


def test_streams_code_and_words_pass_through(stage: Stage) -> None:
    words = ["a b", "'\"", "$HOME;`x`", "zwei\nlinien", "żółw"]
    code = "import sys; print(sys.argv[1:]); print('bad', file=sys.stderr); sys.exit(3)"
    done = stage.run([*python(code), *words], environment={"A": "1"})
    assert done.stdout.decode() == f"{words}\n"
    assert done.stderr == b"bad\n"
    assert stage.ending()["exit_code"] == 3
    assert stage.ending()["note"] is None
    assert b"bad\n" in stage.scene.log.read_bytes()
    stage.nothing_is_left()


def test_command_has_its_variables_and_none_of_ours(stage: Stage) -> None:
    secret = "line\nwith 'quotes' = ü"
    code = "import os; print({k: v for k, v in os.environ.items() if k in ('A', 'MLRUN_LAUNCH')})"
    done = stage.run(python(code), environment={"A": secret, "MLRUN_LAUNCH": "outer"})
    assert done.stdout.decode() == f"{ {'A': secret} }\n"


def test_secrets_stand_on_no_command_line_and_in_no_label(stage: Stage) -> None:
    waits = "import time\n" + UP + "time.sleep(90)"
    with stage.driven(python(waits), environment={"TOKEN": "hidden-77"}) as process:
        stage.scene.wait_for("up")
        lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True).stdout
        assert b"attendant.py" in lines
        # The driver itself is told on its command line.
        assert [x for x in lines.splitlines() if b"hidden-77" in x and b"driver.py" not in x] == []
        (container,) = stage.containers()
        assert "hidden-77" not in str(container)
        driven.tell(process, signal.SIGTERM)
        driven.finish(process)


def test_piped_input_arrives_with_its_end(stage: Stage) -> None:
    data = os.urandom(3_000_000)
    done = stage.run(["cat"], stdin=data)
    assert done.stdout == data
    assert stage.ending()["exit_code"] == 0


def test_large_binary_output_is_complete_though_its_reader_is_slow(stage: Stage) -> None:
    size = 40_000_000
    write = "os.write(1 + n % 2, bytes([n % 251]) * 100000)"
    code = f"import os\nfor n in range({size} // 100000): {write}"
    with stage.driven(python(code)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        time.sleep(0.5)
        error = bytearray()
        reader = threading.Thread(target=lambda: error.extend(process.stderr.read()))  # type: ignore[union-attr]
        reader.start()
        output = process.stdout.read()
        reader.join()
    assert len(output) == len(error) == size // 2
    assert output == b"".join(bytes([n % 251]) * 100000 for n in range(0, size // 100000, 2))
    stage.nothing_is_left()


def test_mounts_arrive_also_with_a_colon_in_their_path(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "a:b c"
    folder.mkdir()
    (folder / "file").write_text("hello")
    mounts = [[str(folder), "/there", ["ro"]], [str(tmp_path), "/mlflow/projects/code"]]
    done = stage.run("cat '/there/file'; pwd; touch made; touch /there/no", mounts=mounts)
    assert done.stdout == b"hello/mlflow/projects/code\n"
    assert stage.ending()["exit_code"] == 1
    assert (tmp_path / "made").exists()


def test_entrypoint_is_kept(stage: Stage) -> None:
    done = stage.run(["-c", "print('from the entry point')"], entrypoint=["python3"])
    assert done.stdout == b"from the entry point\n"


# What cannot start


def test_missing_program_is_the_shells_127(stage: Stage) -> None:
    done = stage.run(["no-such-program"])
    assert b"no-such-program: not found" in done.stderr
    assert not done.stderr.startswith(b"mlrun")
    assert stage.ending()["exit_code"] == 127
    stage.nothing_is_left()


def test_missing_image_is_told(engine: Engine, stage: Stage) -> None:
    stage.image = "sha256:" + "0" * 64
    stage.run("true")
    assert not stage.ending()["started"]
    assert "No such image" in stage.ending()["note"]
    assert stage.ending()["exit_code"] == 125
    stage.nothing_is_left()


def test_engine_that_is_not_there_is_told(engine: Engine, stage: Stage) -> None:
    stage = Stage(Engine("unix:///nobody-here", {}), stage.scene, stage.image)
    stage.run("true")
    assert "no answer of the container engine at unix:///nobody-here" in stage.ending()["note"]
    assert list((runs_folder() / TRACES).iterdir()) == []


def test_name_of_the_users_that_is_taken_is_told_and_left_alone(stage: Stage) -> None:
    name = f"mlrun-test-{uuid.uuid4().hex}"
    made = stage.engine.call(
        "POST", "/containers/create", {"Image": stage.image, "Cmd": ["true"]}, {"name": name}
    )
    try:
        stage.run("true", name=name)
        assert "already in use" in stage.ending()["note"]
        assert not stage.ending()["started"]
        assert stage.engine.call("GET", f"/containers/{made['Id']}/json")["Name"] == f"/{name}"
    finally:
        stage.engine.call("DELETE", f"/containers/{made['Id']}")
    stage.nothing_is_left()


def test_own_name_that_is_taken_is_replaced(stage: Stage) -> None:
    stage.run("true", keeps=True)
    stage.run("exit 4", keeps=True)
    assert stage.ending()["exit_code"] == 4
    names = sorted(name for c in stage.containers() for name in c["Names"])
    assert names == [f"/mlrun-{stage.run_id}", f"/mlrun-{stage.run_id}-2"]


# Signals


@pytest.mark.parametrize("shell", [None, "sh", "bash"])
def test_interrupted_program_saves_its_work(stage: Stage, shell: str | None) -> None:
    chain = [shell, "-c", f'cd / && python3 -c "{SAVES}"; echo never'] if shell else python(SAVES)
    with stage.driven(chain) as process:
        stage.scene.wait_for("up")
        driven.tell(process, signal.SIGINT)
        output, _ = driven.finish(process)
    assert b"saved" in output
    assert stage.ending()["asked"] == signal.SIGINT
    assert stage.ending()["exit_code"] in ((130, 0) if shell else (7,))
    stage.nothing_is_left()


def test_program_without_a_handler_is_ended_by_term(stage: Stage) -> None:
    with stage.driven(python(UP + "import time; time.sleep(90)")) as process:
        stage.scene.wait_for("up")
        driven.tell(process, signal.SIGTERM)
        driven.finish(process)
    assert (stage.ending()["exit_code"], stage.ending()["asked"]) == (143, signal.SIGTERM)
    stage.nothing_is_left()


def test_user_signal_reaches_its_handler_and_ends_no_shell(stage: Stage) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(print(1234)))\n"
        "print(5678, flush=True)\ntime.sleep(90)\n"
    )
    with stage.driven(["bash", "-c", f"cd / && sh -c 'python3 -c \"{code}\"; echo on'"]) as process:
        stage.scene.wait_for("5678")
        driven.tell(process, signal.SIGUSR1)
        output, _ = driven.finish(process)
    assert output == b"5678\n1234\non\n"


def test_stubborn_program_is_killed_with_its_container(stage: Stage) -> None:
    with stage.driven(python(STUBBORN), grace_period=0.5) as process:
        stage.scene.wait_for("up")
        driven.tell(process, signal.SIGTERM)
        _, error = driven.finish(process)
    assert b"did not end within 0.5 s" in error
    assert stage.ending()["asked"] == signal.SIGTERM
    assert stage.ending()["signal"] == signal.SIGKILL
    stage.nothing_is_left()


def test_suspended_container_is_paused_and_goes_on(stage: Stage) -> None:
    code = UP + "import time\nwhile True: time.sleep(0.1)"
    # In a group of its own it has a parent who can continue it: the system stops no other.
    scene, fields = stage.scene, stage.fields({})
    with driven.driven(scene, python(code), fields=fields, preexec_fn=os.setpgrp) as process:
        scene.wait_for("up")
        driven.tell(process, signal.SIGTSTP)
        wait_until(lambda: stage.containers()[0]["State"] == "paused", "the pause")
        wait_until(lambda: driven.state_of(process.pid) == "T", "mlrun's own stop")
        driven.tell(process, signal.SIGCONT)
        wait_until(lambda: stage.containers()[0]["State"] == "running", "going on")
        driven.tell(process, signal.SIGTERM)
        driven.finish(process)
    stage.nothing_is_left()


# Deaths


def attendants(stage: Stage) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            trace = str(runs_folder() / TRACES).encode()
            mine = trace in words or str(stage.scene.folder / "container-").encode() in words
            if mine and (b"guardian.py" in words or b"attendant.py" in words):
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("code", [STUBBORN, UP + "import time; time.sleep(90)"])
def test_killed_mlrun_takes_its_container_along(stage: Stage, code: str) -> None:
    with stage.driven(python(code)) as process:
        stage.scene.wait_for("up")
        process.kill()
        wait_until(lambda: not stage.containers(), "the end of the container")
        wait_until(lambda: not attendants(stage), "the end of the attendant and the guardian")
    stage.nothing_is_left()


def test_killed_attendant_takes_its_container_along(stage: Stage) -> None:
    with stage.driven(python(STUBBORN)) as process:
        stage.scene.wait_for("up")
        for pid in attendants(stage):
            if b"attendant.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        driven.finish(process)
    assert stage.ending()["signal"] == signal.SIGKILL
    stage.nothing_is_left()


@pytest.mark.parametrize("paused", [False, True])
def test_next_mlrun_ends_what_all_left_behind(stage: Stage, paused: bool) -> None:
    with stage.driven(python(STUBBORN)) as process:
        stage.scene.wait_for("up")
        settle_earlier_runs()
        assert len(stage.containers()) == 1, "one whose mlrun lives was ended"
        if paused:
            stage.engine.call("POST", f"/containers/mlrun-{stage.run_id}/pause")
        for pid in [*attendants(stage), process.pid]:
            os.kill(pid, signal.SIGSTOP)
        for pid in [*attendants(stage), process.pid]:
            os.kill(pid, signal.SIGKILL)
        process.wait()
        assert len(stage.containers()) == 1
        wait_until(lambda: not attendants(stage), "the end of them all")
    settle_earlier_runs()
    assert stage.containers() == []
    assert list((runs_folder() / TRACES).iterdir()) == []


def test_container_that_others_remove_is_told(stage: Stage) -> None:
    with stage.driven(python(STUBBORN)) as process:
        stage.scene.wait_for("up")
        path = f"/containers/mlrun-{stage.run_id}"
        stage.engine.call("DELETE", path, query={"force": True})
        driven.finish(process)
    assert "removed by someone else" in stage.ending()["note"]
    assert stage.ending()["started"]
    stage.nothing_is_left()


def test_code_passes_through_where_there_is_no_room_for_more(stage: Stage) -> None:
    code = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(3))\n" + UP
    with stage.driven(python(code + "time.sleep(90)")) as process:
        stage.scene.wait_for("up")
        (trace,) = (runs_folder() / TRACES).iterdir()
        (stage.scene.folder / f"{trace.stem}.out").mkdir()
        driven.tell(process, signal.SIGTERM)
        _, error = driven.finish(process)
    assert b"Traceback" not in error
    assert stage.ending()["exit_code"] == 3
    assert stage.containers() == []
    assert not trace.exists()


def test_lack_of_memory_is_named(stage: Stage) -> None:
    limit = {"HostConfig": {"Memory": 64 << 20, "MemorySwap": 64 << 20}}
    code = "kept = []\nwhile True: kept.append(b'x' * 10_000_000)"
    stage.run(python(code), options=limit)
    ending = stage.ending()
    assert ending["exit_code"] == 137
    assert ending["note"] == "the container ran out of memory (limit 64.0 MiB)"
    stage.nothing_is_left()


def test_container_that_is_to_stay_stays(stage: Stage) -> None:
    stage.run("echo kept; exit 5", keeps=True)
    (container,) = stage.containers()
    assert container["State"] == "exited"
    assert list((runs_folder() / TRACES).iterdir()) == []


class Relay:
    """An engine that can go away: passes bytes on to a real one until then."""

    def __init__(self, place: Path, real: str) -> None:
        self._place, self._real = place, real.removeprefix("unix://")
        self._sockets: list[socket.socket] = []
        self.come()

    def come(self) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self._place))
        self._listening.listen(16)
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def go(self) -> None:
        self._place.unlink()
        for open_one in [self._listening, *self._sockets]:
            with contextlib.suppress(OSError):
                open_one.shutdown(socket.SHUT_RDWR)
            open_one.close()
        self._sockets.clear()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._real)
                self._sockets += [near, far]
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_engine_that_goes_away_ends_the_run_and_its_container_later(
    stage: Stage, tmp_path: Path
) -> None:
    relay = Relay(tmp_path / "engine.sock", stage.engine.address)
    away = Engine(f"unix://{tmp_path}/engine.sock", {})
    through = Stage(away, stage.scene, stage.image, run_id=stage.run_id)
    with through.driven(python(STUBBORN)) as process:
        stage.scene.wait_for("up")
        relay.go()
        driven.finish(process)
    assert "the container engine went away" in stage.ending()["note"]
    assert "may still be there" in stage.ending()["note"]
    assert stage.ending()["exit_code"] == 125
    settle_earlier_runs()
    assert len(stage.containers()) == 1, "there was no engine to end it"
    relay.come()
    settle_earlier_runs()
    relay.go()
    stage.nothing_is_left()


# Terminals


def test_command_at_a_terminal_has_one(stage: Stage) -> None:
    code = (
        "import os, sys\n"
        "print(sys.stdin.isatty(), sys.stdout.isatty(), *os.get_terminal_size())\n"
        "print('hello', input('name? '))\n"
    )
    with screen(stage.driver(python(code))) as s:
        s.shows("True True 99 33\r\n")
        s.shows("name? ")
        s.type(b"anx\x7fa\r")
        s.shows("hello ana\r\n")
        s.ends()
    assert stage.ending()["exit_code"] == 0
    assert stage.ending()["asked"] is None
    stage.nothing_is_left()


def test_new_size_reaches_the_command(stage: Stage) -> None:
    code = (
        "import os, sys, time\n" + UP + "while os.get_terminal_size() != (77, 22):"
        " time.sleep(0.01)\nprint('resized')\n"
    )
    with screen(stage.driver(python(code))) as s:
        s.shows("up")
        s.resize(22, 77)
        s.shows("resized")
        s.ends()


def test_ctrl_c_is_the_commands_and_counts(stage: Stage) -> None:
    with screen(stage.driver(python(SAVES))) as s:
        s.shows("up")
        s.type(CTRL_C)
        s.shows("saved")
        s.ends()
    assert stage.ending()["asked"] == signal.SIGINT
    assert stage.ending()["exit_code"] == 7
    stage.nothing_is_left()


def test_third_ctrl_c_kills(stage: Stage) -> None:
    with screen(stage.driver(python(STUBBORN))) as s:
        s.shows("up")
        s.type(CTRL_C)
        time.sleep(0.3)
        s.type(CTRL_C)
        s.shows("Ctrl-C once more kills it")
        s.type(CTRL_C)
        s.ends()
    assert stage.ending()["asked"] == signal.SIGINT
    assert stage.ending()["exit_code"] == 137
    stage.nothing_is_left()


def test_ctrl_c_at_a_prompt_of_its_own_counts_for_nothing(stage: Stage) -> None:
    code = (
        "import os, sys, tty\n"
        "tty.setraw(0); print('up', flush=True)\n"
        "while (key := os.read(0, 1)) != b'q': print(ord(key), flush=True)\n"
    )
    with screen(stage.driver(python(code))) as s:
        s.shows("up")
        for key in (CTRL_C, b"a", CTRL_C, b"b", CTRL_C, b"c"):
            s.type(key)
            s.shows(str(key[0]))
        s.type(b"q")
        s.ends()
    assert (stage.ending()["exit_code"], stage.ending()["asked"]) == (0, None)


def test_ending_says_what_is_known() -> None:
    from mlrun.backends.base import Ending

    ending = Ending(exit_code=137, note="the container ran out of memory")
    assert describe_ending(ending) == "exited with code 137: the container ran out of memory"
    assert status_of(ending) is RunStatus.FAILED
    ending = Ending(exit_code=125, note="no such image", started=False)
    assert describe_ending(ending) == "could not be started: no such image"
