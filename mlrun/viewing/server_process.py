"""MLflow's own server, as a process of mlrun's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mlrun.errors import LaunchError

_TAIL = 15
"""Lines of the log that an error shows."""

_STEP = 0.1
_STALLED = 5.0
"""Seconds that one question for its health may take."""

_MISLEADING = (
    *("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"),
    *("MLFLOW_EXPERIMENT_NAME", "MLFLOW_BACKEND_STORE_URI", "MLFLOW_REGISTRY_STORE_URI"),
    *("MLFLOW_READ_REPLICA_BACKEND_STORE_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT"),
    *("MLFLOW_ARTIFACTS_DESTINATION", "MLFLOW_ARTIFACTS_ONLY", "MLFLOW_STATIC_PREFIX"),
    *("MLFLOW_GUNICORN_OPTS", "MLFLOW_UVICORN_OPTS", "MLFLOW_EXPOSE_PROMETHEUS"),
    *("MLFLOW_TRACE_ARCHIVAL_CONFIG", "MLFLOW_WORKSPACE_STORE_URI", "MLFLOW_WORKSPACE"),
    *("MLFLOW_ENABLE_WORKSPACES", "MLFLOW_SQL_TRACE_ROLLUPS_ENABLED"),
    *("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"),
)
"""Variables that would make the server serve something else, or elsewhere."""


def server_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment for a server that mlrun starts to look at runs: a lean one."""
    kept = {k: v for k, v in environ.items() if k not in _MISLEADING}
    return {
        # Nothing is sent to anybody unless the user has asked for it.
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        **kept,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }


class ServerProcess:
    """A server that runs in a session of its own, and ends with mlrun, however that ends.

    Args:
        argv: Its command line.
        cwd: The folder that it stands in.
        environ: Its whole environment.
        log: What it prints.

    Raises:
        LaunchError: It could not be started.
    """

    def __init__(
        self, argv: Sequence[str], cwd: Path, environ: Mapping[str, str], log: Path
    ) -> None:
        from mlrun.execution.guardian import post_guardian
        from mlrun.execution.leftovers import MARK_VARIABLE, leader_of

        mark = f"ui.{os.getpid()}.{time.monotonic_ns():x}"
        outer = environ.get(MARK_VARIABLE)
        marked = {**environ, MARK_VARIABLE: f"{outer}:{mark}" if outer else mark}
        self._log = log
        try:
            with log.open("wb") as stream:
                self._process = subprocess.Popen(
                    list(argv),
                    cwd=cwd,
                    env=marked,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise LaunchError(f"{argv[0]} could not be started: {error.strerror}") from error
        self._leader = leader_of(self._process.pid, mark)
        self._guardian = post_guardian(self._leader)

    def wait_until_healthy(self, host: str, port: int) -> None:
        """Return as soon as it answers.

        Raises:
            LaunchError: It ended before.
        """
        while not _is_healthy(host, port):
            self.check()
            time.sleep(_STEP)
        self.check()

    def check(self) -> None:
        """Do nothing while it runs.

        Raises:
            LaunchError: It has ended.
        """
        code = self._process.poll()
        if code is not None:
            raise LaunchError(f"MLflow's server ended with exit code {code}\n{self._log_tail()}")

    def wait(self, seconds: float) -> None:
        """Wait for a while, or until it ends."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def end(self) -> None:
        """End it, and all processes that it started."""
        from mlrun.execution.guardian import end_command

        with suppress(OSError):
            end_command(self._leader)
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._guardian is not None:
            self._guardian.dismiss()

    def _log_tail(self) -> str:
        with suppress(OSError), self._log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(f"  {line}" for line in deque(lines, _TAIL)).rstrip()
        return ""


def _is_healthy(host: str, port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection(host, port, timeout=_STALLED)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
