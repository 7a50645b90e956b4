"""Names of images, as engines and registries take them.

Grammar: https://pkg.go.dev/github.com/distribution/reference
"""

from __future__ import annotations

import re

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_NAME = re.compile(
    rf"(?:({_DOMAIN})/)?({_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::([\w][\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|[0-9a-f]{12}")


def is_image_name(name: str) -> bool:
    """Return whether an engine could know an image by this name, or by this id."""
    return bool(_ID.fullmatch(name) or _NAME.fullmatch(name))


def is_image_id(name: str) -> bool:
    """Return whether it names an image by its content: such a one can only be here already."""
    return bool(_ID.fullmatch(name))


def split_name(name: str) -> tuple[str, str]:
    """Return an image's repository, and its tag or digest (`latest` where it names none)."""
    match = _NAME.fullmatch(name)
    if match is None:
        return name, "latest"
    if match[4]:
        return name[: match.start(4) - 1], match[4]
    return (name[: match.start(3) - 1], match[3]) if match[3] else (name, "latest")


def registry_of(name: str) -> str:
    """Return the host of the image's registry; Docker's own is `docker.io`."""
    first, slash, _ = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return first if is_host else "docker.io"


def repository_name(project: str | None) -> str:
    """Return a repository's name for a project's images: lower case, no unusual letters."""
    plain = re.sub(r"[^a-z0-9]+", "-", (project or "").lower()).strip("-")
    return plain[:100].rstrip("-") or "docker-project"
