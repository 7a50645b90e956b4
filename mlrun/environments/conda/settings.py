"""The user's settings for conda, as far as they matter here; they are read and never written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.environments.conda.condarc import Value, read_condarc
from mlrun.environments.conda.tokens import read_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.environments.conda.channels import ChannelUrl

_ALIAS = "https://conda.anaconda.org"
_DEFAULT_CHANNELS = (
    "https://repo.anaconda.com/pkgs/main",
    "https://repo.anaconda.com/pkgs/r",
)
_CUSTOM_CHANNELS = {"pkgs/pro": "https://repo.anaconda.com"}
_TRUE = ("true", "yes", "on", "1", "y")
_FALSE = ("false", "no", "off", "0", "n", "none", "")
_OVERRIDE = "CONDA_OVERRIDE_"
_LOGIN = re.compile(r"(?<=://)[^/?#]*@|/t/[^/?#]*(?=/|$)|\?.*$")


@dataclass(frozen=True, slots=True, repr=False)
class CondaSettings:
    """What the user told conda, or conda's own value where nothing is said.

    Addresses are as written: they may hold credentials, and are masked before they are shown.

    Attributes:
        channels: Used after those that an environment file names.
        default_channels: What `defaults` stands for.
        channel_alias: What is put before a channel's plain name.
        custom_channels: Name of a channel to the address of the folder that holds it.
        custom_multichannels: Name to the channels that it stands for.
        mirrored_channels: Name of a channel to the addresses of its copies, the best one first.
        allowlist_channels: The only channels that may be used; empty for any.
        denylist_channels: Channels that may not be used.
        channel_priority: `strict`, `flexible` (conda's own value) or `disabled`.
        ssl_verify: Whether certificates are checked; a path: against these.
        proxy_servers: Scheme (`https`), or scheme and host, to a proxy's address.
        connect_timeout: Seconds to wait for a connection.
        max_retries: How often a transfer is tried again.
        offline: Whether no network may be used.
        add_pip: Whether Python brings pip with it.
        pinned_packages: Conditions on packages, as in an environment file.
        subdir: The platform to take packages of (`linux-64`), None for this machine's.
        tokens: Address of a server to the token for its channels.
        overrides: Virtual packages (`cuda`, `glibc`) to the version to believe; empty: absent.
    """

    channels: tuple[str, ...] = ("defaults",)
    default_channels: tuple[str, ...] = _DEFAULT_CHANNELS
    channel_alias: str = _ALIAS
    custom_channels: Mapping[str, str] = field(default_factory=lambda: dict(_CUSTOM_CHANNELS))
    custom_multichannels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mirrored_channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allowlist_channels: tuple[str, ...] = ()
    denylist_channels: tuple[str, ...] = ()
    channel_priority: str = "flexible"
    ssl_verify: bool | Path = True
    proxy_servers: Mapping[str, str] = field(default_factory=dict)
    connect_timeout: float = 9.15
    max_retries: int = 3
    offline: bool = False
    add_pip: bool = True
    pinned_packages: tuple[str, ...] = ()
    subdir: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


def read_conda_settings(environ: Mapping[str, str]) -> CondaSettings:
    """Read conda's files and variables.

    Raises:
        EnvironmentBuildError: One of the files cannot be read.
    """
    values = _Values(read_condarc(environ))
    own = CondaSettings()
    return CondaSettings(
        channels=values.texts("channels") or own.channels,
        default_channels=values.texts("default_channels") or own.default_channels,
        channel_alias=(values.text("channel_alias") or own.channel_alias).rstrip("/"),
        custom_channels={**own.custom_channels, **values.texts_by_name("custom_channels")},
        custom_multichannels=values.lists_by_name("custom_multichannels"),
        mirrored_channels=values.lists_by_name("mirrored_channels"),
        allowlist_channels=values.texts("allowlist_channels"),
        denylist_channels=values.texts("denylist_channels"),
        channel_priority=_priority(values.text("channel_priority")),
        ssl_verify=_verification(values.text("ssl_verify")),
        proxy_servers=values.texts_by_name("proxy_servers"),
        connect_timeout=values.number("remote_connect_timeout_secs", own.connect_timeout),
        max_retries=int(values.number("remote_max_retries", own.max_retries)),
        offline=values.is_on("offline", False),
        add_pip=values.is_on("add_pip_as_python_dependency", True),
        pinned_packages=values.texts("pinned_packages"),
        subdir=values.text("subdir"),
        tokens=read_tokens(environ) if values.is_on("add_anaconda_token", True) else {},
        overrides={
            name[len(_OVERRIDE) :].lower(): value
            for name, value in environ.items()
            if name.startswith(_OVERRIDE)
        },
    )


def choosing(settings: CondaSettings, channels: Sequence[ChannelUrl]) -> list[str]:
    """Return all that decides which packages are chosen, without logins, for a key.

    Proxies, certificates and time limits do not belong to it: they decide whether packages can
    be had, not which. A mirror holds what the original holds.

    Args:
        settings: The user's.
        channels: Those that the environment is made from, in their order.
    """
    chosen = [f"channel={without_login(c.url)} {c.platform or ''}".rstrip() for c in channels]
    chosen.append(f"priority={settings.channel_priority}")
    chosen += [f"pinned={text}" for text in sorted(settings.pinned_packages)]
    chosen += [f"override {name}={value}" for name, value in sorted(settings.overrides.items())]
    chosen += [f"subdir={settings.subdir}"] if settings.subdir else []
    chosen += [] if settings.add_pip else ["no pip"]
    return chosen


def without_login(address: str) -> str:
    """Return a channel's address without user name, password, token and query."""
    return _LOGIN.sub("", address)


class _Values:
    """Values by name, in the form that is wanted; one of another form counts as not given."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return value.strip() or None if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name)
        return value if isinstance(value, tuple) else ()

    def number(self, name: str, otherwise: float) -> float:
        try:
            return max(0.0, float(self.text(name) or otherwise))
        except ValueError:
            return otherwise

    def is_on(self, name: str, otherwise: bool) -> bool:
        text = self.text(name)
        return otherwise if text is None else text.lower() in _TRUE

    def texts_by_name(self, name: str) -> dict[str, str]:
        value = self._values.get(name)
        entries = value.items() if isinstance(value, dict) else ()
        return {key: text for key, text in entries if isinstance(text, str)}

    def lists_by_name(self, name: str) -> dict[str, tuple[str, ...]]:
        value = self._values.get(name)
        entries = value.items() if isinstance(value, dict) else ()
        lists = ((key, (one,) if isinstance(one, str) else one) for key, one in entries)
        return {key: one for key, one in lists if isinstance(one, tuple)}


def _priority(text: str | None) -> str:
    """Return the priority; of old, true stood for flexible and false for disabled."""
    plain = (text or "").lower()
    if plain in ("strict", "disabled"):
        return plain
    return "disabled" if plain and plain in _FALSE else "flexible"


def _verification(text: str | None) -> bool | Path:
    """Return whether, or against what, certificates are checked; `truststore` is the system's."""
    if text is None or text.lower() in (*_TRUE, "truststore"):
        return True
    return False if text.lower() in _FALSE else Path(text).expanduser()
