"""The three ways in which a server gives out files: each lists a folder and names a file's path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from mlrun.tracking.api import ARTIFACTS, Json
from mlrun.tracking.artifact_addresses.server import Server


class Outlet(Protocol):
    """Files that a server gives out. Paths are below its root, with slashes."""

    def listing(self, server: Server, folder: str, token: str) -> Json:
        """Return a page of what is in a folder: `files`, perhaps `next_page_token`.

        Raises:
            TrackingError: No answer, or no as the answer.
        """

    def place(self, file: str) -> str:
        """Return the path, with the query, below the server's address."""

    def name_of(self, entry: str, folder: str) -> str:
        """Return an entry's name, empty for the folder itself."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What `mlflow-artifacts:` names."""

    def listing(self, server: Server, folder: str, token: str) -> Json:  # noqa: ARG002
        """Return what is in a folder; there are no pages."""
        return server.by_api(lambda api: api.list_artifacts(folder))

    def place(self, file: str) -> str:
        """Return the path of a file."""
        return f"{ARTIFACTS}/{quote(file)}"

    def name_of(self, entry: str, folder: str) -> str:  # noqa: ARG002
        """Return the entry, which is the name alone."""
        return entry


@dataclass(frozen=True, slots=True)
class OfRun:
    """What the server reads for its own pages: the files of a run, wherever it has them."""

    run_id: str

    def listing(self, server: Server, folder: str, token: str) -> Json:
        """Return a page of what is in a folder."""
        fields = _given(run_id=self.run_id, run_uuid=self.run_id, path=folder, page_token=token)
        return server.ask("GET", "artifacts/list", fields)

    def place(self, file: str) -> str:
        """Return the path of a file."""
        query = urlencode({"run_id": self.run_id, "run_uuid": self.run_id, "path": file})
        return f"/get-artifact?{query}"

    def name_of(self, entry: str, folder: str) -> str:
        """Return the name in an entry, which is a path below the run's artifacts."""
        return _last(entry, folder)


@dataclass(frozen=True, slots=True)
class OfLoggedModel:
    """The same for a logged model of MLflow 3."""

    model_id: str

    def listing(self, server: Server, folder: str, token: str) -> Json:
        """Return a page of what is in a folder."""
        fields = _given(artifact_directory_path=folder, page_token=token)
        return server.ask("GET", f"logged-models/{self.model_id}/artifacts/directories", fields)

    def place(self, file: str) -> str:
        """Return the path of a file."""
        query = urlencode({"artifact_file_path": file})
        return f"/ajax-api/2.0/mlflow/logged-models/{self.model_id}/artifacts/files?{query}"

    def name_of(self, entry: str, folder: str) -> str:
        """Return the name in an entry, which is a path below the model's files."""
        return _last(entry, folder)


def join(*parts: str) -> str:
    """Return a path of parts, some of which may be empty."""
    return "/".join(part for part in parts if part)


def _given(**fields: str) -> Json:
    return {name: text for name, text in fields.items() if text}


def _last(entry: str, folder: str) -> str:
    if entry.rstrip("/") == folder:
        return ""
    return entry.removeprefix(f"{folder}/") if folder else entry
