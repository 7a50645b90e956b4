"""What is asked of a tracking store about artifacts: where the files lie of what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Owner:
    """What has artifacts.

    Attributes:
        uri: Where they are, as the store says: `mlflow-artifacts:/...`, `file:...`, `s3:...`.
        identity: What is equal as long as the same files are meant; None while they may change
            (the run or the upload goes on), or where the store says nothing of the kind.
        run_id: The run that made them; empty if none did.
        model_id: Of a logged model; else empty.
        experiment_id: Of a run; else empty.
        is_deleted: Whether it is in the trash.
    """

    uri: str
    identity: str | None
    run_id: str = ""
    model_id: str = ""
    experiment_id: str = ""
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered model.

    Attributes:
        name: Its name.
        stages: The newest version's number of each stage that one is in.
        aliases: The version's number of each alias.
    """

    name: str
    stages: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def newest(self) -> str | None:
        """The greatest number of all, None if there is no version."""
        return max(self.stages.values(), key=int, default=None)


class Catalog(Protocol):
    """One tracking store, as far as artifacts are concerned. Nothing is written.

    Each method raises TrackingUnavailableError where the store does not answer, and
    TrackingRefusedError where it may not be asked or is damaged.
    """

    uri: str
    """The store, as a message names it."""

    def run(self, run_id: str) -> Owner | None:
        """Return a run, None if there is none."""

    def logged_model(self, model_id: str) -> Owner | None:
        """Return a logged model that is not deleted, None if there is none."""

    def model_of_run(self, run: Owner, name: str) -> Owner | None:
        """Return the newest logged model of this name that a run has made, None for none."""

    def registered(self, name: str) -> Registered | None:
        """Return a registered model, None if there is none."""

    def version(self, name: str, number: str) -> Owner | None:
        """Return a version of a registered model, None if there is none."""

    def version_numbers(self, name: str) -> tuple[str, ...]:
        """Return versions of a registered model, perhaps not all: for a message."""

    def model_names(self) -> tuple[str, ...]:
        """Return names of registered models, perhaps not all: for a message."""


def said(value: object) -> str:
    """Return what a store says in a field, as a text; empty where it says nothing."""
    return "" if value is None else str(value)
