"""Runs the programs that build an environment, and keeps what they print."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from mlrun.environments.errand import current_errand
from mlrun.environments.installing.build_failures import cause_of, patience
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.parent_death import dying_with_parent
from mlrun.execution.redact import mask_argv, mask_text, secret_variables

_TAIL = 15
"""Lines of the log that an error shows."""

_ERROR_SIGNS = ("\u00d7", "error:", "ERROR:")
"""How lines begin that say what is wrong: a long traceback of a package's own may follow."""

_MOST_ERRORS = 3
"""Lines beginning as an error does that it shows besides, where they are not among those."""

_CALM = 3.0
"""Seconds of a program after which its progress is shown."""

_PACE = 0.3
"""Seconds between two lines of a progress."""

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
        self._environ = environ
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._errors: list[str] = []
        errand = current_errand()
        self._progress = errand.progress
        self._offline = {"UV_OFFLINE": "1"} if errand.offline else {}
        self._is_network_missing = False
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
            cause = cause_of(code, self._shown_lines(), self._environ)
            raise self.failure(f"`{_in_short(argv)}` {cause.what}", location, cause.hint)

    def attempt(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
        """Run one program to its end and return its exit code; 127 where it does not start."""
        self._tail.clear()
        self._errors.clear()
        hurry = patience(env, is_known_unreachable=self._is_network_missing)
        with self._opened() as stream:
            self._keep(f"$ {_shown(argv)}", stream)
            try:
                process = subprocess.Popen(
                    list(argv),
                    cwd=cwd,
                    env={**env, **hurry, **self._offline},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    preexec_fn=dying_with_parent(),
                )
            except OSError as error:
                self._keep(f"{argv[0]}: {error.strerror}", stream)
                return 127
            try:
                code = self._follow(process, _in_short(argv), stream)
            finally:
                _end(process)
        if code != 0:
            cause = cause_of(code, self._shown_lines(), self._environ)
            self._is_network_missing |= cause.is_unreachable
        return code

    def _follow(self, process: subprocess.Popen[bytes], name: str, stream: BinaryIO) -> int:
        """Keep what a program prints until its end; show it, too, where that takes long."""
        assert process.stdout is not None
        due = monotonic() + _CALM
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self._keep(line, stream)
            if self._progress is not None and line.strip() and monotonic() >= due:
                due = monotonic() + _PACE
                self._progress(f"{name}: {self._masked(line.strip())}")
        return process.wait()

    def note(self, text: str) -> None:
        """Keep lines that no program printed."""
        with self._opened() as stream:
            for line in text.splitlines():
                self._keep(line, stream)

    def failure(
        self, message: str, location: Location, hint: str | None = None
    ) -> EnvironmentBuildError:
        """Return the error for a build that failed, with the end of the log.

        Args:
            message: What failed.
            location: Where the environment is asked for.
            hint: What to do, besides reading the log.
        """
        shown = "".join(f"\n  {line}" for line in self._shown_lines())
        whole = f"the whole log is in {self._file}"
        return EnvironmentBuildError(
            f"the environment could not be built: {self._masked(message)}{shown}",
            location=location,
            hint=whole if hint is None else f"{self._masked(hint)}; {whole}",
        )

    def _shown_lines(self) -> list[str]:
        """Return the end of the log, and before it what says which package it is about."""
        errors = [line for line in self._errors if line not in self._tail]
        return [*errors, *(["..."] if errors else []), *self._tail]

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
        if line.lstrip().startswith(_ERROR_SIGNS) and len(self._errors) < _MOST_ERRORS:
            self._errors.append(line)
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
