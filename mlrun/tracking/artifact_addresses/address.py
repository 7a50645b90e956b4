"""The addresses of artifacts as MLflow writes them, taken apart.

Everything after the first part is a path below it, taken as it is: no `%20` is undone, no `#` or
`?` ends it.
Source: mlflow.store.artifact of MLflow 3.17: `runs_artifact_repo`, `models_artifact_repo`
(`split_models_uri`), `utils.models` (`_parse_model_uri`), `mlflow_artifacts_repo`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlrun.errors import TrackingRefusedError

LATEST = "latest"

_RUN_ID = re.compile(r"[A-Za-z0-9][\w\-]{0,255}", re.ASCII)
_FULL_RUN_ID = re.compile(r"[0-9a-f]{32}")
_MODEL_ID = re.compile(r"m-\w+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.\-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")

_FORMS = "models:/NAME/VERSION, models:/NAME/latest, models:/NAME@ALIAS, or models:/m-ID"


@dataclass(frozen=True, slots=True)
class RunAddress:
    """`runs:/ID/PATH`; the path is empty for all artifacts of the run."""

    run_id: str
    path: str


@dataclass(frozen=True, slots=True)
class VersionAddress:
    """A version of a registered model, of which exactly one of the three is given.

    Attributes:
        name: Of the model.
        path: Below the version's files.
        number: `models:/NAME/3`.
        stage: `models:/NAME/Production`, or `latest` for the newest of all versions.
        alias: `models:/NAME@ALIAS`.
    """

    name: str
    path: str
    number: str | None = None
    stage: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedModelAddress:
    """`models:/m-ID/PATH`, a model of MLflow 3 that need not be registered."""

    model_id: str
    path: str


@dataclass(frozen=True, slots=True)
class ServedAddress:
    """`mlflow-artifacts:/PATH`, a path that the tracking server passes on.

    Attributes:
        host: Of the server, with its port, where it is not the tracking server; else empty.
        path: Below the root of the server's artifacts.
    """

    host: str
    path: str


Address = RunAddress | VersionAddress | LoggedModelAddress | ServedAddress


def is_address(uri: str) -> bool:
    """Return whether an address is of one of these kinds."""
    return uri.partition(":")[0] in _PARSERS


def parse_address(uri: str) -> Address:
    """Take an address apart.

    Raises:
        TrackingRefusedError: It is none that MLflow knows.
    """
    scheme, _, rest = uri.partition(":")
    host = ""
    if rest.startswith("//"):
        host, _, rest = rest[2:].partition("/")
    if scheme not in _PARSERS:
        raise TrackingRefusedError(f"{uri} is no address of artifacts")
    if host and scheme != "mlflow-artifacts":
        raise TrackingRefusedError(
            f"{uri} names a place before its path: {host}",
            hint=f"for the tracking store itself: {scheme}:/{host}/{rest}",
        )
    return _PARSERS[scheme](uri, host, checked_path(uri, rest))


def checked_path(uri: str, path: str) -> str:
    """Return a path below an address, with single slashes and without those at its ends.

    Raises:
        TrackingRefusedError: It leads out of where it begins, or no file has such a name.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path or "\\" in path:
        raise TrackingRefusedError(f"{uri} leads out of the artifacts that it names")
    return "/".join(parts)


def _run(uri: str, _: str, rest: str) -> RunAddress:
    run_id, _, path = rest.partition("/")
    if not _RUN_ID.fullmatch(run_id):
        raise TrackingRefusedError(
            f"{uri} names no run: {run_id!r} is no run's id", hint="it is like runs:/RUN_ID/PATH"
        )
    return RunAddress(run_id, path)


def _model(uri: str, _: str, rest: str) -> VersionAddress | LoggedModelAddress:
    name, _, below = rest.partition("/")
    name, at, alias = name.rpartition("@") if "@" in name else (name, "", "")
    if not name.strip() or ":" in name or (at and not alias.strip()):
        raise TrackingRefusedError(f"{uri} names no model", hint=f"it is like {_FORMS}")
    if at:
        return VersionAddress(name, below, alias=alias)
    if not below or (_MODEL_ID.fullmatch(name) and not _is_version(below.partition("/")[0])):
        if _MODEL_ID.fullmatch(name):
            return LoggedModelAddress(name, below)
        raise TrackingRefusedError(
            f"{uri} says no version of the model {name}", hint=f"it is like {_FORMS}"
        )
    chosen, _, path = below.partition("/")
    if chosen.isascii() and chosen.isdigit():
        return VersionAddress(name, path, number=str(int(chosen)))
    return VersionAddress(name, path, stage=LATEST if chosen.lower() == LATEST else chosen)


def _is_version(word: str) -> bool:
    """Return whether a word after a name that looks like an id makes it a registered model's."""
    return word.isdigit() or word.lower() in (LATEST, "none", "staging", "production", "archived")


def _served(uri: str, host: str, rest: str) -> ServedAddress:
    if host and not _HOST.fullmatch(host):
        raise TrackingRefusedError(f"{uri} names no server: {host!r}")
    if host.replace(".", "").isdigit() and host.count(".") != 3:
        raise TrackingRefusedError(
            f"{uri} names a port without a server", hint=f"it is like mlflow-artifacts:/{rest}"
        )
    return ServedAddress(host, rest)


def looks_complete(run_id: str) -> bool:
    """Return whether a run's id has the form that MLflow gives."""
    return _FULL_RUN_ID.fullmatch(run_id) is not None


_PARSERS = {"runs": _run, "models": _model, "mlflow-artifacts": _served}
