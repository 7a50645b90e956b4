"""What a server may have, where nobody is to be asked: known by its address alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from mlrun.inputs.base import RemoteFile
from mlrun.inputs.failures import NoServerError
from mlrun.tracking.artifact_addresses.served import Label


class UnaskedData:
    """Serves to find in the cache what was fetched from that address before.

    Args:
        label: How it is called, as when it was fetched.
    """

    def __init__(self, label: Label) -> None:
        self.shown, self.name, self.key = label.shown, label.name, label.key

    def files(self) -> tuple[RemoteFile, ...]:
        """Raise NoServerError: nobody is asked."""
        raise NoServerError(f"{self.shown}: no server is asked offline")

    def read(self, file: RemoteFile, offset: int) -> AbstractContextManager[Iterator[bytes]]:
        """Raise NoServerError: nobody is asked."""
        raise NoServerError(f"{self.shown}: no server is asked offline ({file.path}, {offset})")
