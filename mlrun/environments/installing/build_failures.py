"""What an installer's last words mean for somebody who has never seen them.

Installers of several kinds and ages are read (uv, pip, conda, git), so the marks are those that the
system's own messages and the HTTP libraries have in common.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlrun.execution.redact import mask_url

_UNREACHABLE = (
    *("dns error", "failed to lookup address", "name resolution", "name or service not known"),
    *("nodename nor servname", "getaddrinfo failed", "could not resolve host"),
    *("network is unreachable", "no route to host", "connection refused", "tcp connect error"),
    *("tunnel error", "cannot connect to proxy", "proxyerror", "newconnectionerror"),
    *("failed to establish a new connection", "connecttimeout", "connection timed out"),
    *("operation timed out", "read timed out", "network timeout"),
)
_FULL = ("no space left on device", "os error 28", "disk quota exceeded", "disk full")
_NOT_EDITABLE = ("has no attribute 'build_editable'",)
_OFFLINE = ("network was disabled", "network connectivity is disabled")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")

_ADDRESS = re.compile(r"https?://(?:[^\s/@]*@)?([\w.-]+(?::\d+)?)")
_HOST = re.compile(r"host='([\w.-]+)'")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a program failed, as far as its output says.

    Attributes:
        what: In words, to follow the program's name.
        hint: What to do.
        is_unreachable: Whether the network is in the way: then trying again takes time only.
    """

    what: str
    hint: str | None = None
    is_unreachable: bool = False


def cause_of(code: int, lines: Iterable[str], environ: Mapping[str, str]) -> Cause:
    """Return why a program failed.

    Args:
        code: Its exit code; negative for a signal.
        lines: What it printed last.
        environ: The user's environment variables.
    """
    if code < 0:
        return _killed(-code)
    lines = list(lines)
    if _first(lines, _FULL) is not None:
        return Cause(
            "found no space left on a disk",
            "make room (`mlrun env prune`, `uv cache prune`); MLRUN_CACHE_DIR moves the"
            " environments, UV_CACHE_DIR uv's cache, TMPDIR the place where packages are built",
        )
    if _first(lines, _OFFLINE) is not None:
        return Cause("needs the network, which it may not use", "leave out --offline for once")
    if _first(lines, _NOT_EDITABLE) is not None:
        return Cause(
            "failed: the project's build tools cannot bind a folder (setuptools can from 64 on)",
            "use --env-manager virtualenv; or, where a newer one works, ask for it in"
            " pyproject.toml (`build-system.requires`)",
        )
    if _first(lines, _UNREACHABLE) is not None:
        return _unreachable(lines, environ)
    return Cause(f"failed with exit code {code}")


def patience(environ: Mapping[str, str], *, is_known_unreachable: bool) -> dict[str, str]:
    """Return variables that let installers give an unreachable network up within seconds.

    What the user says is left as it is.

    Args:
        environ: The variables that the program gets.
        is_known_unreachable: Whether a program of the same build has found no network.
    """
    retries = "0" if is_known_unreachable else "2"
    wanted = {
        "UV_HTTP_RETRIES": retries,
        "UV_HTTP_CONNECT_TIMEOUT": "5",
        "PIP_RETRIES": retries,
    }
    return {name: value for name, value in wanted.items() if name not in environ}


def _killed(number: int) -> Cause:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if name == "SIGKILL":
        return Cause(
            "was killed (SIGKILL)",
            "if nobody did that, the machine or its container has too little memory: building"
            " a package may take more than using it",
        )
    return Cause(f"was ended by {name}")


def _unreachable(lines: list[str], environ: Mapping[str, str]) -> Cause:
    hosts = [m[1] for line in lines for m in (_ADDRESS.search(line), _HOST.search(line)) if m]
    where = hosts[-1] if hosts else "the network"
    proxy = next((name for name in _PROXIES if environ.get(name)), None)
    checked = f", and the proxy {mask_url(environ[proxy])} ({proxy})" if proxy else ""
    return Cause(
        f"could not reach {where}",
        f"check the network{checked}; once it is built, the environment needs none",
        is_unreachable=True,
    )


def _first(lines: Iterable[str], marks: tuple[str, ...]) -> str | None:
    return next((line for line in lines if any(mark in line.lower() for mark in marks)), None)
