"""What a URI names: a folder, an archive, or a repository.

Nothing is fetched here. Recognised in this order: what exists on this machine, `file://`,
shorthands (`gh:owner/name`), archives by their ending, web addresses of a folder at a ref, Git.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlrun.sources.git.url import GitUrl


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder on this machine: a project, a repository's working tree, or a bare repository.

    Attributes:
        folder: Absolute.
        subfolder: Below it, with `/`; empty for itself. It never leads out.
    """

    folder: Path
    subfolder: str = ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
    """
    raise NotImplementedError
