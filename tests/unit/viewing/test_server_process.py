"""A server as a process of mlrun's; here a small one that answers like MLflow's."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from mlrun.errors import LaunchError
from mlrun.viewing.server_process import ServerProcess, server_variables
from tests.functional.driven import state_of, wait_until

SERVER = """
import subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("child", "w").write(str(child.pid))
class Handler(BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        self.send_response(200 if self.path == "/health" and Handler.asked > 2 else 503)
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def started(folder: Path, script: str, *words: str) -> ServerProcess:
    argv = [sys.executable, "-c", script, *words]
    return ServerProcess(argv, folder, os.environ, folder / "server.log")


def test_it_is_waited_for_and_all_of_it_ends(tmp_path: Path) -> None:
    port = free_port()
    server = started(tmp_path, SERVER, str(port))
    try:
        server.wait_until_healthy("127.0.0.1", port)
        server.check()
    finally:
        server.end()
    child = int((tmp_path / "child").read_text())
    assert state_of(child) is None
    with pytest.raises(LaunchError, match="ended with exit code"):
        server.check()


def test_a_server_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    script = "for i in range(99): print(f'line {i}')\nraise SystemExit(3)"
    server = started(tmp_path, script)
    try:
        with pytest.raises(LaunchError) as caught:
            server.wait_until_healthy("127.0.0.1", free_port())
    finally:
        server.end()
    assert "exit code 3\n  line 84\n" in caught.value.message
    assert caught.value.message.endswith("\n  line 98")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="could not be started: No such file"):
        ServerProcess(["/nowhere/mlflow"], tmp_path, os.environ, tmp_path / "log")


def test_it_ends_with_its_mlrun_however_that_ends(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import os, sys; from pathlib import Path\n"
        "from mlrun.viewing.server_process import ServerProcess\n"
        "folder = Path(sys.argv[1])\n"
        "argv = [sys.executable, '-c', sys.argv[2], sys.argv[3]]\n"
        "server = ServerProcess(argv, folder, os.environ, folder / 'server.log')\n"
        "server.wait_until_healthy('127.0.0.1', int(sys.argv[3]))\n"
        "print(server._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path), SERVER, str(free_port())]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False).stdout
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: state_of(int(said)) is None and state_of(child) is None, "both to end")


def test_what_would_mislead_the_server_is_taken_away() -> None:
    variables = server_variables(
        {"MLFLOW_TRACKING_URI": "x", "MLFLOW_STATIC_PREFIX": "/p", "PATH": "p", "PYTHONPATH": "q"}
    )
    assert variables["PATH"] == "p"
    assert variables["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert variables["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert not {"MLFLOW_TRACKING_URI", "MLFLOW_STATIC_PREFIX", "PYTHONPATH"} & set(variables)


def test_the_user_decides_on_telemetry() -> None:
    given = {"MLFLOW_DISABLE_TELEMETRY": "false"}
    assert server_variables(given)["MLFLOW_DISABLE_TELEMETRY"] == "false"
