"""One `git` process: what it may see of the user's settings, and what it answered.

There are two kinds. *Local* ones look at or write what is on this machine: they see no settings
of the user's or the system's, run no hook, no filter and no monitor, so that nothing in a
repository can make them start a program. *Talking* ones speak to a server and need the user's own
settings (credentials, proxies, keys): see `server/`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_NOTHING_RUNS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "core.attributesFile=/dev/null", "-c", "submodule.recurse=false"),
    *("-c", "maintenance.auto=false", "-c", "gc.auto=0"),
)
LOOKING = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""What a process begins with that looks at a working tree of the user's as the user would."""

_OF_USER = ("GIT_EXEC_PATH", "GIT_CONFIG", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
_QUIET = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_LOCAL = {
    "HOME": os.devnull,
    "XDG_CONFIG_HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    **_QUIET,
}


class GitError(Exception):
    """A `git` process failed.

    Attributes:
        code: Its exit code, negative for a signal.
        text: What it wrote to standard error.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class GitMissingError(Exception):
    """There is no `git` on the PATH that may be started."""


def local_environ() -> dict[str, str]:
    """Return the variables of a git process that must not see the user's settings."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("GIT_") or n == "GIT_EXEC_PATH"}
    return {**kept, **_LOCAL}


def looking_environ() -> dict[str, str]:
    """Return the variables of a git process that looks at a repository of the user's.

    It sees the user's settings: which repositories of others are trusted (`safe.directory`) is
    one, and the repository's own are read anyway. It fetches nothing and takes no locks.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_OF_USER)
    }
    return {**kept, **_QUIET}


def run_git(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    standard_input: bytes = b"",
) -> bytes:
    """Run git on this machine and return what it wrote to standard output.

    Args:
        arguments: After `git`. What is mlrun's own is named (`--bare`, `--git-dir`): what git
            finds by itself it refuses where it seems to be another user's. Values of others'
            come after `--end-of-options` or `--`.
        folder: Where it runs: a working tree or a repository.
        environ: Its variables; those of `local_environ` if None.
        standard_input: What it reads.

    Raises:
        GitError: It failed.
        GitMissingError: There is no git.
    """
    answer = ask_git(*arguments, folder=folder, environ=environ, standard_input=standard_input)
    if answer.returncode != 0:
        raise GitError(answer.returncode, answer.stderr.decode("utf-8", "replace"))
    return answer.stdout


def ask_git(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    standard_input: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run git as `run_git` does, and return all of its answer, also a failure's.

    Raises:
        GitError: There is no such folder.
        GitMissingError: There is no git.
    """
    try:
        return subprocess.run(
            ("git", *_NOTHING_RUNS, *arguments),
            cwd=folder,
            env=local_environ() if environ is None else environ,
            input=standard_input,
            capture_output=True,
            check=False,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise _not_started(error, folder) from error


def read_git(*arguments: str, folder: Path, most: int) -> bytes | None:
    """Run git as `run_git` does, and return what it wrote; None if that is too much.

    Args:
        arguments: As of `run_git`.
        folder: As of `run_git`.
        most: Bytes, after which git is ended.

    Raises:
        GitError: It failed.
        GitMissingError: There is no git.
    """
    try:
        process = subprocess.Popen(
            ("git", *_NOTHING_RUNS, *arguments),
            cwd=folder,
            env=local_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise _not_started(error, folder) from error
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        answer = process.stdout.read(most + 1)
        if len(answer) > most:
            process.kill()
            return None
        text = process.stderr.read()
    if process.returncode != 0:
        raise GitError(process.returncode, text.decode("utf-8", "replace"))
    return answer


def _not_started(error: OSError, folder: Path) -> Exception:
    if not folder.is_dir():
        return GitError(128, f"there is no folder {folder}")
    return GitMissingError() if error.filename == "git" else error
