"""What lies in two places under one address: a run's own files, and those of its logged model.

Since MLflow 3 a model that a run logs as `model` lies beside the run's artifacts, and
`runs:/ID/model` means both: where both have a file, that of the model counts.
Source: mlflow.store.artifact.runs_artifact_repo of MLflow 3.17.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from mlrun.errors import InputError, InputUnavailableError
from mlrun.inputs.base import RemoteData, RemoteFile
from mlrun.inputs.failures import ChangedError
from mlrun.tracking.artifact_addresses.served import Label


class MergedData:
    """Both as one.

    Args:
        of_run: What the run has itself.
        of_model: What the logged model has.
        label: How the address is called.
    """

    def __init__(self, of_run: RemoteData, of_model: RemoteData, label: Label) -> None:
        self.shown, self.name, self.key = label.shown, label.name, label.key
        self._parts = (of_run, of_model)
        self._places: dict[str, RemoteData] = {}

    def files(self) -> tuple[RemoteFile, ...]:
        """Return what is in both.

        Raises:
            InputUnavailableError: No answer; another try may help.
            InputError: Neither has such a thing.
        """
        found: dict[str, tuple[RemoteFile, RemoteData]] = {}
        refusal: InputError | None = None
        is_there = False
        for part in self._parts:
            try:
                files = part.files()
            except InputUnavailableError:
                raise
            except InputError as error:
                # The hint of either says what is there instead.
                refusal = error if refusal is None or error.hint is not None else refusal
                continue
            is_there = True
            if "" in found or [file.path for file in files] == [""]:
                found = {}  # a file, which cannot be merged with what is in the other place
            found.update((file.path, (file, part)) for file in files)
        if not is_there and refusal is not None:
            raise refusal
        self._places = {path: part for path, (_, part) in found.items()}
        return tuple(file for file, _ in found.values())

    def read(self, file: RemoteFile, offset: int) -> AbstractContextManager[Iterator[bytes]]:
        """Return the content from an offset, in blocks.

        Raises:
            InputUnavailableError: No answer, a stalled or cut-off transfer.
            InputError: It may not be read, or is another one than `file` says by now.
        """
        if file.path not in self._places:
            self.files()
        part = self._places.get(file.path)
        if part is None:
            raise ChangedError(f"{self.shown} has no {file.path} any more")
        return part.read(file, offset)
