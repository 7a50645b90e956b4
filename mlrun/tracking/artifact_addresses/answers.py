"""A store that is asked by MLflow's REST API, whether over the network or in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.api import ApiRefusedError, ForeignAnswerError, Json
from mlrun.tracking.artifact_addresses.catalog import Owner, Registered, said

Ask = Callable[[str, str, Json], Json]
"""Asks an endpoint: method, its name below `/api/2.0/mlflow/`, fields.

Raises ApiRefusedError for MLflow's own no, ForeignAnswerError where there is no such endpoint.
"""

_MISSING = ("RESOURCE_DOES_NOT_EXIST", "ENDPOINT_NOT_FOUND", "NOT_FOUND")
_NO_MODEL_NAME = frozenset("/:.%\"'")
_ENDED = ("FINISHED", "FAILED", "KILLED")
_SHOWN = 100
_MOST_PAGES = 100


class AnsweredCatalog:
    """Reads the answers.

    Args:
        uri: The store, for messages.
        ask: Asks it.
    """

    def __init__(self, uri: str, ask: Ask) -> None:
        self.uri = uri
        self._ask = ask

    def run(self, run_id: str) -> Owner | None:
        """Return a run, None if there is none."""
        answer = self._found("runs/get", {"run_id": run_id, "run_uuid": run_id})
        info = _part(answer, "run", "info")
        if answer is None or not info:
            return None
        ended = said(info.get("end_time")) if info.get("status") in _ENDED else ""
        return Owner(
            uri=said(info.get("artifact_uri")),
            identity=f"run {run_id} {ended}" if ended else None,
            run_id=run_id,
            experiment_id=said(info.get("experiment_id")),
            is_deleted=info.get("lifecycle_stage") == "deleted",
        )

    def logged_model(self, model_id: str) -> Owner | None:
        """Return a logged model that is not deleted, None if there is none."""
        answer = self._found(f"logged-models/{model_id}", {})
        return _logged_model(_part(answer, "model"))

    def model_of_run(self, run: Owner, name: str) -> Owner | None:
        """Return the newest logged model of this name that a run has made, None for none."""
        if not name or _NO_MODEL_NAME & set(name):
            return None
        fields: Json = {
            "experiment_ids": [run.experiment_id],
            "filter": f"name = '{name}' AND source_run_id = '{run.run_id}'",
        }
        for model in self._pages("logged-models/search", fields, "models"):
            if _part(model, "info").get("source_run_id") == run.run_id:
                return _logged_model(model)
        return None

    def registered(self, name: str) -> Registered | None:
        """Return a registered model, None if there is none."""
        answer = self._found("registered-models/get", {"name": name})
        model = _part(answer, "registered_model")
        if not model:
            return None
        stages = {said(v.get("current_stage")): v for v in _list(model, "latest_versions")}
        return Registered(
            name=name,
            stages={
                stage: said(v["version"])
                for stage, v in stages.items()
                if said(v.get("version")).isdigit()
            },
            aliases={said(a.get("alias")): said(a.get("version")) for a in _list(model, "aliases")},
        )

    def version(self, name: str, number: str) -> Owner | None:
        """Return a version of a registered model, None if there is none."""
        fields = {"name": name, "version": number}
        version = _part(self._found("model-versions/get", fields), "model_version")
        place = self._found("model-versions/get-download-uri", fields) if version else None
        if place is None:
            return None
        created = said(version.get("creation_timestamp"))
        return Owner(
            uri=said(place.get("artifact_uri")),
            identity=f"version {name}/{number} {created}" if created else None,
            run_id=said(version.get("run_id")),
            model_id=said(version.get("model_id")),
        )

    def version_numbers(self, name: str) -> tuple[str, ...]:
        """Return versions of a registered model, perhaps not all."""
        if "'" in name:
            return ()
        query = {"filter": f"name='{name}'", "max_results": _SHOWN}
        found = self._shown("model-versions/search", query, "model_versions")
        return tuple(sorted((said(v.get("version")) for v in found), key=lambda n: (len(n), n)))

    def model_names(self) -> tuple[str, ...]:
        """Return names of registered models, perhaps not all."""
        query = {"max_results": _SHOWN}
        found = self._shown("registered-models/search", query, "registered_models")
        return tuple(said(model.get("name")) for model in found)

    def _found(self, endpoint: str, fields: Json) -> Json | None:
        try:
            return self._ask("GET", endpoint, fields)
        except (ApiRefusedError, ForeignAnswerError) as error:
            if _is_missing(error):
                return None
            raise

    def _pages(self, endpoint: str, fields: Json, member: str) -> Iterator[Json]:
        for _ in range(_MOST_PAGES):
            try:
                answer = self._ask("POST", endpoint, fields)
            except (ApiRefusedError, ForeignAnswerError) as error:
                if _is_missing(error):
                    return
                raise
            yield from _list(answer, member)
            token = said(answer.get("next_page_token"))
            if not token:
                return
            fields = {**fields, "page_token": token}

    def _shown(self, endpoint: str, fields: Json, member: str) -> list[Json]:
        """Return what only makes a message better."""
        try:
            return _list(self._ask("GET", endpoint, fields), member)
        except TrackingRefusedError:
            return []


def _is_missing(error: ApiRefusedError | ForeignAnswerError) -> bool:
    if isinstance(error, ApiRefusedError):
        return error.error_code in _MISSING
    return error.status in (404, 405)


def _logged_model(model: Json) -> Owner | None:
    info = _part(model, "info")
    if not info.get("artifact_uri"):
        return None
    model_id = said(info.get("model_id"))
    changed = said(info.get("last_updated_timestamp_ms"))
    is_whole = info.get("status") in ("LOGGED_MODEL_READY", 2)
    return Owner(
        uri=said(info["artifact_uri"]),
        identity=f"model {model_id} {changed}" if is_whole and changed else None,
        run_id=said(info.get("source_run_id")),
        model_id=model_id,
    )


def _part(answer: Any, *names: str) -> Json:
    """Return a part of an answer, empty where it is not there."""
    for name in names:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer if isinstance(answer, dict) else {}


def _list(answer: Json, name: str) -> list[Json]:
    members = answer.get(name)
    return [m for m in members if isinstance(m, dict)] if isinstance(members, list) else []
