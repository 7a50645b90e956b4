"""The refs of a repository on a server, as `git ls-remote --symref` writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOT_IN_NAMES = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")
_PEELED = "^{}"
_BRANCHES = "refs/heads/"
_SYMBOLIC = "ref: "


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """The refs of a repository on a server.

    Attributes:
        commits: Commit by full name (`refs/heads/main`, `refs/tags/v1`, `HEAD`); an annotated
            tag stands with the commit that it is on.
        tag_objects: For annotated tags, the tag's own hash by full name.
        head: The branch that HEAD is (`main`), None where it is detached or unknown.
    """

    commits: Mapping[str, str]
    tag_objects: Mapping[str, str]
    head: str | None


def parse_refs(output: bytes) -> RemoteRefs:
    """Read what `git ls-remote --symref` wrote.

    A server can send anything: what is no hash, or no name that Git takes for a ref, is left out.
    """
    commits: dict[str, str] = {}
    peeled: dict[str, str] = {}
    head = None
    for line in output.decode("utf-8", "surrogateescape").split("\n"):
        value, tab, name = line.partition("\t")
        if not tab:
            continue
        if name == "HEAD" and value.startswith(_SYMBOLIC + _BRANCHES):
            head = value.removeprefix(_SYMBOLIC + _BRANCHES)
        elif _HASH.fullmatch(value) and _is_ref(name.removesuffix(_PEELED)):
            (peeled if name.endswith(_PEELED) else commits)[name.removesuffix(_PEELED)] = value
    tag_objects = {name: commits[name] for name in peeled if name in commits}
    return RemoteRefs({**commits, **{n: peeled[n] for n in tag_objects}}, tag_objects, head)


def _is_ref(name: str) -> bool:
    """Return whether a name is one of a ref: git-check-ref-format(1), as far as it matters here."""
    is_plain = _NOT_IN_NAMES.search(name) is None
    return is_plain and (name == "HEAD" or (name.startswith("refs/") and ".." not in name))
