"""What `-A` asks for, as the parts of the Engine API's `POST /containers/create`.

Names and values are those of `docker run`. Reference:
https://docs.docker.com/reference/cli/docker/container/run/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlrun.environments.docker import values
from mlrun.errors import UsageError
from mlrun.execution.redact import mask_argv
from mlrun.request import DockerArgument


@dataclass(slots=True)
class DockerArguments:
    """What the options ask for.

    Attributes:
        body: The body of the request, `HostConfig` and all.
        volumes: Of `-v`, as written.
        variables: Of `-e`: names with a value, or None for that of the user's environment.
        variable_files: Of `--env-file`.
        label_files: Of `--label-file`.
        name: The container's.
        entrypoint: In place of the image's; empty for none at all.
        keeps: Whether the container stays after its end.
        platform: Of the image, where one is asked for.
        pull: `always`, `missing` or `never`.
    """

    body: dict[str, Any] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    variables: list[tuple[str, str | None]] = field(default_factory=list)
    variable_files: list[str] = field(default_factory=list)
    label_files: list[str] = field(default_factory=list)
    name: str | None = None
    entrypoint: tuple[str, ...] | None = None
    keeps: bool = False
    platform: str | None = None
    pull: str = "missing"

    @property
    def host(self) -> dict[str, Any]:
        """The part of the body that belongs to the machine."""
        host: dict[str, Any] = self.body.setdefault("HostConfig", {})
        return host

    @property
    def network(self) -> str | None:
        """The network that is asked for."""
        named: str | None = self.body.get("HostConfig", {}).get("NetworkMode")
        return named


def without_secrets(given: Mapping[str, DockerArgument]) -> dict[str, DockerArgument]:
    """Return the user's options as they may be recorded.

    Of variables only the names are left; what else has a secret's name (`-A
    log-opt=splunk-token=...`), or an address with a login, is masked.
    """
    return {word: _without_secrets(word, value) for word, value in given.items()}


def _without_secrets(word: str, value: DockerArgument) -> DockerArgument:
    if isinstance(value, bool):
        return value
    if word.lstrip("-") in ("e", "env"):
        names = tuple(text.partition("=")[0] for text in _all(value))
        return names if isinstance(value, tuple) else names[0]
    shown = mask_argv(_all(value))
    return shown if isinstance(value, tuple) else shown[0]


def _all(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


Put = Callable[[DockerArguments, Any], None]


class _Option(NamedTuple):
    """How one option is read, and where its value goes.

    Attributes:
        read: Takes the text and returns the value, or raises ValueError with the form.
        put: Takes the value.
        is_flag: Whether it may stand without a value.
        repeats: Whether it may stand several times.
    """

    read: Callable[[str], Any]
    put: Put
    is_flag: bool = False
    repeats: bool = False


def parse_arguments(given: Mapping[str, DockerArgument]) -> DockerArguments:
    """Return what the user's options ask for.

    Args:
        given: By name, with or without its dashes; True for an option without a value.

    Raises:
        UsageError: There is no such option, or it does not take that value.
    """
    found = DockerArguments()
    for word, value in given.items():
        for name in _names(word):
            option = _option(name, word)
            for text in _texts(option, word, value):
                option.put(found, _read(option, word, text))
    _connect(found)
    return found


def _names(word: str) -> Iterator[str]:
    name = word.lstrip("-")
    if name in ("it", "ti"):
        yield from name
    else:
        yield _SHORT.get(name, name)


def _option(name: str, word: str) -> _Option:
    option = _OPTIONS.get(_SHORT.get(name, name))
    if option is not None:
        return option
    if name in _REFUSED:
        raise UsageError(f"-A {word} cannot be used here: {_REFUSED[name]}")
    from mlrun.near_miss import near_miss

    meant = near_miss(name, _OPTIONS)
    known = f"the most used are: {', '.join(_MOST_USED)}; docs/docker.md has all of them"
    raise UsageError(
        f"-A {word} is no option of `docker run` that mlrun knows",
        hint=f"did you mean {meant!r}? {known}" if meant else known,
    )


def _texts(option: _Option, word: str, value: DockerArgument) -> tuple[str, ...]:
    if isinstance(value, tuple):
        if len(value) > 1 and not option.repeats:
            raise UsageError(f"-A {word} is given {len(value)} times, and takes one value")
        return value
    if isinstance(value, str):
        return (value,)
    if option.is_flag:
        return ("true" if value else "false",)
    raise UsageError(f"-A {word} needs a value", hint=f"write -A {word}=VALUE")


def _read(option: _Option, word: str, text: str) -> Any:
    try:
        return option.read(text)
    except ValueError as error:
        # Values of variables may be secret; those of other options are what is to be corrected.
        shown = text.partition("=")[0] if option is _OPTIONS["env"] else text
        raise UsageError(f"-A {word} takes {error}, not {shown!r}") from None


def _connect(found: DockerArguments) -> None:
    """Put names and addresses in a network to the network that they are for."""
    endpoint = found.body.pop("_endpoint", None)
    network = found.network
    if endpoint is None:
        return
    if network in (None, "bridge", "default", "host", "none") or ":" in str(network):
        raise UsageError(
            "-A network-alias, ip and ip6 need a network of the user's own",
            hint="make one by `docker network create NAME`, and add -A network=NAME",
        )
    found.body["NetworkingConfig"] = {"EndpointsConfig": {network: endpoint}}


def _at(*path: str) -> Put:
    """Return what sets a value at a place of the body."""

    def put(found: DockerArguments, value: Any) -> None:
        place = found.body
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value

    return put


def _into(*path: str) -> Put:
    """Return what adds a value to a list, or a pair to a mapping, at a place of the body."""

    def put(found: DockerArguments, value: Any) -> None:
        place = found.body
        for name in path[:-1]:
            place = place.setdefault(name, {})
        if isinstance(value, tuple):
            place.setdefault(path[-1], {})[value[0]] = value[1]
        else:
            place.setdefault(path[-1], []).append(value)

    return put


def _host(read: Callable[[str], Any], name: str) -> _Option:
    return _Option(read, _at("HostConfig", name))


def _host_list(read: Callable[[str], Any], name: str) -> _Option:
    return _Option(read, _into("HostConfig", name), repeats=True)


def _host_flag(name: str) -> _Option:
    return _Option(values.flag, _at("HostConfig", name), is_flag=True)


def _attribute(read: Callable[[str], Any], name: str) -> _Option:
    return _Option(read, lambda found, value: setattr(found, name, value))


def _gather(read: Callable[[str], Any], name: str) -> _Option:
    return _Option(read, lambda found, value: getattr(found, name).append(value), repeats=True)


def _publish(found: DockerArguments, bound: list[tuple[str, dict[str, str]]]) -> None:
    for port, place in bound:
        found.body.setdefault("ExposedPorts", {})[port] = {}
        found.host.setdefault("PortBindings", {}).setdefault(port, []).append(place)


def _expose(found: DockerArguments, ports: list[str]) -> None:
    found.body.setdefault("ExposedPorts", {}).update({port: {} for port in ports})


def _secure(found: DockerArguments, value: str) -> None:
    if value in ("systempaths=unconfined", "systempaths:unconfined"):
        found.host.update(MaskedPaths=[], ReadonlyPaths=[])
    else:
        found.host.setdefault("SecurityOpt", []).append(value)


def _variable(value: str) -> tuple[str, str | None]:
    name, sign, given = value.partition("=")
    if not name:
        raise ValueError("`NAME=VALUE`, or `NAME` to copy it")
    return name, given if sign else None


def _network(found: DockerArguments, value: str) -> None:
    """Docker's long form names more than the network: `name=NET,alias=db,ip=10.0.0.5`."""
    if "=" not in value:
        found.host["NetworkMode"] = value
        return
    for key, given in map(values.pair, values.comma_fields(value)):
        if key not in ("name", "alias", "ip", "ip6"):
            raise UsageError(f"-A network={value} has {key!r}; it takes name, alias, ip and ip6")
        _OPTIONS["network" if key == "name" else _OF_NETWORK[key]].put(found, given)


_OF_NETWORK = {"alias": "network-alias", "ip": "ip", "ip6": "ip6"}


def _ignored(found: DockerArguments, value: Any) -> None:
    """Take an option that has no meaning where mlrun makes the container."""


_OPTIONS: dict[str, _Option] = {
    # What a person asks for most.
    "gpus": _host(values.gpus, "DeviceRequests"),
    "shm-size": _host(values.size, "ShmSize"),
    "network": _Option(values.text, _network),
    "ipc": _host(str, "IpcMode"),
    "user": _Option(values.user, _at("User")),
    "memory": _host(values.size, "Memory"),
    "cpus": _host(values.cpus, "NanoCpus"),
    "volume": _gather(values.text, "volumes"),
    "mount": _host_list(values.mount, "Mounts"),
    "env": _gather(_variable, "variables"),
    "env-file": _gather(values.text, "variable_files"),
    "add-host": _host_list(values.extra_host, "ExtraHosts"),
    "ulimit": _host_list(values.ulimit, "Ulimits"),
    "runtime": _host(values.text, "Runtime"),
    "name": _attribute(values.text, "name"),
    "rm": _Option(values.flag, lambda f, v: setattr(f, "keeps", not v), is_flag=True),
    "tty": _Option(values.flag, _at("Tty"), is_flag=True),
    "interactive": _Option(values.flag, _at("OpenStdin"), is_flag=True),
    "entrypoint": _attribute(lambda text: (text,) if text else (), "entrypoint"),
    "workdir": _Option(values.absolute, _at("WorkingDir")),
    "platform": _attribute(values.text, "platform"),
    "pull": _attribute(values.one_of("always", "missing", "never"), "pull"),
    # Rights.
    "privileged": _host_flag("Privileged"),
    "cap-add": _host_list(values.capability, "CapAdd"),
    "cap-drop": _host_list(values.capability, "CapDrop"),
    "security-opt": _Option(values.security, _secure, repeats=True),
    "group-add": _host_list(values.text, "GroupAdd"),
    "device": _host_list(values.device, "Devices"),
    "device-cgroup-rule": _host_list(values.text, "DeviceCgroupRules"),
    "read-only": _host_flag("ReadonlyRootfs"),
    "userns": _host(str, "UsernsMode"),
    # Names and networks.
    "hostname": _Option(values.text, _at("Hostname")),
    "domainname": _Option(values.text, _at("Domainname")),
    "mac-address": _Option(values.text, _at("MacAddress")),
    "network-alias": _Option(values.text, _into("_endpoint", "Aliases"), repeats=True),
    "ip": _Option(values.text, _at("_endpoint", "IPAMConfig", "IPv4Address")),
    "ip6": _Option(values.text, _at("_endpoint", "IPAMConfig", "IPv6Address")),
    "dns": _host_list(values.text, "Dns"),
    "dns-option": _host_list(values.text, "DnsOptions"),
    "dns-search": _host_list(values.text, "DnsSearch"),
    "link": _host_list(values.text, "Links"),
    "publish": _Option(values.ports, _publish, repeats=True),
    "publish-all": _host_flag("PublishAllPorts"),
    "expose": _Option(values.exposed, _expose, repeats=True),
    # Namespaces and limits.
    "pid": _host(str, "PidMode"),
    "uts": _host(str, "UTSMode"),
    "cgroupns": _host(values.one_of("host", "private", ""), "CgroupnsMode"),
    "cgroup-parent": _host(values.text, "CgroupParent"),
    "memory-reservation": _host(values.size, "MemoryReservation"),
    "memory-swap": _host(values.size_or_unlimited, "MemorySwap"),
    "memory-swappiness": _host(values.integer, "MemorySwappiness"),
    "kernel-memory": _host(values.size, "KernelMemory"),
    "oom-kill-disable": _host_flag("OomKillDisable"),
    "oom-score-adj": _host(values.integer, "OomScoreAdj"),
    "pids-limit": _host(values.integer, "PidsLimit"),
    "cpu-shares": _host(values.integer, "CpuShares"),
    "cpu-period": _host(values.integer, "CpuPeriod"),
    "cpu-quota": _host(values.integer, "CpuQuota"),
    "cpuset-cpus": _host(values.text, "CpusetCpus"),
    "cpuset-mems": _host(values.text, "CpusetMems"),
    "blkio-weight": _host(values.integer, "BlkioWeight"),
    "sysctl": _host_list(values.pair, "Sysctls"),
    "tmpfs": _host_list(values.tmpfs, "Tmpfs"),
    "storage-opt": _host_list(values.pair, "StorageOpt"),
    "volumes-from": _host_list(values.text, "VolumesFrom"),
    "volume-driver": _host(values.text, "VolumeDriver"),
    # What is said about it.
    "label": _Option(values.pair, _into("Labels"), repeats=True),
    "label-file": _gather(values.text, "label_files"),
    "log-driver": _Option(values.text, _at("HostConfig", "LogConfig", "Type")),
    "log-opt": _Option(values.pair, _into("HostConfig", "LogConfig", "Config"), repeats=True),
    "init": _host_flag("Init"),
    "no-healthcheck": _Option(
        values.flag,
        lambda f, v: f.body.update({"Healthcheck": {"Test": ["NONE"]}} if v else {}),
        is_flag=True,
    ),
    "stop-signal": _Option(values.text, _at("StopSignal")),
    "stop-timeout": _Option(values.integer, _at("StopTimeout")),
    "quiet": _Option(values.flag, _ignored, is_flag=True),
    "disable-content-trust": _Option(values.flag, _ignored, is_flag=True),
}

_SHORT = {
    "v": "volume",
    "e": "env",
    "t": "tty",
    "i": "interactive",
    "u": "user",
    "m": "memory",
    "w": "workdir",
    "h": "hostname",
    "l": "label",
    "p": "publish",
    "P": "publish-all",
    "c": "cpu-shares",
    "q": "quiet",
    "net": "network",
    "net-alias": "network-alias",
}

_ATTACHED = "mlrun itself attaches to the container"
_REFUSED = {
    **dict.fromkeys(("a", "attach", "sig-proxy", "detach-keys"), _ATTACHED),
    **dict.fromkeys(("d", "detach"), "mlrun waits for the command's end"),
    "restart": "a run is one execution of its command",
    "cidfile": "mlrun names the container; `-A name=NAME` chooses its name",
    "help": "docs/docker.md lists the options",
}

NAMES = tuple(sorted(_OPTIONS))
"""The long names of the options that are known."""

_MOST_USED = (*tuple(_OPTIONS)[: tuple(_OPTIONS).index("platform")], "v", "e", "t")
"""Those of the first group, and the short names that people know best."""
