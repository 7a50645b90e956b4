"""The plan: what would be done, frozen, as JSON.

A plan has two halves. The *work* says what is run; two runs did the same work when the hashes
of their work are equal. The *delivery* says where it is run and recorded. Nothing in a plan
belongs to one run: no temporary path, no rendered command, no secret. Its JSON form is
described by `schemas/plan.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any

from mlrun.light_dataclass import dataclass

PLAN_VERSION = 1

PROJECT = "."
"""What a path of a fetched project is relative to: its folder, which is another in each run."""


@dataclass(frozen=True)
class PlanSource:
    """Where the code is.

    Attributes:
        uri: Absolute, without credentials.
        commit: Full hash, None outside a repository.
        branch: The branch that the commit was taken as; it does not matter for what is run.
        repo_url: The repository's remote, without credentials.
        dirty: Whether the code differs from the commit; None where unknown.
        digest: SHA-256 of the archive that the project came in.
    """

    uri: str
    commit: str | None = None
    branch: str | None = None
    repo_url: str | None = None
    dirty: bool | None = None
    digest: str | None = None


@dataclass(frozen=True)
class PlanParameter:
    """One value, as given.

    Attributes:
        name: Of the parameter.
        type: `ParameterType` by its value, None for one that the entry point doesn't declare.
        value: The text as given; a relative path stays relative. Of a secret it is what names it
            (`@FILE`, `env:NAME`), of a remote path the address without credentials.
        origin: `default`, `file` or `flag`.
        base: What a relative path, or the file of a secret, is relative to: an absolute folder,
            or `PROJECT` for the folder of a project that was fetched; None for other types.
    """

    name: str
    type: str | None
    value: str
    origin: str
    base: str | None = None


@dataclass(frozen=True)
class PlanEnvironment:
    """What the command runs in.

    Attributes:
        manager: `local`, `uv`, `virtualenv`, `conda`, `docker`.
        digest: Hash of all that it is made from, None for `local`.
        as_of: The date that packages are chosen for, ISO 8601; None for the day of the run.
        locked: Whether the project's lock says exactly what is installed.
        image: The container's image, as the project names it.
        docker_args: Options for the container, by name; without values of variables, which
            may be secret.
    """

    manager: str
    digest: str | None = None
    as_of: str | None = None
    locked: bool = False
    image: str | None = None
    docker_args: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """What is run."""

    source: PlanSource
    project: str | None
    entry_point: str
    parameters: tuple[PlanParameter, ...]
    command: str
    environment: PlanEnvironment

    def digest(self) -> str:
        """Return a hash that is equal for equal work, as hexadecimal digits."""
        from mlrun.hashing import hash_of

        work = asdict(self)
        del work["source"]["branch"]
        # What says nothing is left out, so that a plan of an mlrun that did not know it is equal.
        work["environment"] = {
            name: value
            for name, value in work["environment"].items()
            if value or name in ("manager", "digest")
        }
        return hash_of(json.dumps(work, sort_keys=True, separators=(",", ":")))


@dataclass(frozen=True)
class Delivery:
    """Where the work is done and recorded."""

    tracking_uri: str | None
    experiment_name: str | None = None
    experiment_id: str | None = None
    run_name: str | None = None
    parent_run_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    log_parameters: bool = True
    backend: str = "local"


@dataclass(frozen=True)
class Plan:
    """One run, decided but not begun."""

    work: Work
    delivery: Delivery

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as `plan.schema.json` describes it."""
        return {
            "version": PLAN_VERSION,
            "work": asdict(self.work),
            "delivery": asdict(self.delivery),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Plan:
        """Return the plan that `to_dict` wrote.

        Raises:
            ValueError: It was written in a version that this mlrun doesn't know.
        """
        if document.get("version") != PLAN_VERSION:
            raise ValueError(f"a plan of version {document.get('version')!r} cannot be read")
        work = dict(document["work"])
        work["source"] = PlanSource(**work["source"])
        work["parameters"] = tuple(PlanParameter(**p) for p in work["parameters"])
        work["environment"] = _environment(work["environment"])
        return cls(Work(**work), Delivery(**document["delivery"]))


def _environment(document: Mapping[str, Any]) -> PlanEnvironment:
    given = document.get("docker_args", {})
    arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    return PlanEnvironment(**{**document, "docker_args": arguments})
