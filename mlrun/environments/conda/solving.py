"""Chooses packages: rattler's solver, with conda's rules for channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.settings import CondaSettings
from mlrun.environments.conda.specs import MatchText
from mlrun.errors import Location

if TYPE_CHECKING:
    from rattler.channel.channel import Channel
    from rattler.channel.channel_priority import ChannelPriority
    from rattler.networking.client import Client
    from rattler.platform.subdir import Subdir
    from rattler.repo_data.gateway import Gateway
    from rattler.repo_data.record import RepoDataRecord
    from rattler.virtual_package.generic import GenericVirtualPackage


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be solved.

    Attributes:
        texts: The packages that are asked for.
        channels: Where they may be from, the most important one first.
        settings: The user's for conda.
        as_of: Nothing newer than this is taken; timezone-aware.
        location: Of the whole, in the user's file.
        with_pip: Whether Python is to bring pip with it, where a channel has that.
        cached_only: Whether to believe what channels said the last time, and ask none.
    """

    texts: tuple[MatchText, ...]
    channels: tuple[ChannelUrl, ...]
    settings: CondaSettings
    as_of: datetime | None
    location: Location
    with_pip: bool = False
    cached_only: bool = False


@dataclass(slots=True)
class Index:
    """What channels have, as rattler gives it.

    Args:
        wish: Names the channels.
        cache: A folder for what channels said.
        client: Fetches from them.
    """

    wish: Wish
    cache: Path
    client: Client
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        from rattler.repo_data.gateway import Gateway, SourceConfig

        remote = SourceConfig(
            cache_action="force-cache-only" if self.wish.cached_only else "cache-or-fetch"
        )
        local = SourceConfig(cache_action="no-cache")
        # rattler keeps channels' addresses there, with the logins in them.
        self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.gateway = Gateway(
            cache_dir=self.cache,
            default_config=remote,
            per_channel_config={c.url: local for c in self.wish.channels if _is_folder(c)},
            client=self.client,
        )

    @property
    def channels(self) -> list[Channel]:
        """All of them, the most important one first."""
        from rattler.channel.channel import Channel

        return [Channel(channel.url) for channel in self.wish.channels]

    @property
    def platforms(self) -> list[Subdir]:
        """The one of this machine (or what the user set), and what runs on any."""
        from rattler.platform.subdir import Subdir

        own = self.wish.settings.subdir
        return [Subdir(own) if own else Subdir.current(), Subdir("noarch")]

    async def records(self, names: Sequence[str]) -> list[RepoDataRecord]:
        """Return all packages of these names."""
        found = await self.gateway.query(self.channels, self.platforms, names, recursive=False)
        return [record for of_channel in found for record in of_channel]

    async def names(self) -> list[str]:
        """Return the names of all packages."""
        found = await self.gateway.names(self.channels, self.platforms)
        return [name.normalized for name in found]


async def solve(index: Index) -> list[RepoDataRecord]:
    """Return what to install.

    conda's `flexible` priority takes a package of a less important channel only where the more
    important ones do not do. rattler has strict and no priority; the one is tried before the
    other.

    Raises:
        rattler.exceptions.SolverError: The packages cannot be together.
        rattler.exceptions.GatewayError: A channel cannot be read.
    """
    from rattler.channel.channel_priority import ChannelPriority
    from rattler.exceptions import SolverError

    wish = index.wish
    if wish.with_pip:
        index.wish = wish = replace(wish, with_pip=bool(await index.records(["pip"])))
    priority = wish.settings.channel_priority
    if priority == "disabled":
        return await _solve(index, ChannelPriority.Disabled)
    try:
        return await _solve(index, ChannelPriority.Strict)
    except SolverError:
        if priority == "strict" or len(wish.channels) < 2:
            raise
        return await _solve(index, ChannelPriority.Disabled)


async def _solve(index: Index, priority: ChannelPriority) -> list[RepoDataRecord]:
    from rattler.match_spec.match_spec import MatchSpec
    from rattler.solver.solver import solve as rattler_solve

    wish = index.wish
    return await rattler_solve(
        index.channels,
        [MatchSpec(one.text) for one in wish.texts],
        index.gateway,
        index.platforms,
        virtual_packages=virtual_packages(),
        channel_priority=priority,
        # It takes any time for UTC. Packages that bear no date are older than dates in channels.
        exclude_newer=wish.as_of.astimezone(timezone.utc) if wish.as_of else None,
        timestamp_policy="allow-missing",
        constraints=[MatchSpec(text) for text in _constraints(wish.settings)],
        add_pip_as_python_dependency=wish.with_pip,
    )


def virtual_packages() -> list[GenericVirtualPackage]:
    """Return what the machine has (`__glibc`, `__cuda`), or what `CONDA_OVERRIDE_*` say."""
    from rattler.virtual_package.virtual_package import VirtualPackage, VirtualPackageOverrides

    detected = VirtualPackage.detect(VirtualPackageOverrides.from_env())
    return [package.into_generic() for package in detected]


def _constraints(settings: CondaSettings) -> list[str]:
    from mlrun.environments.conda.specs import match_text, parse_spec

    return [match_text(parse_spec(text)) for text in settings.pinned_packages]


def _is_folder(channel: ChannelUrl) -> bool:
    return channel.url.startswith("file:")
