"""Runs the programs that build an environment, and keeps what they print."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.redact import mask_argv, mask_text, secret_variables

_TAIL = 15
"""Lines of the log that an error shows."""

_PATIENCE = 5.0
"""Seconds that an installer has to end when mlrun is interrupted."""


class BuildLog:
    """The log of one build. What cannot be written (a full disk) is still shown in an error.

    Args:
        file: Where it is kept; begun anew.
        environ: The user's environment variables; secrets in them never reach the log.
        secrets: Further values that must not reach it.
    """

    def __init__(self, file: Path, environ: Mapping[str, str], secrets: Iterable[str] = ()) -> None:
        self._file = file
        self._secrets = (*secret_variables(environ), *secrets)
        self._tail: deque[str] = deque(maxlen=_TAIL)
        with suppress(OSError):
            file.write_bytes(b"")

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], location: Location
    ) -> None:
        """Run one program to its end.

        Raises:
            EnvironmentBuildError: It failed; the message ends with the log's tail.
        """
        code = self.attempt(argv, cwd=cwd, env=env)
        if code != 0:
            raise self.failure(f"`{_in_short(argv)}` failed with exit code {code}", location)

    def attempt(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
        """Run one program to its end and return its exit code; 127 where it does not start."""
        self._tail.clear()
        with self._opened() as stream:
            self._keep(f"$ {_shown(argv)}", stream)
            try:
                process = subprocess.Popen(
                    list(argv),
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                self._keep(f"{argv[0]}: {error.strerror}", stream)
                return 127
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    self._keep(line.decode("utf-8", "replace").rstrip("\r\n"), stream)
                return process.wait()
            finally:
                _end(process)

    def failure(self, message: str, location: Location) -> EnvironmentBuildError:
        """Return the error for a build that failed, with the end of the log."""
        tail = "\n".join(f"  {line}" for line in self._tail)
        return EnvironmentBuildError(
            f"the environment could not be built: {self._masked(message)}\n{tail}".rstrip(),
            location=location,
            hint=f"the whole log is in {self._file}",
        )

    def _masked(self, text: str) -> str:
        return mask_text(text, self._secrets)

    def _opened(self) -> BinaryIO:
        try:
            return self._file.open("ab", buffering=0)
        except OSError:
            return open(os.devnull, "ab", buffering=0)

    def _keep(self, line: str, stream: BinaryIO) -> None:
        line = self._masked(line)
        self._tail.append(line)
        with suppress(OSError):
            stream.write(line.encode("utf-8", "replace") + b"\n")


def _shown(argv: Sequence[str]) -> str:
    import shlex

    words = mask_argv(argv)
    return shlex.join((Path(words[0]).name, *words[1:]))


def _in_short(argv: Sequence[str]) -> str:
    """Return the words before the first long option."""
    from itertools import takewhile

    words = (Path(argv[0]).name, *mask_argv(argv[1:]))
    return " ".join(takewhile(lambda word: not word.startswith("--"), words))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
