"""What the engine is asked to make of a container (the body of `POST /containers/create`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlrun.execution.container.container import WORK_FOLDER, ContainerCommand, Mount
from mlrun.execution.container.first_process import with_first_process
from mlrun.execution.container.trace import LAUNCH_LABEL
from mlrun.execution.leftovers import MARK_VARIABLE

RUN_LABEL = "mlrun.run"
"""Holds the run's id."""

_ATTENDED = ("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr")


def bodies(command: ContainerCommand, run_id: str, launch: str) -> tuple[bytes, bytes | None]:
    """Return the body, and another one for an image that has no shell.

    The first lets mlrun's script be the first process, in place of the engine's own (`Init`), which
    does less; None is returned in place of the second where the first does without the script
    already. The keys that depend on the streams are left out.
    """
    host = dict(command.container.options.get("HostConfig", {}))
    entrypoint = with_first_process(command.container.entrypoint)
    if host.get("PidMode"):
        # The script signals all processes that it sees: there, those of the machine, or of
        # another container.
        entrypoint = None
    bare = list(command.container.entrypoint) or [""]
    plain = _body(command, run_id, launch, bare)
    if entrypoint is None:
        return plain, None
    host.pop("Init", None)
    options = {**command.container.options, "HostConfig": host}
    scripted = command._replace(container=command.container._replace(options=options))
    return _body(scripted, run_id, launch, list(entrypoint)), plain


def _body(command: ContainerCommand, run_id: str, launch: str, entrypoint: list[str]) -> bytes:
    container = command.container
    given = {k: v for k, v in container.options.items() if k not in _ATTENDED}
    labels = {**given.get("Labels", {}), RUN_LABEL: run_id, LAUNCH_LABEL: launch}
    variables = [f"{k}={v}" for k, v in command.environment.items() if k != MARK_VARIABLE]
    return json.dumps(
        {
            "WorkingDir": WORK_FOLDER,
            **given,
            "Image": container.image,
            "Entrypoint": entrypoint,
            "Cmd": list(command.argv),
            "Env": variables,
            "Labels": labels,
            "HostConfig": _host_config(command, given.get("HostConfig", {})),
        }
    ).encode()


def _host_config(command: ContainerCommand, given: Mapping[str, Any]) -> dict[str, Any]:
    config = {**given, "AutoRemove": False}
    plain = [mount for mount in command.mounts if ":" not in mount.source + mount.target]
    others = [mount for mount in command.mounts if mount not in plain]
    config["Binds"] = [*given.get("Binds", ()), *map(_bind, plain)]
    config["Mounts"] = [*given.get("Mounts", ()), *map(_mount, others)]
    if not command.container.keeps:
        # The output goes to the run's log; the engine would keep a second copy of all of it.
        config.setdefault("LogConfig", {"Type": "none", "Config": {}})
    return config


def _bind(mount: Mount) -> str:
    options = [",".join(mount.options)] if mount.options else []
    return ":".join([mount.source, mount.target, *options])


def _mount(mount: Mount) -> dict[str, Any]:
    """Describe a mount whose path has a colon, at which a bind would be split."""
    return {
        "Type": "bind" if "/" in mount.source else "volume",
        "Source": mount.source,
        "Target": mount.target,
        "ReadOnly": "ro" in mount.options,
    }


def memory_limit(command: ContainerCommand) -> int:
    """Return the bytes of memory that a container may use, 0 for no limit."""
    return int(command.container.options.get("HostConfig", {}).get("Memory") or 0)
