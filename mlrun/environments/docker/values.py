"""The values of `docker run`'s options, as the Engine API takes them.

Each function takes the text of one value and raises ValueError, with the form that is expected,
where it is none. What is accepted is what docker's own command line accepts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_POWERS = {letter: 1024**power for power, letter in enumerate(("", *"kmgtp"))}
_TRUE = ("1", "t", "true")
_FALSE = ("0", "f", "false")
_LIMITS = frozenset(
    {
        *("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile"),
        *("nproc", "rss", "rtprio", "rttime", "sigpending", "stack"),
    }
)


def text(value: str) -> str:
    """Return any text but an empty one."""
    if not value:
        raise ValueError("a text that is not empty")
    return value


def user(value: str) -> str:
    """Return a user, also one that is written for the shell through which `mlflow run` starts."""
    for written, number in (("$(id -u)", "getuid"), ("$UID", "getuid"), ("$(id -g)", "getgid")):
        if written in value:
            value = value.replace(written, str(getattr(os, number)()))
    return text(value)


def flag(value: str) -> bool:
    """Return the meaning of `true` or `false`."""
    lower = value.lower()
    if lower not in (*_TRUE, *_FALSE):
        raise ValueError("`true` or `false`")
    return lower in _TRUE


def integer(value: str) -> int:
    """Return a whole number."""
    try:
        return int(value)
    except ValueError:
        raise ValueError("a whole number") from None


def size(value: str) -> int:
    """Return the bytes of `8g`, `512m` or `1000000`; a unit is a power of 1024."""
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ValueError("a size such as `8g` or `512m`")
    return int(float(match[1]) * _POWERS[match[2].lower()])


def size_or_unlimited(value: str) -> int:
    """Return the bytes of a size; -1 for no limit."""
    return -1 if value == "-1" else size(value)


def cpus(value: str) -> int:
    """Return the billionths of a processor in `1.5`."""
    match = re.fullmatch(r"(\d*)\.?(\d{0,9})0*", value)
    if match is None or not (match[1] or match[2]):
        raise ValueError("a number of processors such as `2` or `1.5`")
    return int(match[1] or 0) * 10**9 + int(match[2].ljust(9, "0"))


def ulimit(value: str) -> dict[str, Any]:
    """Return the limits of `nofile=1024:2048`; a single one is both soft and hard."""
    form = "`NAME=SOFT[:HARD]` such as `nofile=1024:2048`"
    name, sign, limits = value.partition("=")
    soft, colon, hard = limits.partition(":")
    numbers = [n for n in ((soft, hard) if colon else (soft, soft)) if re.fullmatch(r"-1|\d+", n)]
    if not sign or name not in _LIMITS or len(numbers) != 2:
        raise ValueError(form)
    low, high = int(numbers[0]), int(numbers[1])
    if high != -1 and (low == -1 or low > high):
        raise ValueError(f"{form}, with a soft limit that is not above the hard one")
    return {"Name": name, "Soft": low, "Hard": high}


def gpus(value: str) -> list[dict[str, Any]]:
    """Return the request for GPUs: `all`, a count, or `device=0,1`, `driver=..`, `options=..`.

    Docker wants quotes around a list of devices, `"device=0,1"`, as its own value is a list with
    commas; without them the numbers after the first one can only mean devices, too. In
    `mlflow run` a shell takes away further quotes around these.
    """
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = value[1:-1]
    request: dict[str, Any] = {"Driver": "", "Options": {}, "Capabilities": [["gpu"]]}
    for key, given in _gpu_fields(value):
        if key == "count":
            request["Count"] = -1 if given == "all" else integer_of_gpus(given)
        elif key == "device":
            request["DeviceIDs"] = [*request.get("DeviceIDs", ()), *given.split(",")]
        elif key == "driver":
            request["Driver"] = given
        elif key == "capabilities":
            request["Capabilities"] = [[*given.split(","), "gpu"]]
        elif key == "options":
            request["Options"] = dict(map(pair, given.split(",")))
        else:
            raise ValueError(_GPUS)
    if not value or ("Count" in request and "DeviceIDs" in request):
        raise ValueError(_GPUS)
    if "Count" not in request and "DeviceIDs" not in request:
        request["Count"] = 1
    return [{"Count": 0, "DeviceIDs": None, **request}]


_GPUS = "`all`, a number of GPUs, or `device=0,1`"


def integer_of_gpus(value: str) -> int:
    """Return a number of GPUs."""
    if not value.isascii() or not value.isdigit():
        raise ValueError(_GPUS)
    return int(value)


def _gpu_fields(value: str) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for field in comma_fields(value.replace("'", '"')):
        key, sign, given = field.partition("=")
        if sign:
            fields.append((key, given))
        elif fields and fields[-1][0] == "device":
            fields.append(("device", field))
        else:
            fields.append(("count", field))
    return fields


def comma_fields(value: str) -> list[str]:
    """Return what stands between commas; quotes keep commas together, as in a CSV file."""
    parts = re.findall(r'"((?:[^"]|"")*)"(?:,|$)|([^,]*)(?:,|$)', value)
    fields = [quoted.replace('""', '"') if quoted else plain for quoted, plain in parts]
    return fields[:-1] if not value.endswith(",") else fields


def pair(value: str) -> tuple[str, str]:
    """Return name and value of `NAME=VALUE`; the value may be empty."""
    name, _, given = value.partition("=")
    if not name:
        raise ValueError("`NAME=VALUE`")
    return name, given


def device(value: str) -> dict[str, str]:
    """Return the device of `/dev/HOST[:/dev/CONTAINER][:rwm]`."""
    parts = value.split(":")
    permissions = "rwm"
    if len(parts) > 1 and _is_device_mode(parts[-1]):
        permissions = parts.pop()
    if len(parts) > 2 or not all(part.startswith("/") for part in parts):
        raise ValueError("`/dev/HOST[:/dev/CONTAINER][:rwm]`")
    return {
        "PathOnHost": parts[0],
        "PathInContainer": parts[-1],
        "CgroupPermissions": permissions,
    }


def _is_device_mode(value: str) -> bool:
    return 0 < len(value) == len(set(value)) and set(value) <= set("rwm")


def extra_host(value: str) -> str:
    """Return `NAME:ADDRESS`; `NAME=ADDRESS` is the same."""
    match = re.fullmatch(r"([^:=\s]+)[:=](\S+)", value)
    if match is None:
        raise ValueError("`NAME:ADDRESS` such as `db:10.0.0.5`")
    address = match[2]
    return f"{match[1]}:{address[1:-1] if address[:1] + address[-1:] == '[]' else address}"


def absolute(value: str) -> str:
    """Return an absolute path in a container."""
    if not value.startswith("/"):
        raise ValueError("an absolute path in the container")
    return value


def capability(value: str) -> str:
    """Return a right of root's as the kernel names it: `CAP_SYS_PTRACE`."""
    name = text(value).upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def tmpfs(value: str) -> tuple[str, str]:
    """Return place and options of `/PATH[:OPTIONS]`."""
    place, _, options = value.partition(":")
    return absolute(place), options


def one_of(*known: str) -> Callable[[str], str]:
    """Return a function that takes these values only."""

    def taken(value: str) -> str:
        if value not in known:
            raise ValueError(" or ".join(f"`{name}`" for name in known if name))
        return value

    return taken


def security(value: str) -> str:
    """Return a security option; a seccomp profile is read from its file."""
    name, sign, given = value.partition("=")
    if name != "seccomp" or not sign or given in ("unconfined", "builtin"):
        return text(value)
    try:
        with open(os.path.expanduser(given), encoding="utf-8") as file:  # noqa: PTH111
            return f"seccomp={file.read()}"
    except (OSError, ValueError):
        raise ValueError("`seccomp=FILE`, with a file that can be read") from None


def ports(value: str) -> list[tuple[str, dict[str, str]]]:
    """Return ports of the container, each with its place on the machine, of `[[IP:]HOST:]PORT`.

    Both sides may be ranges of the same length; `/udp` may follow.
    """
    form = "`[[ADDRESS:]PORT:]PORT[/tcp|udp]` such as `8080:80`"
    match = re.fullmatch(
        r"(?:(?:(\[[^\]]*\]|[^:]*):)?([\d-]*):)?([\d-]+)(?:/(tcp|udp|sctp))?", value
    )
    if match is None:
        raise ValueError(form)
    address, outside, inside = (match[1] or "").strip("[]"), match[2] or "", _range(match[3], form)
    places = [str(n) for n in _range(outside, form)] if outside else [""] * len(inside)
    if len(inside) == 1 and len(places) > 1:
        places = [outside]
    if len(places) != len(inside):
        raise ValueError(form)
    kind = match[4] or "tcp"
    return [
        (f"{port}/{kind}", {"HostIp": address, "HostPort": place})
        for port, place in zip(inside, places, strict=True)
    ]


def exposed(value: str) -> list[str]:
    """Return the ports of `PORT[-PORT][/tcp|udp]`."""
    form = "`PORT[-PORT][/tcp|udp]`"
    numbers, slash, kind = value.partition("/")
    if slash and kind not in ("tcp", "udp", "sctp"):
        raise ValueError(form)
    return [f"{port}/{kind or 'tcp'}" for port in _range(numbers, form)]


def _range(value: str, form: str) -> list[int]:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", value)
    if match is None:
        raise ValueError(form)
    first, last = int(match[1]), int(match[2] or match[1])
    if not 0 < first <= last < 65536:
        raise ValueError(form)
    return list(range(first, last + 1))


_MOUNT = "`type=bind|volume|tmpfs,source=...,target=/...[,readonly]`"
_MOUNT_KEYS = {
    "type": "Type",
    "source": "Source",
    "src": "Source",
    "target": "Target",
    "dst": "Target",
    "destination": "Target",
    "consistency": "Consistency",
}


def mount(value: str) -> dict[str, Any]:
    """Return the mount of `type=bind,source=/here,target=/there`, docker's long form."""
    found: dict[str, Any] = {"Type": "volume"}
    for field in comma_fields(value):
        key, sign, given = field.partition("=")
        if key in _MOUNT_KEYS and given:
            found[_MOUNT_KEYS[key]] = given
        elif key in ("readonly", "ro"):
            found["ReadOnly"] = flag(given) if sign else True
        elif key == "bind-propagation":
            found["BindOptions"] = {"Propagation": given}
        elif key == "volume-nocopy":
            found["VolumeOptions"] = {"NoCopy": flag(given) if sign else True}
        elif key == "tmpfs-size":
            found.setdefault("TmpfsOptions", {})["SizeBytes"] = size(given)
        elif key == "tmpfs-mode" and re.fullmatch("[0-7]{1,4}", given):
            found.setdefault("TmpfsOptions", {})["Mode"] = int(given, 8)
        else:
            raise ValueError(_MOUNT)
    return _complete_mount(found)


def _complete_mount(found: dict[str, Any]) -> dict[str, Any]:
    if found["Type"] not in ("bind", "volume", "tmpfs") or not str(found.get("Target")).startswith(
        "/"
    ):
        raise ValueError(_MOUNT)
    if found["Type"] == "bind":
        if "Source" not in found:
            raise ValueError(_MOUNT)
        found["Source"] = os.path.abspath(os.path.expanduser(found["Source"]))  # noqa: PTH111
    return found
