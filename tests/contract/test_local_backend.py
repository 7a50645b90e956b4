"""The local backend keeps the contract, and a little more."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.backends.base import LaunchRequest, RunState
from mlrun.backends.local import LocalBackend
from mlrun.errors import LaunchError
from mlrun.testing import BackendContract
from tests.functional.driven import state_of, wait_until

Make = Callable[..., LaunchRequest]


class TestLocalBackend(BackendContract):
    @pytest.fixture
    def backend(self) -> LocalBackend:
        return LocalBackend()

    def test_missing_folder_is_told(
        self, backend: LocalBackend, launch_request: Make, tmp_path: Path
    ) -> None:
        with pytest.raises(LaunchError, match="there is no folder"):
            backend.launch(launch_request("true", cwd=tmp_path / "gone"), print)

    def test_log_that_cannot_be_opened_is_told(
        self, backend: LocalBackend, launch_request: Make, tmp_path: Path
    ) -> None:
        with pytest.raises(LaunchError, match="cannot be written"):
            backend.launch(launch_request("true", log=tmp_path / "gone" / "log"), print)

    def test_cancelling_works_though_nobody_waits(
        self, backend: LocalBackend, launch_request: Make
    ) -> None:
        handle = backend.launch(launch_request("trap '' TERM; sleep 99", grace_period=0.2), print)
        handle.cancel()
        wait_until(lambda: handle.state() is RunState.ENDED, "the end")
        assert handle.wait().asked == signal.SIGTERM

    def test_failed_launch_leaves_no_descriptor_and_no_handler(
        self, backend: LocalBackend, launch_request: Make
    ) -> None:
        before = set(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with pytest.raises(LaunchError):
                backend.launch(launch_request("", argv=("gone",), own_process=True), print)
        assert set(os.listdir("/proc/self/fd")) == before
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    def test_finished_run_leaves_no_descriptor_no_handler_and_no_process(
        self, backend: LocalBackend, launch_request: Make
    ) -> None:
        before = set(os.listdir("/proc/self/fd"))
        handle = backend.launch(launch_request("sleep 0.1 & exit 1"), print)
        handle.wait()
        pid = handle.pid
        del handle
        assert set(os.listdir("/proc/self/fd")) == before
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert pid is not None
        assert not Path(f"/proc/{pid}").exists()

    def test_signals_are_passed_on_while_the_main_thread_waits(
        self, backend: LocalBackend, launch_request: Make, tmp_path: Path
    ) -> None:
        command = "trap 'exit 6' INT; touch ready; while :; do sleep 0.01; done"
        handle = backend.launch(launch_request(command), print)

        def interrupt() -> None:
            wait_until((tmp_path / "ready").exists, "the trap")
            ours = signal.default_int_handler
            wait_until(lambda: signal.getsignal(signal.SIGINT) is not ours, "the waiting")
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        ending = handle.wait()
        thread.join()
        assert (ending.exit_code, ending.asked) == (6, signal.SIGINT)

    def test_launch_and_wait_in_another_thread(
        self, backend: LocalBackend, launch_request: Make
    ) -> None:
        codes: list[int | None] = []

        def work() -> None:
            codes.append(backend.launch(launch_request("exit 4"), print).wait().exit_code)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert codes == [4]

    def test_handle_knows_its_process(self, backend: LocalBackend, launch_request: Make) -> None:
        handle = backend.launch(launch_request("sleep 99"), print)
        assert handle.pid is not None
        assert state_of(handle.pid) is not None
        handle.cancel()
        assert handle.wait().signal == signal.SIGTERM
