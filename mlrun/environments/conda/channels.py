"""Channels: the names in an environment file, as the addresses that packages are taken from.

conda's rules: an address is itself; what begins like a path is a folder, here seen from the
folder of the environment file; a name is looked up among the user's groups of channels, then
among the user's own channels, and else stands below the channel alias. The user's channels come
after those of the file, unless the file says `nodefaults`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.environments.conda.settings import CondaSettings, without_login
from mlrun.environments.conda.specs import parse_spec, without_platform
from mlrun.environments.conda.tokens import with_token
from mlrun.errors import Location, ProjectError
from mlrun.execution.redact import mask_url
from mlrun.project.model import CondaSpec

_DEFAULTS = "defaults"
_PATH = re.compile(r"\.{1,2}(?:[/\\]|$)|[/~\\]|[A-Za-z]:[/\\]")


@dataclass(frozen=True, slots=True)
class ChannelUrl:
    """A channel's address.

    Attributes:
        name: As messages name it: as written, without credentials.
        url: As it is used, without a slash at its end; may hold credentials.
        platform: The only platform to take packages of, where the channel's address names one.
        mirrors: Copies to try first; may hold credentials.
    """

    name: str
    url: str = field(repr=False)
    platform: str | None = None
    mirrors: tuple[str, ...] = field(default=(), repr=False)

    @property
    def shown(self) -> str:
        """The address without credentials."""
        return mask_url(self.url)


def channels_of(spec: CondaSpec, settings: CondaSettings) -> tuple[ChannelUrl, ...]:
    """Return where packages are taken from, the most important channel first, each once.

    After the file's channels come the user's, then those that only a package names
    (`conda-forge::pkg`).

    Raises:
        ProjectError: The user's settings do not allow a channel, or it cannot be used.
    """
    names = [*spec.channels, *(settings.channels if spec.defaults else ())]
    parsed = (parse_spec(one.text, one.location) for one in spec.packages)
    names += [one.channel for one in parsed if one.channel]
    found: dict[tuple[str, str | None], ChannelUrl] = {}
    for name in names:
        for channel in resolve_channel(name, settings, spec.folder, spec.location):
            found.setdefault((channel.url, channel.platform), channel)
    return tuple(found.values())


def resolve_channel(
    name: str, settings: CondaSettings, folder: Path, location: Location | None = None
) -> tuple[ChannelUrl, ...]:
    """Return the channel of this name, or the channels that the name stands for.

    Args:
        name: As written.
        settings: The user's.
        folder: What relative paths are relative to.
        location: Where it is written.

    Raises:
        ProjectError: The user's settings do not allow the channel, or it cannot be used.
    """
    channels = tuple(_resolved(name.strip(), settings, folder, location, frozenset()))
    for channel in channels:
        _refuse_unwanted(channel, settings, folder, location)
    return channels


def refuse_unwanted_places(
    urls: Iterable[str], settings: CondaSettings, folder: Path, location: Location
) -> None:
    """Hold the addresses of a lock's packages to the user's settings, as channels are.

    Args:
        urls: Of the packages.
        settings: The user's.
        folder: What relative paths among these are relative to.
        location: Of the specification.

    Raises:
        ProjectError: The settings do not allow a channel that a package is from.
    """
    if not (settings.allowlist_channels or settings.denylist_channels):
        return
    for url in dict.fromkeys(url.rsplit("/", 2)[0] for url in urls):
        _refuse_unwanted(ChannelUrl(mask_url(url), url), settings, folder, location)


def _resolved(
    name: str,
    settings: CondaSettings,
    folder: Path,
    location: Location | None,
    within: frozenset[str],
) -> Iterator[ChannelUrl]:
    members = settings.custom_multichannels.get(name)
    if members is None and name == _DEFAULTS:
        members = settings.default_channels
    if members is None or name in within:
        if name == "local":
            raise ProjectError(
                "the channel 'local' is the folder of conda-build, which is not known here",
                location=location,
                hint="name the folder by its path, or set it in conda's `custom_multichannels`",
            )
        yield _single(name, settings, folder)
        return
    for member in members:
        yield from _resolved(member, settings, folder, location, within | {name})


def _single(name: str, settings: CondaSettings, folder: Path) -> ChannelUrl:
    shown, _ = without_platform(name)
    # As conda does: an address may take its login from variables.
    plain, platform = without_platform(os.path.expandvars(name))
    mirrors = settings.mirrored_channels.get(plain, ())
    if "://" in plain:
        url = plain.rstrip("/")
    elif _PATH.match(plain):
        url = _folder_url(plain, folder)
    else:
        url = _below_its_place(plain, settings)
    copies = tuple(with_token(copy.rstrip("/"), settings.tokens) for copy in mirrors)
    return ChannelUrl(mask_url(shown), with_token(url, settings.tokens), platform, copies)


def _folder_url(name: str, folder: Path) -> str:
    return Path(os.path.abspath(folder / Path(name.replace("\\", "/")).expanduser())).as_uri()


def _below_its_place(name: str, settings: CondaSettings) -> str:
    """Return the address of a channel that is given by its name, `NAME` or `NAME/label/LABEL`."""
    parts = name.strip("/").split("/")
    for count in range(len(parts), 0, -1):
        place = settings.custom_channels.get("/".join(parts[:count]))
        if place is not None:
            base = place if "://" in place else f"https://{place}"
            return "/".join([base.rstrip("/"), *parts])
    for url in settings.default_channels:
        if len(parts) > 1 and url.rstrip("/").endswith("/" + "/".join(parts)):
            return url.rstrip("/")
    return "/".join([settings.channel_alias.rstrip("/"), *parts])


def _refuse_unwanted(
    channel: ChannelUrl, settings: CondaSettings, folder: Path, location: Location | None
) -> None:
    url = without_login(channel.url)
    if url in _plain_urls(settings.denylist_channels, settings, folder):
        rule = "conda's `denylist_channels` refuses it"
    elif settings.allowlist_channels and url not in _plain_urls(
        settings.allowlist_channels, settings, folder
    ):
        rule = "conda's `allowlist_channels` does not name it"
    else:
        return
    raise ProjectError(
        f"the channel '{channel.name}' may not be used here: {rule}",
        location=location,
        hint="name another channel, or change conda's settings on this machine",
    )


def _plain_urls(names: tuple[str, ...], settings: CondaSettings, folder: Path) -> set[str]:
    channels = (
        channel
        for name in names
        for channel in _resolved(name, settings, folder, None, frozenset())
    )
    return {without_login(channel.url) for channel in channels}
