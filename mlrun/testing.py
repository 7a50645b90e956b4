"""What the author of a backend, or of a project, tests with. Needs pytest, and nothing else.

A backend is tested by inheriting the contract that all backends keep::

    from mlrun.testing import BackendContract

    class TestMyBackend(BackendContract):
        @pytest.fixture
        def backend(self):
            return MyBackend()

A project is made for one test by the fixture `make_project`, which
`pytest_plugins = ["mlrun.testing"]` in a `conftest.py` brings::

    def test_training(make_project):
        folder = make_project({"main": "echo trained"})
        assert mlrun.run(str(folder), tracking=False).wait()
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlrun.backends.base import Backend, Ending, LaunchRequest, RunState
from mlrun.errors import LaunchError

EntryPoints = Mapping[str, "str | Mapping[str, Any]"]
"""Entry points by name: a command, or what stands below the name in an MLproject file."""


def write_project(
    folder: Path,
    entry_points: EntryPoints,
    *,
    files: Mapping[str, str] | None = None,
    **keys: Any,
) -> Path:
    """Write a project.

    Args:
        folder: Where; made if missing.
        entry_points: See `EntryPoints`.
        files: Further files: text by relative path.
        **keys: Further keys of the MLproject file (`name`, `python_env`...).

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    points = {
        name: {"command": point} if isinstance(point, str) else dict(point)
        for name, point in entry_points.items()
    }
    # JSON is YAML too.
    content = json.dumps({**keys, "entry_points": points}, indent=2)
    (folder / "MLproject").write_text(content + "\n", encoding="utf-8")
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """Return `write_project` for the folder `project` of the test."""

    def make(entry_points: EntryPoints, **words: Any) -> Path:
        return write_project(tmp_path / "project", entry_points, **words)

    return make


class BackendContract:
    """What holds for every backend. A subclass has a fixture `backend`.

    The commands need bash and coreutils where they run. A backend that runs elsewhere may
    override the fixture `launch_request` (another folder, further variables).
    """

    @pytest.fixture
    def backend(self) -> Backend:
        """Return the backend under test."""
        raise NotImplementedError("a subclass says which backend it tests")

    @pytest.fixture
    def launch_request(self, tmp_path: Path) -> Callable[..., LaunchRequest]:
        """Return what makes a request to run a text in bash."""

        def make(command: str, **fields: Any) -> LaunchRequest:
            return LaunchRequest(
                **{
                    "argv": ("bash", "-c", command),
                    "cwd": tmp_path,
                    "env": dict(os.environ),
                    "run_id": "0123456789abcdef0123456789abcdef",
                    "log": tmp_path / "log",
                    "terminal": False,
                    **fields,
                }
            )

        return make

    @pytest.fixture
    def ending_of(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest]
    ) -> Callable[..., Ending]:
        """Return what runs a text in bash to its end."""

        def run(command: str, **fields: Any) -> Ending:
            return backend.launch(launch_request(command, **fields), _ignore).wait()

        return run

    def test_has_a_name(self, backend: Backend) -> None:
        """The name is what the user writes after `--backend`."""
        assert isinstance(backend.name, str)
        assert backend.name

    @pytest.mark.parametrize("code", [0, 1, 7, 125, 130, 255])
    def test_exit_code_is_kept(self, ending_of: Callable[..., Ending], code: int) -> None:
        """The command's own exit code is reported as it is."""
        ending = ending_of(f"exit {code}")
        assert (ending.exit_code, ending.signal, ending.asked) == (code, None, None)

    def test_death_by_a_signal_is_no_exit_code(self, ending_of: Callable[..., Ending]) -> None:
        """A signal is told apart from an exit code, and nobody asked for it."""
        ending = ending_of("kill -KILL $$")
        assert (ending.exit_code, ending.signal) == (None, signal.SIGKILL)
        assert ending.asked is None

    def test_output_is_kept_in_order(
        self, ending_of: Callable[..., Ending], tmp_path: Path
    ) -> None:
        """The log has all of the output, unchanged, when `wait` returns."""
        assert ending_of("for i in $(seq 1000); do echo $i; done; printf end").log_complete
        lines = b"".join(b"%d\n" % n for n in range(1, 1001))
        assert (tmp_path / "log").read_bytes() == lines + b"end"

    def test_errors_are_kept_too(self, ending_of: Callable[..., Ending], tmp_path: Path) -> None:
        """Standard error is in the log."""
        ending_of("echo broken >&2")
        assert b"broken" in (tmp_path / "log").read_bytes()

    def test_log_is_appended_to(self, ending_of: Callable[..., Ending], tmp_path: Path) -> None:
        """What the log held before stays."""
        (tmp_path / "log").write_bytes(b"before\n")
        ending_of("echo after")
        assert (tmp_path / "log").read_bytes() == b"before\nafter\n"

    def test_log_has_no_secrets(self, ending_of: Callable[..., Ending], tmp_path: Path) -> None:
        """Stars stand in their place, also where one is written in two pieces."""
        ending_of("printf 'a sec'; sleep 0.1; echo ret-1 b", secrets=(b"secret-1",))
        assert (tmp_path / "log").read_text() == "a *** b\n"

    def test_arguments_arrive_as_they_are(
        self, ending_of: Callable[..., Ending], tmp_path: Path
    ) -> None:
        """No shell and no splitting comes between."""
        words = ("", "two words", "$HOME", "'", '"', "*", "\\", "ä\n")
        ending_of("", argv=("bash", "-c", "printf '%s|' \"$@\"", "x", *words))
        assert (tmp_path / "log").read_text(encoding="utf-8") == "|".join(words) + "|"

    def test_folder_and_environment_are_those_asked_for(
        self, ending_of: Callable[..., Ending], tmp_path: Path
    ) -> None:
        """The command gets the whole environment that was asked for, and nothing of ours."""
        folder = tmp_path / "a folder"
        folder.mkdir()
        environ = {"PATH": os.environ["PATH"], "GIVEN": "a b\nc"}
        ending_of('pwd; echo "$GIVEN"; echo "${HOME-unset}"', cwd=folder, env=environ)
        assert (tmp_path / "log").read_text() == f"{folder}\na b\nc\nunset\n"

    def test_launch_does_not_wait(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest], tmp_path: Path
    ) -> None:
        """The handle is there while the command runs, and knows that it does."""
        request = launch_request("while ! [ -e go ]; do sleep 0.01; done")
        handle = backend.launch(request, _ignore)
        assert handle.state() is RunState.RUNNING
        (tmp_path / "go").touch()
        assert handle.wait().exit_code == 0
        assert handle.state() is RunState.ENDED

    def test_waiting_again_gives_the_same(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest]
    ) -> None:
        """The ending is remembered."""
        handle = backend.launch(launch_request("exit 3"), _ignore)
        assert handle.wait() == handle.wait()

    def test_several_threads_wait(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest]
    ) -> None:
        """Each of them gets the ending."""
        handle = backend.launch(launch_request("sleep 0.2; exit 3"), _ignore)
        endings: list[Ending] = []
        threads = [threading.Thread(target=lambda: endings.append(handle.wait())) for _ in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [ending.exit_code for ending in endings] == [3, 3, 3]

    def test_runs_go_on_beside_each_other(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest], tmp_path: Path
    ) -> None:
        """Two commands that wait for each other both end."""
        commands = ("touch a; while ! [ -e b ]; do sleep 0.01; done; exit 1",
                    "touch b; while ! [ -e a ]; do sleep 0.01; done; exit 2")  # fmt: skip
        handles = [
            backend.launch(launch_request(command, log=tmp_path / f"log{n}"), _ignore)
            for n, command in enumerate(commands)
        ]
        assert [handle.wait().exit_code for handle in handles] == [1, 2]

    def test_cancelling_asks_and_is_remembered(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest], tmp_path: Path
    ) -> None:
        """A command that is cancelled may save its work, and its code is kept."""
        command = "trap 'echo saved; exit 5' TERM; touch ready; while :; do sleep 0.01; done"
        handle = backend.launch(launch_request(command), _ignore)
        _wait_for(tmp_path / "ready")
        handle.cancel()
        ending = handle.wait()
        assert (ending.exit_code, ending.asked) == (5, signal.SIGTERM)
        assert b"saved\n" in (tmp_path / "log").read_bytes()

    def test_cancelling_kills_in_the_end(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest], tmp_path: Path
    ) -> None:
        """A command that does not react is killed after the grace period."""
        command = "trap '' TERM; touch ready; while :; do sleep 0.01; done"
        handle = backend.launch(launch_request(command, grace_period=0.2), _ignore)
        _wait_for(tmp_path / "ready")
        handle.cancel()
        assert handle.wait().signal == signal.SIGKILL

    def test_cancelling_after_the_end_changes_nothing(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest]
    ) -> None:
        """The ending stays what it was."""
        handle = backend.launch(launch_request("exit 3"), _ignore)
        ending = handle.wait()
        handle.cancel()
        assert handle.wait() == ending
        assert ending.asked is None

    def test_missing_program_is_told(
        self, backend: Backend, launch_request: Callable[..., LaunchRequest]
    ) -> None:
        """What cannot be started is an error of the launch, which names it."""
        request = launch_request("", argv=("no-such-program-anywhere",))
        with pytest.raises(LaunchError, match="no-such-program-anywhere"):
            backend.launch(request, _ignore)


def _ignore(_line: str) -> None:
    """Take a line for the user that no test looks at."""


def _wait_for(path: Path) -> None:
    """Wait until the command has made a file."""
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"the command did not make {path}"
        time.sleep(0.01)
