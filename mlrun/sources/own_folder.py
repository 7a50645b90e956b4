"""The folder that a run has for itself while it runs: its checkout, or its unpacked archive.

::

    <cache>/work/<id>/lease         held (exclusive) by the mlrun whose run it is
                      about.json    whose it is: what was fetched, process, time, whether kept
                      NAME/         the folder itself, named as the repository or the archive

A folder whose lease nobody holds was left by an mlrun that was killed, and goes with the next
sweep; one that the user asked to keep stays.
"""

from __future__ import annotations

from pathlib import Path

from mlrun.lease import Lease


class OwnFolder:
    """A folder that exists until it is released.

    Attributes:
        path: The folder (`NAME/`); it is there, and empty, when it is given out.
    """

    path: Path

    def hold(self, lease: Lease) -> None:
        """Let go of a lease (on a mirror that the folder borrows from) when this one goes."""
        raise NotImplementedError

    def release(self, *, keep: bool = False) -> None:
        """Remove the folder; a second call does nothing. Never raises.

        Args:
            keep: Leave it where it is, marked as the user's, and able to do without the cache.
        """
        raise NotImplementedError


def make_own_folder(name: str, uri: str) -> OwnFolder:
    """Make a folder for one run.

    Args:
        name: What to call it; anything that cannot be a file's name is replaced.
        uri: What it is for, without credentials.

    Raises:
        SourceError: The cache cannot be written.
    """
    raise NotImplementedError


def sweep_own_folders() -> None:
    """Remove what killed runs have left behind. Never raises."""
    raise NotImplementedError
