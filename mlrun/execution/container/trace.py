"""What is left of a container whose mlrun or attendant was killed, and its removal.

Before a container is asked for, a file says so: the trace. It goes when the container has gone.
mlrun and the attendant hold a lock on it, which ends with them, whatever ends them.
The guardian runs this too: nothing heavy is imported before there is something to do.
"""

from __future__ import annotations

import os
import time

from mlrun.execution.container.engine import TIMEOUT, Engine, EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TLS_VARIABLES = ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "HOME")
"""What the engine's connection depends on, besides its address."""

LATE = 2.0
"""Seconds in which a container can still appear whose making was cut off."""

LAUNCH_LABEL = "mlrun.launch"
"""Holds what no other launch has: containers with it are this launch's and nobody else's."""

KINDS = ("in", "out")
"""What the files in the run's folder are called that mlrun and the attendant write."""

_LOOK_AGAIN = 0.2
_GONE_OR_GOING = (404, 409)


def leave(
    path: str,
    engine: str,
    label: str,
    environ: Mapping[str, str],
    *,
    keeps: bool,
    folder: str = "",
) -> None:
    """Write a trace.

    Args:
        path: Of the file.
        engine: The engine's address.
        label: `NAME=VALUE` that the container has, and no other.
        environ: Where `TLS_VARIABLES` are.
        keeps: Whether the container stays after its end.
        folder: The run's, with files of the trace's own name, one of which holds secrets.

    Raises:
        OSError: It cannot be written.
    """
    tls = {name: environ[name] for name in TLS_VARIABLES if name in environ}
    import json

    document = {
        "engine": engine,
        "label": label,
        "environ": tls,
        "keeps": keeps,
        "host": os.uname().nodename,
        "folder": folder,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)


def clear(path: str, *, patience: float = 0.0) -> bool:
    """End what a trace leads to, and remove the trace.

    Args:
        path: Of the trace.
        patience: Seconds in which a container may still appear.

    Returns:
        Whether nothing is left; the trace stays where the engine did not answer, and where it
        is another machine's.
    """
    import json

    try:
        with open(path, encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        engine = Engine(found["engine"], found["environ"])
        label, keeps = _label_of(found), bool(found["keeps"])
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        forget(path)
        return True
    if found.get("host") != os.uname().nodename:
        return True
    _forget_beside(path, str(found.get("folder")))
    try:
        _end_all(engine, label, time.monotonic() + patience, keeps=keeps)
    except EngineError:
        return False
    forget(path)
    return True


def _forget_beside(path: str, folder: str) -> None:
    """Remove what mlrun and the attendant wrote for each other, where nobody took it."""
    name = os.path.basename(path).rpartition(".")[0]  # noqa: PTH119 - no pathlib in the guardian
    for kind in KINDS:
        forget(f"{folder}/{name}.{kind}")


def _label_of(found: Mapping[str, Any]) -> str:
    """Return the label that a trace names.

    Raises:
        ValueError: It could mean containers of others.
    """
    name, _, value = str(found["label"]).partition("=")
    if name != LAUNCH_LABEL or not value:
        raise ValueError(name)
    return f"{name}={value}"


def forget(path: str) -> None:
    """Remove a trace, or another file that may be gone already."""
    try:
        os.unlink(path)  # noqa: PTH108 - no pathlib in the guardian
    except OSError:
        return  # it is gone, or so is its folder


def _end_all(engine: Engine, label: str, end: float, *, keeps: bool) -> None:
    query = {"all": True, "filters": {"label": [label]}}
    while True:
        found = engine.call("GET", "/containers/json", query=query, timeout=TIMEOUT) or []
        for container in found:
            end_container(engine, container["Id"], container.get("State", ""), keeps=keeps)
        if found or time.monotonic() >= end:
            return
        time.sleep(_LOOK_AGAIN)


def end_container(engine: Engine, container: str, state: str, *, keeps: bool) -> bool:
    """Kill a container, and remove it unless it is kept.

    Returns:
        Whether there was something to do: False where it has gone, or others remove it.

    Raises:
        EngineError: The engine did not answer.
    """
    path = f"/containers/{container}"
    if state == "paused":  # a signal would wait until it goes on
        _do(engine, "POST", f"{path}/unpause")
    if not keeps:
        return _do(engine, "DELETE", path, {"force": True, "v": True})
    if state not in ("exited", "dead"):
        return _do(engine, "POST", f"{path}/kill", {"signal": "SIGKILL"})
    return True


def _do(engine: Engine, method: str, path: str, query: Mapping[str, Any] | None = None) -> bool:
    try:
        engine.call(method, path, query=query, timeout=TIMEOUT)
    except EngineError as error:
        if error.status not in _GONE_OR_GOING:
            raise
        return False
    return True
