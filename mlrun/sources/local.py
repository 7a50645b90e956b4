"""A project in a folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path

from mlrun.errors import NotSupportedError, SourceError
from mlrun.sources.base import Checkout

_FILE_SCHEME = "file://"


def recognise(uri: str, cwd: Path) -> Path | None:
    """Return the folder that `uri` names, or None if it names something else.

    Like MLflow, whatever exists on this machine is local, and so is every `file://` URI.
    """
    if uri.startswith(_FILE_SCHEME):
        from urllib.parse import unquote, urlsplit

        return Path(unquote(urlsplit(uri).path))
    # Unlike pathlib's, it leaves the home of a user that there is not as it stands.
    path = cwd / os.path.expanduser(uri)  # noqa: PTH111
    return path if os.path.lexists(path) else None


def fetch(folder: Path, subfolder: str, version: str | None) -> Checkout:
    """Return the checkout of a project in a folder. The folder is used as it stands.

    Raises:
        SourceError: It is no folder, cannot be read, or has no such subfolder.
        NotSupportedError: A version of a local repository was asked for.
    """
    if folder.is_file() and folder.suffix in (".zip", ".tar", ".gz", ".tgz"):
        raise NotSupportedError(
            f"'{folder}' is an archive, and projects in archives are not supported yet",
            hint="unpack it and run the folder",
        )
    path = Path(os.path.abspath(folder / subfolder))
    _require_readable_folder(path)
    if version is not None:
        raise NotSupportedError(
            f"a version ({version!r}) of a project in a local folder is not supported yet",
            hint="check that version out (for example with `git worktree add`) and run its folder",
        )
    return Checkout(path=path, uri=path.as_uri())


def _require_readable_folder(path: Path) -> None:
    try:
        os.scandir(path).close()
    except FileNotFoundError:
        raise SourceError(f"there is no folder '{path}'") from None
    except NotADirectoryError:
        raise SourceError(
            f"'{path}' is a file; a project is a folder", hint=_folder_of(path)
        ) from None
    except OSError as error:
        raise SourceError(f"the folder '{path}' cannot be read: {error.strerror}") from None


def _folder_of(file: Path) -> str:
    from shlex import quote

    run = f"mlrun run {quote(str(file.parent))}"
    if file.name.lower().startswith("mlproject"):
        return f"run its folder: {run}"
    return f"to run one script of a folder: {run} -e {quote(file.name)}"
