"""Where a submodule comes from, seen from the repository that names it."""

from __future__ import annotations

import re
from dataclasses import replace

from mlrun.errors import SourceError
from mlrun.execution.redact import mask_url
from mlrun.sources.addresses.parts import has_control_characters, split_url
from mlrun.sources.git.url import GitUrl, parse_git_url


def submodule_url(parent: GitUrl, url: str) -> GitUrl:
    """Return the address of a submodule; see `GitUrl.submodule`.

    A submodule is pinned by its hash, so an unencrypted transport cannot change what is run. But
    a password could be asked for on the way: below a repository that came encrypted, `http://`
    is asked by https, and refused where a port says that this cannot be.
    """
    if has_control_characters(url):
        raise SourceError("the address of a submodule has a line break or a control character")
    if url in (".", "..") or url.startswith(("./", "../")):
        return _relative(parent, url)
    if not url.startswith(("/", "-")) and "://" not in url and ":" not in url.partition("/")[0]:
        raise SourceError(
            f"the address '{mask_url(url)}' of a submodule is neither absolute nor relative",
            hint="a relative one begins with './' or '../'",
        )
    child = parse_git_url(url)
    if child.transport == "file" and parent.transport != "file":
        raise SourceError(
            f"a submodule names '{mask_url(url)}' on this machine, which a repository from "
            "elsewhere may not"
        )
    if child.transport == "http" and parent.transport in ("https", "ssh"):
        child = _encrypted(child)
    return _with_credentials(parent, child)


def _relative(parent: GitUrl, url: str) -> GitUrl:
    """Resolve a relative address, as `git submodule` does, but never above the root."""
    before, path = _split(parent)
    parts = [part for part in path.split("/") if part]
    for part in url.split("/"):
        if part == "..":
            if not parts or (parent.transport == "ssh" and parts[-1].startswith("~")):
                raise SourceError(
                    f"the relative address '{url}' of a submodule leads out of "
                    f"'{mask_url(parent.address)}'"
                )
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    joined = "/".join(parts)
    child = parse_git_url(f"{before}{joined}")
    return _with_credentials(parent, child)


def _split(parent: GitUrl) -> tuple[str, str]:
    """Cut an address where its path begins: what stays, and what a relative one changes."""
    if parent.transport == "file":
        return "/", parent.path
    url = split_url(parent.address)
    if url is not None:
        start = len(parent.address) - len(url.path)
        path = url.location if parent.transport in ("http", "https") else url.path
        return f"{parent.address[:start]}/", path
    found = re.match(r"(?:[^/:\[\]]+@)?(?:\[[^\]]+\]|[^/:]+):/?", parent.address)
    end = found.end() if found else 0
    return parent.address[:end], parent.address[end:]


def _encrypted(child: GitUrl) -> GitUrl:
    if child.origin[1].rpartition(":")[2] != "80":
        raise SourceError(
            f"the submodule '{child.address}' of an encrypted repository is not encrypted",
            hint="let .gitmodules name it by https",
        )
    url = split_url(child.address)
    path = url.path if url else ""
    host = re.sub(r":0*80?$|:$", "", child.host)
    return replace(child, address=f"https://{host}{path}", transport="https", host=host)


def _with_credentials(parent: GitUrl, child: GitUrl) -> GitUrl:
    if child.username is not None or child.password is not None or child.origin != parent.origin:
        return child
    return replace(child, username=parent.username, password=parent.password)
