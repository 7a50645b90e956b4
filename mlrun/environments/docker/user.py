"""Who a container's command is: the user who runs mlrun, so that files belong to that user."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from mlrun.execution.user import user_name

HOME = "/tmp"  # noqa: S108 - in the container
"""A user whom the image does not know has no home in it. This folder anyone may write to; it is
on the container's own disk, as large as that, and gone with it."""


def user_body(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a container's body that say who its command is.

    In a rootless engine root inside is the user outside; elsewhere it is the user's number.
    An engine that gives numbers of its own to the users inside (`userns-remap`) does not do that
    here, as the files of the project would be nobody's there.

    Args:
        info: The engine's `GET /info`.
    """
    if sys.platform == "win32" or is_rootless(info):
        return {"User": "0:0"}
    body: dict[str, Any] = {"User": f"{os.getuid()}:{os.getgid()}"}
    host: dict[str, Any] = {}
    groups = sorted(set(os.getgroups()) - {os.getgid()})
    if groups and os.getuid() != 0:
        host["GroupAdd"] = [str(group) for group in groups]
    if _has(info, "userns"):
        host["UsernsMode"] = "host"
    return {**body, "HostConfig": host} if host else body


def user_variables(user: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which a user without an entry in the image is known.

    Args:
        user: As `user_body` has it.
        environ: The user's variables.
    """
    if user.startswith("0:"):
        return {}
    name = user_name(environ)
    return {"HOME": HOME, "USER": name, "LOGNAME": name}


def is_rootless(info: Mapping[str, Any]) -> bool:
    """Return whether the engine runs without root's rights, as the user."""
    return info.get("Rootless") is True or _has(info, "rootless")


def _has(info: Mapping[str, Any], name: str) -> bool:
    options = info.get("SecurityOptions") or ()
    return any(str(option).split(",")[0] == f"name={name}" for option in options)
