"""What the attendant does where the engine fails it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.execution.container import attendance, specification, trace


class SilentEngine:
    """An engine that closes each connection after what it was asked.

    Args:
        path: Of its socket.
    """

    def __init__(self, path: Path) -> None:
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                head = connection.recv(65536).split(b"\r\n")[0].decode()
                if head == "END":
                    return
                # Before it is closed: whoever asked may look at once.
                self.asked.append(head)

    def close(self) -> None:
        """End it."""
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(self._socket.getsockname())
            last.sendall(b"END")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SilentEngine]:
    made = SilentEngine(tmp_path / "engine.sock")
    yield made
    made.close()


def test_a_name_is_no_reason_to_remove_a_container(engine: SilentEngine, tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/engine.sock"
    label = f"{trace.LAUNCH_LABEL}=run.1.2"
    trace.leave(str(tmp_path / "trace"), address, label, {}, keeps=False)
    wanted: specification.Specification = {
        "engine": address,
        "name": "database",
        "may_rename": False,
        "body": b"{}",
        "bare_body": None,
        "scripted": False,
        "terminal": False,
        "stdin": False,
        "keeps": False,
        "grace_period": 1.0,
        "mlrun": os.getpid(),
        "trace": str(tmp_path / "trace"),
        "report": str(tmp_path / "out"),
    }
    specification.write(str(tmp_path / "in"), wanted)
    program = Path(attendance.__file__).with_name("attendant.py")
    words = [sys.executable, "-I", "-S", str(program), str(tmp_path / "in")]
    assert subprocess.run(words, check=False).returncode == attendance.FAILED
    report = specification.take(str(tmp_path / "out"))
    assert report["settled"] is False
    assert "no answer" in report["error"]
    assert [head.partition("?")[0] for head in engine.asked] == ["POST /containers/create"]
