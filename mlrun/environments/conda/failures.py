"""rattler's errors, said so that somebody who has a conda file and no more can act on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlrun.environments.conda.settings import without_login
from mlrun.environments.conda.solving import Index, Wish
from mlrun.environments.conda.specs import MatchText, PackageSpec, match_text, parse_spec
from mlrun.environments.written_at import key_at, written_at
from mlrun.errors import EnvironmentBuildError, Location, MlrunError, Problem
from mlrun.execution.redact import mask_text

if TYPE_CHECKING:
    from rattler.repo_data.record import RepoDataRecord

_NO_CHANNEL = re.compile(r"could not find subdir '[^']*' in channel '([^']*)'")
_MOST_LINES = 20
_MOST_VERSIONS = 6


def not_reachable(wish: Wish, place: str, why: str) -> EnvironmentBuildError:
    """Return the error for a channel that gives no answer."""
    return EnvironmentBuildError(
        f"the conda channel {place} cannot be reached: {why}",
        location=_named_at(wish, place),
        hint="it works without network once the channels' contents and all packages were fetched"
        " before; otherwise look at the network, at conda's `channel_alias` and proxies, or at"
        " the channel's name",
    )


def channel_failure(wish: Wish, error: Exception) -> EnvironmentBuildError:
    """Return the error for a channel that cannot be read."""
    lines = _plain(str(error)).splitlines()
    causes = [line.removeprefix("Caused by: ") for line in lines]
    reason = ": ".join(dict.fromkeys((causes[0], causes[-1]))) if causes else "no reason given"
    if wish.cached_only:
        return EnvironmentBuildError(
            f"conda's settings forbid the network, and what a channel has is not known: {reason}",
            location=wish.location,
            hint="run once with network, or set CONDA_OFFLINE=0",
        )
    missing = _NO_CHANNEL.search(lines[0]) if lines else None
    if missing is not None:
        place = missing[1].rstrip("/")
        return EnvironmentBuildError(
            f"there is no conda channel at {place}: {causes[-1]}",
            location=_named_at(wish, place),
            hint="look at the channel's name, and at `channel_alias` in .condarc",
        )
    shown = ", ".join(channel.shown for channel in wish.channels)
    return EnvironmentBuildError(
        f"a conda channel cannot be read: {reason}",
        location=wish.location,
        hint=f"the channels are {shown}; look at their names, and at `channel_alias` in .condarc",
    )


def _named_at(wish: Wish, place: str) -> Location:
    """Return where the file names the channel of an address; else where the file begins."""
    names = (channel.name for channel in wish.channels if channel.shown == place)
    return written_at(key_at(wish.location, "channels"), next(names, place))


def setting_failure(wish: Wish, error: Exception) -> EnvironmentBuildError:
    """Return the error for a channel or a platform that rattler does not take."""
    return EnvironmentBuildError(
        f"a channel or platform cannot be used: {_plain(str(error))}",
        location=wish.location,
        hint="look at the channels' names, and at `subdir` in .condarc (CONDA_SUBDIR)",
    )


async def solver_failure(index: Index, error: Exception) -> MlrunError:
    """Return the error for packages that cannot be had, or not together."""
    from rattler.match_spec.match_spec import MatchSpec

    wish = index.wish
    names = [parse_spec(one.written).name for one in wish.texts]
    records = await index.records(names)
    problems = []
    for one, name in zip(wish.texts, names, strict=True):
        spec = MatchSpec(one.text)
        of_name = [record for record in records if record.name.normalized == name]
        if not of_name:
            problems.append(await _no_such_package(index, name, one))
        elif not any(record.matches(spec) for record in of_name):
            problems.append(_no_such_version(wish, name, one, of_name))
    return _as_error(problems or [_contradiction(wish, error)])


async def _no_such_package(index: Index, name: str, one: MatchText) -> Problem:
    from mlrun.near_miss import near_miss

    near = near_miss(name, await index.names())
    hint = f"did you mean {near!r}?" if near else "a package of the Python index goes below `pip:`"
    message = f"no channel has the conda package {name!r} (looked in: {_shown(index.wish)})"
    return Problem(message, one.location, hint)


def _no_such_version(
    wish: Wish, name: str, one: MatchText, records: list[RepoDataRecord]
) -> Problem:
    from rattler.match_spec.match_spec import MatchSpec

    parsed = parse_spec(one.written)
    if parsed.build is not None:
        without = MatchSpec(match_text(PackageSpec(name, parsed.version)))
        builds = sorted({str(r.build) for r in records if r.matches(without)})
        if builds:
            return Problem(
                f"no channel has {one.written!r} for this platform; the version is there in the"
                f" builds {', '.join(builds[:_MOST_VERSIONS])}",
                one.location,
                "the file may be an export of another system: take the builds (what follows the"
                " second `=`) out, or export it by `conda env export --from-history`",
            )
    newest_first = sorted(records, reverse=True)
    versions = list(dict.fromkeys(str(record.version) for record in newest_first))
    more = ", ..." if len(versions) > _MOST_VERSIONS else ""
    return Problem(
        f"no channel has the conda package {one.written!r} (looked in: {_shown(wish)})",
        one.location,
        f"there is {name} {', '.join(versions[:_MOST_VERSIONS])}{more}",
    )


def _contradiction(wish: Wish, error: Exception) -> Problem:
    text = _plain(str(error)).removeprefix("Cannot solve the request because of: ").strip()
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"(and {len(lines) - _MOST_LINES} lines more)"]
    explained = "\n".join(f"  {line}" for line in lines)
    hint = "ask for fewer exact versions, or add a channel that has others"
    if wish.as_of is not None:
        hint = f"only packages up to {wish.as_of:%Y-%m-%d} are looked at; give a later --as-of"
    message = f"the conda packages cannot be together in one environment:\n{explained}"
    return Problem(message, wish.location, hint)


def installation_failure(wish: Wish, error: Exception) -> EnvironmentBuildError:
    """Return the error for packages that cannot be fetched or unpacked."""
    lines = [line.removeprefix("Caused by: ") for line in _plain(str(error)).splitlines()]
    message = ": ".join(dict.fromkeys(lines))
    hint = None
    if "os error 28" in message:
        hint = "make room, or move the cache: MLRUN_CACHE_DIR names another folder"
    elif "mismatch" in message or "hash" in message:
        hint = "the file that the channel gives is not the one that it announces: try later, or"
        hint += " tell who cares for the channel"
    elif "error sending request" in message:
        hint = "look at the network; what was fetched is kept, and the next try goes on from there"
    return EnvironmentBuildError(
        f"a conda package cannot be installed: {message}", location=wish.location, hint=hint
    )


def _as_error(problems: list[Problem]) -> EnvironmentBuildError:
    error = EnvironmentBuildError(problems[0].message)
    error.problems = tuple(problems)
    return error


def _shown(wish: Wish) -> str:
    return ", ".join(dict.fromkeys(channel.name for channel in wish.channels)) or "no channel"


def _plain(text: str) -> str:
    """Return a text without logins, tokens in addresses among them."""
    return mask_text(" ".join(_word(word) for word in text.split(" ")))


def _word(word: str) -> str:
    return without_login(word) if "://" in word and "/t/" in word else word
