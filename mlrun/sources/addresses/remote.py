"""What a URI names that is not on this machine: an archive, or a repository."""

from __future__ import annotations

import re
from dataclasses import replace

from mlrun.execution.redact import mask_url
from mlrun.sources.addresses.address import (
    ArchiveAddress,
    RepositoryAddress,
    require_inside,
)
from mlrun.sources.addresses.parts import UrlParts, decode, folder_name, split_url
from mlrun.sources.addresses.refused_schemes import is_known_place, refusal
from mlrun.sources.addresses.web import (
    bare_host,
    expand_known_host,
    expand_shorthand,
    read_page,
    require_plain,
)
from mlrun.sources.archive.endings import split_ending
from mlrun.sources.git.url import parse_git_url, require_place

_SCP = re.compile(r"(?:[^/:\[\]\s]+@)?(?:\[[^\]/]+\]|[\w.-]+):\S.*", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
# Addresses of whole archives that end with a ref: GitHub's.
_BALL = re.compile(r"/(?:repos/)?[^/]+/([^/]+)/(zip|tar)ball(?:/.+)?")
_CODE_LOAD = re.compile(r"/[^/]+/([^/]+)/(?:legacy\.)?(zip|tar)(?:\.gz)?/.+")
_FILE_PAGE = re.compile(r"((?:/[^/]+){2,}?(?:/-)?)/(?:blob|src(?=/(?:branch|tag|commit)/))/(.+)")


def parse_remote(place: str, rest: str) -> ArchiveAddress | RepositoryAddress | None:
    """Say what a URI names that nothing on this machine has the name of.

    Args:
        place: The URI up to its `#`.
        rest: What follows that.

    Returns:
        None for what has no form but that of a path.

    Raises:
        SourceError: See `parse_address`.
    """
    shorthand = expand_shorthand(place)
    if shorthand is not None:
        expanded, ref = shorthand
        return RepositoryAddress(parse_git_url(expanded), require_inside(rest), ref)
    place = expand_known_host(place) or place
    parts = split_url(place)
    if parts is None:
        return _without_scheme(place, rest)
    if parts.scheme.startswith("git+"):
        return _as_pip_has_it(place, parts, rest)
    if parts.scheme in ("https", "http", "ssh", "git"):
        # Before anything of it is shown: behind a `#` may stand the end of a password.
        require_place(replace(parts, path=f"{parts.path}#{rest}"), place)
    if parts.scheme in ("http", "https"):
        return _from_web(place, parts, rest)
    url = parse_git_url(place)
    return RepositoryAddress(url, require_inside(rest))


def _without_scheme(place: str, rest: str) -> RepositoryAddress | None:
    if "::" not in place and not place.startswith("-"):
        if not _SCP.fullmatch(place) or _DRIVE.match(place):
            return None
        scheme, _, path = place.partition(":")
        if path.startswith("/") and is_known_place(scheme.lower()):
            raise refusal(scheme.lower())
    elif not place.startswith("-") and not re.match(r"[\w.+-]+::", place):
        return None
    return RepositoryAddress(parse_git_url(place), require_inside(rest))


def _from_web(place: str, parts: UrlParts, rest: str) -> ArchiveAddress | RepositoryAddress:
    found = _archive_name(parts)
    if found is not None:
        return _archive(parts, found, require_inside(rest))
    page = read_page(parts, rest)
    if page is None:
        return RepositoryAddress(parse_git_url(place), require_inside(rest))
    bare = bare_host(parts.host)
    if bare == "raw.githubusercontent.com":
        host = "github.com"
    else:
        host = bare if parts.host.lower() == f"www.{bare}" else parts.host
    login = "" if parts.user_info is None else f"{parts.user_info}@"
    url = parse_git_url(f"{parts.scheme}://{login}{host}{page.repository}")
    subfolder = "" if page.drops_anchor else require_inside(rest)
    return RepositoryAddress(url, subfolder, page.ref_and_folder)


def _archive_name(parts: UrlParts) -> tuple[str, str] | None:
    """Return name and kind of the archive that an address is of."""
    path = parts.location.rstrip("/")
    ball = _BALL.fullmatch(path)
    if ball is None and parts.host.lower() == "codeload.github.com":
        ball = _CODE_LOAD.fullmatch(path)
    if ball is not None:
        return ball[1], "zip" if ball[2] == "zip" else "tar.gz"
    return split_ending(folder_name(path.rpartition("/")[2], ""))


def _archive(parts: UrlParts, named: tuple[str, str], subfolder: str) -> ArchiveAddress:
    name, kind = named
    page = _FILE_PAGE.fullmatch(parts.location)
    # The page of an archive in a repository shows it; beside it lies the file itself.
    location = f"{page[1]}/raw/{page[2]}" if page else parts.location
    shown = parse_git_url(f"{parts.scheme}://{parts.host}{location}").address
    query = f"?{parts.query.replace(' ', '%20')}" if parts.query else ""
    login = "" if parts.user_info is None else f"{parts.user_info}@"
    return ArchiveAddress(
        name=folder_name(name, "archive"),
        kind=kind,
        uri=mask_url(shown + query),
        url=shown.replace("://", f"://{login}", 1) + query,
        subfolder=subfolder,
    )


def _as_pip_has_it(place: str, parts: UrlParts, rest: str) -> RepositoryAddress:
    """Read `git+https://host/path@ref#subdirectory=folder`."""
    found = re.fullmatch(r"(.+\.git)@([^@]+)", parts.path)
    # With a port or a password, what is before an @ could be the end of a password.
    if found is None and ":" not in f"{parts.user_info}{parts.host}":
        found = re.fullmatch(r"(/[^@]+)@([^@]+)", parts.path)
    if found is not None:
        place, parts = place[: -len(found[2]) - 1], replace(parts, path=found[1])
    if parts.scheme != "git+file":
        require_place(replace(parts, path=f"{parts.path}#{rest}"), place)
    url = parse_git_url(place)
    pairs = dict(pair.split("=", 1) for pair in rest.split("&") if "=" in pair)
    if pairs.keys() & {"subdirectory", "egg"}:
        rest = decode(pairs.get("subdirectory", ""))
    ref = require_plain(decode(found[2])) if found else None
    return RepositoryAddress(url, require_inside(rest), ref)
