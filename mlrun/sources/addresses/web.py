"""Addresses that people paste: pages of code hosts, and shorthands.

Pages are told by the shape of their path, not by their host, since many run a server of their
own. Only at the hosts that everybody knows, and whose repositories are all `owner/name`, is more
known than the shape says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlrun.errors import SourceError
from mlrun.sources.addresses.parts import UrlParts, decode, has_control_characters

_SHORTHANDS = {
    **dict.fromkeys(("gh", "github"), "github.com"),
    **dict.fromkeys(("gl", "gitlab"), "gitlab.com"),
    **dict.fromkeys(("bb", "bitbucket"), "bitbucket.org"),
    "codeberg": "codeberg.org",
}
_TWO_LEVELS = ("github.com", "bitbucket.org", "codeberg.org")
_KNOWN_HOSTS = (*_TWO_LEVELS, "gitlab.com")
# What the pages of code hosts have behind `?`, and nothing that a repository's address needs.
_PAGE_QUERY = frozenset(
    {"tab", "ref_type", "ref", "at", "plain", "display", "path", "files", "raw"}
)
_PAGE_ANCHORS = re.compile(r"readme(?:-ov-file|\.md)?|L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?|diff-\w+")
_PROJECT_FILES = ("MLproject", "MLproject.yaml", "MLproject.yml")
_HASH = re.compile(r"[0-9a-fA-F]{7,64}")
_NAME = re.compile(r"[\w.~-]+")


@dataclass(frozen=True, slots=True)
class Page:
    """What a pasted address names.

    Attributes:
        repository: Its path on the host, with a slash before it.
        ref_and_folder: As of `RepositoryAddress`.
        drops_anchor: Whether what follows `#` is a place on the page, and no subfolder.
    """

    repository: str
    ref_and_folder: str | None = None
    drops_anchor: bool = False


def expand_shorthand(text: str) -> tuple[str, str | None] | None:
    """Read `gh:owner/name` or `gh:owner/name@ref`.

    Returns:
        The repository's https address and the ref; None for what begins with no shorthand.

    Raises:
        SourceError: Not the names that the host's repositories have.
    """
    short, colon, rest = text.partition(":")
    host = _SHORTHANDS.get(short)
    if not colon or host is None or rest.startswith("//"):
        return None
    path, at, ref = rest.partition("@")
    parts = path.strip("/").removesuffix(".git").split("/")
    is_right = all(_NAME.fullmatch(part) and part.strip(".") for part in parts)
    if not is_right or len(parts) < 2 or (len(parts) > 2 and host in _TWO_LEVELS):
        names = "owner/name" if host in _TWO_LEVELS else "group/name"
        raise SourceError(
            f"'{text}' is not of the form {short}:{names}, which names a repository on {host}",
            hint=f"an SSH host of your own with the name {short} is written ssh://{short}/path",
        )
    if at and not ref:
        raise SourceError(f"'{text}' ends with '@', and names no version")
    ref = require_plain(ref)
    return f"https://{host}/{'/'.join(parts)}{_ending(host)}", ref or None


def expand_known_host(text: str) -> str | None:
    """Return `github.com/owner/name` as an https address; None for other places."""
    host, slash, _ = text.partition("/")
    known = host.lower().removeprefix("www.") in _KNOWN_HOSTS
    return f"https://{text}" if slash and known else None


def read_page(url: UrlParts, anchor: str) -> Page | None:
    """Find the repository, and what of it, that a page of a code host shows.

    Args:
        url: An http or https address.
        anchor: What followed its `#`.

    Returns:
        None where the address is a repository's own, as it stands.

    Raises:
        SourceError: A page that shows no folder of a repository.
    """
    path, query = url.location.rstrip("/"), url.query
    keys = {pair.partition("=")[0] for pair in query.split("&")} if query else set()
    is_page = bool(keys) and keys <= _PAGE_QUERY
    if path.endswith(".git") or (query and not is_page):
        return None
    shown = _shown(url, path, query)
    drops = is_page or _PAGE_ANCHORS.fullmatch(anchor) is not None
    if shown is None:
        _require_repository(url, path)
        ending = _ending(bare_host(url.host))
        return Page(path + ending, None, drops) if path.count("/") >= 2 else None
    repository, ref_and_folder = shown
    ref_and_folder = require_plain(decode(ref_and_folder))
    return Page(repository, ref_and_folder, drops)


def bare_host(host: str) -> str:
    """Return a host in lower case, without port, and without the `www.` of a known one."""
    name = host.lower().partition(":")[0]
    return name.removeprefix("www.") if name.removeprefix("www.") in _KNOWN_HOSTS else name


def require_plain(ref_and_folder: str) -> str:
    """Return a ref with a folder if it can be one.

    Raises:
        SourceError: It begins like an option, leads out, or has control characters.
    """
    text = ref_and_folder.strip("/")
    if has_control_characters(text):
        raise SourceError("the version in the address has a line break or a control character")
    if text.startswith("-"):
        raise SourceError(f"the version '{text}' in the address begins with '-'")
    if ".." in text.split("/"):
        raise SourceError(f"the folder '{text}' in the address does not lie inside the project")
    return text


def _ending(host: str) -> str:
    """GitLab leads an address without `.git` to the one with it, which costs a round trip."""
    return ".git" if host == "gitlab.com" else ""


def _shown(url: UrlParts, path: str, query: str) -> tuple[str, str] | None:
    """Return the repository's path, and ref and folder as they stand in the address."""
    if bare_host(url.host) == "raw.githubusercontent.com":
        owner, name, rest = [*path.lstrip("/").split("/", 2), "", ""][:3]
        return (f"/{owner}/{name}", _folder_of(rest, path)) if "/" in rest else None
    before, separator, rest = path.partition("/-/")
    if separator and before.count("/") >= 2:
        found = _gitlab(rest, path, query)
        return (f"{before.removesuffix('.git')}.git", found) if found else None
    parts = path.split("/")
    host = bare_host(url.host)
    for place in range(2, min(len(parts), 4 if host in _TWO_LEVELS else len(parts))):
        # A repository's path ends with its `.git`; without that it has at least two names.
        is_end = parts[place - 1].endswith(".git")
        found = _behind(parts[place:], host, path) if is_end or place > 2 else None
        if found:
            return "/".join(parts[:place]), found
        if is_end:
            break
    return None


def _gitlab(rest: str, path: str, query: str) -> str | None:
    kind, _, what = rest.partition("/")
    if not what:
        return None
    if kind == "merge_requests" and what.partition("/")[0].isdecimal():
        return f"refs/merge-requests/{what.partition('/')[0]}/head"
    if kind in ("tags", "releases"):
        return f"refs/tags/{what}"
    if kind == "commit":
        return what.partition("/")[0]
    if kind not in ("tree", "blob", "raw", "commits"):
        return None
    what = _folder_of(what, path) if kind in ("blob", "raw") else what
    if what.startswith("refs/"):
        return what
    known = {"ref_type=heads": "refs/heads/", "ref_type=tags": "refs/tags/"}
    return next((known[pair] for pair in query.split("&") if pair in known), "") + what


def _behind(parts: list[str], host: str, path: str) -> str | None:
    """Read what stands behind a repository's path on other hosts than GitLab."""
    if len(parts) < 2:
        return None
    kind, what = parts[0], "/".join(parts[1:])
    if kind == "tree":
        return what
    if kind in ("blob", "raw", "src", "commits"):
        known = _kind_of_ref(parts[1:], host)
        if kind == "blob" or (kind == "raw" and known is None):
            return _folder_of(what, path)
        what = known or what
        # These pages show folders too, and one in small letters may be such.
        before, _, name = what.rpartition("/")
        return before if before and name in _PROJECT_FILES else what
    if kind == "commit" and _HASH.fullmatch(parts[1]):
        return parts[1]
    if kind in ("pull", "pulls") and parts[1].isdecimal():
        if len(parts) > 3 and parts[2] == "commits" and _HASH.fullmatch(parts[3]):
            return parts[3]
        return f"refs/pull/{parts[1]}/head"
    if kind == "releases" and parts[1] == "tag" and len(parts) > 2:
        return f"refs/tags/{'/'.join(parts[2:])}"
    if kind == "branch" and host == "bitbucket.org":
        return f"refs/heads/{what}"
    return None


def _kind_of_ref(parts: list[str], host: str) -> str | None:
    """Read Gitea's `branch/NAME`, `tag/NAME` and `commit/HASH`; None for anything else.

    At Bitbucket a branch may be named `branch`, and its pages never say of which kind a ref is.
    """
    if len(parts) < 2 or host == "bitbucket.org":
        return None
    before = {"branch": "refs/heads/", "tag": "refs/tags/", "commit": ""}.get(parts[0])
    return None if before is None else before + "/".join(parts[1:])


def _folder_of(what: str, path: str) -> str:
    """Return the folder of a project file from `REF/FOLDER/FILE`."""
    before, _, name = what.rpartition("/")
    if before and name.lower() in map(str.lower, _PROJECT_FILES):
        return before
    raise SourceError(
        f"'{decode(path)}' is the page of a file; a project is a folder",
        hint=f"paste the address of its folder; one script of it is run with -e {decode(name)}",
    )


def _require_repository(url: UrlParts, path: str) -> None:
    host = bare_host(url.host)
    if host in _KNOWN_HOSTS and path.count("/") < 2:
        raise SourceError(
            f"'{host}{path}' names an owner and no repository",
            hint=f"a repository is named https://{host}{path}/NAME",
        )
    if host not in _TWO_LEVELS or path.count("/") == 2:
        return
    owner, name = path.split("/")[1:3]
    raise SourceError(
        f"the page '{path}' of {host} shows no folder of a repository",
        hint=f"the repository alone is https://{host}/{owner}/{name}",
    )
