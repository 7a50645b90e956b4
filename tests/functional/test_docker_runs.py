"""Projects in containers, by the command line: how runs end, and what is left of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlrun.execution.container.engine import Engine
from tests.components import missing
from tests.docker_engine import DockerEngine
from tests.functional.commands import MLRUN, Place, recorded, status

_PATIENCE = 60.0
_SLEEPS = "import time\nprint('up', flush=True)\ntime.sleep(90)\n"
_STUBBORN = (
    "import signal\nfor n in (signal.SIGINT, signal.SIGTERM): signal.signal(n, signal.SIG_IGN)\n"
)


class Docked:
    """A place whose project runs in containers of an image.

    Args:
        place: Where the project is.
        engine: Has the image.
        image: By name.
    """

    def __init__(self, place: Place, engine: DockerEngine, image: str) -> None:
        self.place = place
        self.engine = Engine(engine.address, {})
        self._image = image
        self._env = {**os.environ, **engine.variables}

    def write(
        self, code: str, command: str = "python3 main.py", more: str = "", env: str = ""
    ) -> None:
        """Write the project: `more` are keys of its entry point, `env` of its `docker_env`."""
        self.place.write(
            f"name: docked\ndocker_env:\n  image: {self._image}\n{env}"
            f"entry_points:\n  main:\n{more}    command: {json.dumps(command)}\n",
            main_py=code,
        )

    def run(self, *words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return self.place.run_project(*words, env={**self._env, **env})

    @contextmanager
    def started(self, *words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
        """Run it until it says `up`."""
        argv = [*MLRUN, "run", "project", *words]
        with subprocess.Popen(
            argv,
            cwd=self.place.folder,
            env={**self._env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "up\n"
                yield process
            finally:
                process.kill()

    def run_id(self) -> str:
        """Return the id of the only run."""
        return self.place.runs()[-1].name

    def status(self) -> str:
        """Return the recorded status of the last run."""
        return status(self.place.runs()[-1])

    def containers(self) -> list[dict[str, Any]]:
        """Return what is there of the runs' containers, ended ones too."""
        found: list[dict[str, Any]] = []
        for run in self.place.runs():
            query = {"all": True, "filters": {"label": [f"mlrun.run={run.name}"]}}
            found += self.engine.call("GET", "/containers/json", query=query)
        return found

    def files(self) -> list[Path]:
        """Return the files that stand for containers: there are none where none is."""
        return list(Path(os.environ["MLRUN_STATE_DIR"], "runs").glob("*/container-*"))

    def is_clear(self) -> bool:
        """Return whether nothing is left."""
        return not self.containers() and not self.files()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, f"no sign of {what}"
        time.sleep(0.05)


@pytest.fixture
def docked(place: Place, docker_engine: DockerEngine, base_image: str) -> Iterator[Docked]:
    made = Docked(place, docker_engine, base_image)
    yield made
    for container in made.containers():
        path = f"/containers/{container['Id']}"
        made.engine.call("DELETE", path, query={"force": True, "v": True})


def test_exit_code_passes_through(docked: Docked) -> None:
    docked.write("import sys; sys.exit(print('out') or 3)")
    done = docked.run()
    assert (done.returncode, done.stdout) == (3, "out\n")
    assert docked.status() == "FAILED"
    assert docked.is_clear()


def test_container_that_never_started_is_told_from_a_command_that_failed(docked: Docked) -> None:
    docked.write("")
    done = docked.run("-A", "name=not a name")
    assert done.returncode == 125
    assert "could not be started: " in done.stderr
    assert "not a name" in done.stderr
    assert docked.status() == "FAILED"
    shown = docked.place.mlrun("runs", "show").stdout
    assert "could not be started" in shown
    assert docked.is_clear()


def test_lack_of_memory_is_named(docked: Docked) -> None:
    docked.write("kept = []\nwhile True: kept.append(b'x' * 5_000_000)")
    done = docked.run("-A", "memory=64m")
    assert done.returncode == 137
    named = "the container ran out of memory (limit 64.0 MiB)"
    assert named in done.stderr
    assert named in docked.place.mlrun("runs", "show").stdout
    assert docked.status() == "FAILED"


def test_interrupted_chain_saves_its_work_and_counts_as_killed(docked: Docked) -> None:
    docked.write(
        "import sys, time\ntry:\n    print('up', flush=True)\n    time.sleep(90)\n"
        "except KeyboardInterrupt:\n    time.sleep(0.5)\n    sys.exit(print('saved') or 7)\n",
        command="cd . && python3 main.py && echo no",
    )
    with docked.started() as process:
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=_PATIENCE)
    assert output == "saved\n", error
    assert process.returncode == 7
    assert docked.status() == "KILLED"
    assert docked.is_clear()


def test_killed_mlrun_leaves_no_container_and_the_next_one_marks_the_run(docked: Docked) -> None:
    docked.write(_STUBBORN + _SLEEPS)
    with docked.started() as process:
        run = docked.place.runs()[0]
        process.kill()
    assert status(run) == "RUNNING"
    wait_until(docked.is_clear, "the end of the container")
    docked.write("")
    assert docked.run().returncode == 0
    assert status(run) == "KILLED"
    assert docked.is_clear()


def test_next_mlrun_ends_what_was_killed_with_all_that_belonged_to_it(docked: Docked) -> None:
    docked.write(_STUBBORN + _SLEEPS)
    with docked.started() as process:
        run = docked.place.runs()[0]
        family = [process.pid, *_children(process.pid)]
        assert len(family) == 3, "mlrun, the container's attendant, the guardian"
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in family:
                os.kill(pid, number)
    (left,) = docked.containers()
    assert left["State"] == "running"
    docked.write("")
    assert docked.run().returncode == 0
    assert status(run) == "KILLED"
    assert docked.is_clear()


def test_removed_container_is_named(docked: Docked) -> None:
    docked.write(_SLEEPS)
    with docked.started() as process:
        path = f"/containers/mlrun-{docked.run_id()}"
        docked.engine.call("DELETE", path, query={"force": True})
        _, error = process.communicate(timeout=_PATIENCE)
    assert "the container was removed by someone else" in error
    assert process.returncode != 0
    assert docked.status() == "FAILED"
    assert docked.is_clear()


VALUES = [
    "a b",
    'it\'s "quoted"',
    "$HOME `x` $(y); z && w | v > u \\",
    "zwei\nZeilen",
    "żółw 🐢",
    "-x",
    "*",
    "",
]


@pytest.mark.parametrize("value", VALUES)
def test_value_arrives_as_it_was(docked: Docked, value: str) -> None:
    docked.write(
        "import json, os, sys\nprint(json.dumps([*sys.argv[1:], os.environ['GIVEN']]))",
        command="cd . && python3 main.py --value={value}",
        more="    parameters: {value: string}\n",
    )
    done = docked.run("-P", f"value={value}", "-A", f"env=GIVEN={value}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [f"--value={value}", value]
    assert recorded(docked.place.runs()[0], "params")["value"] == value


def test_path_is_one_that_the_container_has(docked: Docked, tmp_path: Path) -> None:
    given = tmp_path / "my data.txt"
    given.write_text("from outside")
    docked.write(
        "import sys\nprint(open(sys.argv[1]).read())",
        command="python3 main.py {data}",
        more="    parameters: {data: path}\n",
    )
    done = docked.run("-P", f"data={given}")
    assert (done.returncode, done.stdout) == (0, "from outside\n"), done.stderr


def test_secret_stands_on_no_command_line_in_no_label_and_in_no_file(docked: Docked) -> None:
    docked.write(
        "import os\nassert os.environ['TOKEN'] == 'hidden-4711'\n" + _SLEEPS,
        env="  environment: [TOKEN]\n",
    )
    with docked.started(TOKEN="hidden-4711") as process:
        lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True)
        (container,) = docked.containers()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_PATIENCE)
    assert "attendant.py" in lines.stdout
    assert "hidden-4711" not in lines.stdout
    assert "hidden-4711" not in json.dumps(container)
    kept = [p for p in Path(os.environ["MLRUN_STATE_DIR"]).rglob("*") if p.is_file()]
    assert [p for p in kept if b"hidden-4711" in p.read_bytes()] == []
    tags = recorded(docked.place.runs()[0], "tags")
    assert "hidden-4711" not in json.dumps(tags)


@pytest.fixture
def stranger(docked: Docked) -> Iterator[Stranger]:
    """Another user, who may use the engine and has a copy of the project."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        missing("another user", "only root can become one, with setpriv")
    # Not below the tests' own folder, which is this user's alone.
    with tempfile.TemporaryDirectory() as folder:
        yield Stranger(Path(folder), docked.engine.address)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A user without a name.

    Attributes:
        folder: All that is theirs.
        engine: The address of its socket.
    """

    folder: Path
    engine: str
    uid: int = 23456
    gid: int = 23457

    def run(self, project: Path) -> subprocess.CompletedProcess[str]:
        """Run a copy of a project, with it as the working folder."""
        shutil.copytree(project, self.folder / "project")
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, self.uid, self.gid)
        socket = Path(self.engine.removeprefix("unix://"))
        groups = f"--groups={socket.stat().st_gid}"  # docker's, where the engine's is one
        become = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", groups]
        # The Python that runs the tests may lie where its own user alone can look.
        become += [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
        own = {
            f"MLRUN_{name}_DIR": f"{self.folder}/{name}" for name in ("STATE", "CACHE", "CONFIG")
        }
        return subprocess.run(
            [*become, *MLRUN, "run", "."],
            cwd=self.folder / "project",
            env={**os.environ, **own, "HOME": str(self.folder), "DOCKER_HOST": self.engine},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )


def test_files_belong_to_who_ran_it(docked: Docked, stranger: Stranger) -> None:
    docked.write(
        "import os\nopen('made.txt', 'w')\nos.makedirs(os.path.expanduser('~/x'))\n"
        "print(os.getuid(), os.getgid())"
    )
    done = stranger.run(docked.place.project)
    assert (done.returncode, done.stdout) == (0, f"{stranger.uid} {stranger.gid}\n"), done.stderr
    made = (stranger.folder / "project" / "made.txt").stat()
    assert (made.st_uid, made.st_gid) == (stranger.uid, stranger.gid)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in found]


def test_a_secret_reaches_the_container_and_nothing_else(docked: Docked, tmp_path: Path) -> None:
    docked.write(
        "import os, time\ntoken = os.environ['API_TOKEN']\nprint('up', flush=True)\n"
        "print(token, os.environ['KEY'] == token, flush=True)\ntime.sleep(90)\n",
        command="KEY={api-token} python3 main.py",
        more="    parameters: {api-token: {secret: true}}\n",
    )
    secret = "hunter2-of-the-tests"
    with docked.started("-P", "api-token=env:GIVEN", GIVEN=secret) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{secret} True\n"
        words = b"".join(_words_of_processes())
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        process.send_signal(signal.SIGINT)
        process.wait()
    assert b"main.py" in words
    assert secret.encode() not in words
    assert not [path for path in kept if path.exists() and secret.encode() in path.read_bytes()]
    (folder,) = docked.place.run_folders()
    assert "up\n*** True\n" in (folder / "output.log").read_text()


def _words_of_processes() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()
