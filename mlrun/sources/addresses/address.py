"""What a URI names: a folder, an archive, or a repository.

Nothing is fetched here. Recognised in this order: what exists on this machine, `file://`,
shorthands (`gh:owner/name`), archives by their ending, web addresses of a folder at a ref, Git.
What all but a local project needs is imported where it is needed.
"""

from __future__ import annotations

import os
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.errors import SourceError
from mlrun.light_dataclass import dataclass
from mlrun.sources.archive.endings import split_ending

if TYPE_CHECKING:
    from mlrun.sources.git.url import GitUrl


@dataclass(frozen=True)
class FolderAddress:
    """A folder on this machine: a project, a repository's working tree, or a bare repository.

    Attributes:
        folder: Absolute.
        subfolder: Below it, with `/`; empty for itself. It never leads out.
    """

    folder: Path
    subfolder: str = ""


@dataclass(frozen=True)
class ArchiveAddress:
    """An archive, on this machine or on a web server.

    Attributes:
        name: Of the project: the file's name without its ending.
        kind: `zip`, `tar`, `tar.gz`, `tar.bz2`, `tar.xz` or `tar.zst`.
        uri: Absolute, without credentials: what is recorded.
        file: On this machine, absolute; None for a download.
        url: What is downloaded, whole (with credentials); None for a file.
        subfolder: As of a folder.
    """

    name: str
    kind: str
    uri: str
    file: Path | None = None
    url: str | None = field(default=None, repr=False)
    subfolder: str = ""


@dataclass(frozen=True)
class RepositoryAddress:
    """A Git repository on a server.

    Attributes:
        url: Where.
        subfolder: As of a folder.
        ref_and_folder: From a web address, what stands behind `/tree/`: a ref, and after a
            further slash a folder. Where the one ends is known only with the repository's refs,
            since both may have slashes.
    """

    url: GitUrl
    subfolder: str = ""
    ref_and_folder: str | None = None


Address = FolderAddress | ArchiveAddress | RepositoryAddress


def parse_address(uri: str, cwd: Path) -> Address:
    """Say what a URI names.

    Args:
        uri: As the user gave it. Like MLflow's, quotation marks around it are no part of it.
        cwd: What a relative path is relative to.

    Raises:
        SourceError: It names nothing that a project can come from: an empty one, a transport
            that is not taken, a subfolder that leads out, a folder that is not there (with the
            nearest name).
        NotSupportedError: A scheme that is known and not taken (`s3://`, `ftp://`).
    """
    if not uri.strip("'\" "):
        raise SourceError("no project is named", hint="`.` is the folder that you stand in")
    for text in dict.fromkeys((uri, uri.strip("'\""))):
        found = _existing(text, cwd)
        if found is not None:
            return found
    from mlrun.sources.addresses.parts import has_control_characters

    if has_control_characters(text):
        raise SourceError("the project's name has a line break or a control character")
    if text[:5].lower() == "file:":
        return _from_file_uri(text)
    from mlrun.sources.addresses.remote import parse_remote

    place, _, rest = text.strip(" ").partition("#")
    found = parse_remote(place, rest)
    if found is not None:
        return found
    require_inside(rest)
    from mlrun.sources.addresses.missing import no_such_folder

    raise no_such_folder(_absolute(place, cwd), place)


def require_inside(subfolder: str) -> str:
    """Return a subfolder in its shortest form.

    Raises:
        SourceError: It leads out of the project.
    """
    if not subfolder:
        return ""
    from mlrun.sources.addresses.parts import has_control_characters

    if has_control_characters(subfolder):
        raise SourceError("the subfolder has a line break or a control character")
    parts = subfolder.split("/")
    if subfolder.startswith("/") or ".." in parts:
        raise SourceError(f"the subfolder '{subfolder}' does not lie inside the project")
    return "/".join(part for part in parts if part not in ("", "."))


def _existing(text: str, cwd: Path) -> Address | None:
    """Find what exists on this machine; the longest name counts, since it may have a `#` too."""
    end = len(text)
    while end >= 0:
        path = _absolute(text[:end], cwd)
        if os.path.lexists(path):
            return _local(path, text[end + 1 :])
        end = text.rfind("#", 0, end)
    return None


def _absolute(text: str, cwd: Path) -> Path:
    # Unlike pathlib's, it leaves the home of a user that there is not as it stands.
    try:
        return cwd / os.path.expanduser(text)  # noqa: PTH111
    except ValueError:  # what no user can be named
        return cwd / text


def _local(existing: Path, rest: str) -> Address:
    # Only now: without looking, `https://host/..` could be shortened to a folder that is there.
    path, subfolder = Path(os.path.abspath(existing)), require_inside(rest)
    ending = split_ending(path.name)
    if ending is None or not path.is_file():
        return FolderAddress(path, subfolder)
    name, kind = ending
    return ArchiveAddress(name, kind, path.as_uri(), file=path, subfolder=subfolder)


def _from_file_uri(text: str) -> Address:
    from mlrun.sources.addresses.parts import decode

    host, slash, rest = text[5:].removeprefix("//").partition("/")
    if not slash or host.lower() not in ("", "localhost"):
        raise SourceError(
            f"'file://{host.rpartition('@')[2]}' names another machine",
            hint="a path on this one has three slashes: file:///home/...",
        )
    end = len(rest)
    while end >= 0:
        path = Path("/" + decode(rest[:end]))
        if os.path.lexists(path):
            return _local(path, rest[end + 1 :])
        end = rest.rfind("#", 0, end)
    from mlrun.sources.addresses.missing import no_such_folder

    path = Path("/" + decode(rest.partition("#")[0]))
    raise no_such_folder(path, str(path))
