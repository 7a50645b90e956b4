"""A tracking server, reached by MLflow's REST API.

At most three requests precede the command: the experiment looked up by its name, the run
made, the parameters logged. What would be a fourth is sent after the command has started.
"""

from __future__ import annotations

import os
import re

from mlrun.errors import Problem, TrackingError, TrackingRefusedError
from mlrun.tracking.api import ApiRefusedError, Json, TrackingApi
from mlrun.tracking.base import RunEnd, RunStart, RunStatus, TrackedRun
from mlrun.tracking.batches import as_entries, make_batches
from mlrun.tracking.credentials import Credentials
from mlrun.tracking.limits import PARAMETER_LENGTHS, fit_parameters, fit_tags
from mlrun.tracking.refusals import (
    cannot_change,
    deleted_experiment,
    deleted_run,
    missing_experiment,
    missing_run,
    stays_in,
)

DEFAULT_EXPERIMENT = "0"
LAUNCH_TAG = "mlrun.launch"
RUN_NAME_TAG = "mlflow.runName"

_MISSING = "RESOURCE_DOES_NOT_EXIST"
_EXISTS = "RESOURCE_ALREADY_EXISTS"
_STATUS_PATIENCE = 5.0

# A folder on this machine gets the name.
_RUN_ID = re.compile(r"\w[\w.-]*", re.ASCII)


class RestStore:
    """Records runs on a tracking server.

    Args:
        uri: The server's address, without credentials.
        api: Speaks to it.
        credentials: With which.
        client_uri: The address for the command's client, where that must differ.
    """

    def __init__(
        self,
        uri: str,
        api: TrackingApi,
        credentials: Credentials | None = None,
        client_uri: str | None = None,
    ) -> None:
        self.uri = uri
        self._api = api
        self._credentials = credentials
        self._client_uri = client_uri or uri
        self.begun: TrackedRun | None = None
        self._waiting: list[Json] = []

    def start(self, start: RunStart) -> TrackedRun:
        """Make or continue a run.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        return self._make(start) if start.run_id is None else self._continue(start, start.run_id)

    def after_launch(self) -> None:
        """Send the parameters, where they would have been a fourth request.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        while self._waiting:
            warnings = self._log(self._waiting[0])
            self._waiting.pop(0)
            if warnings:
                raise TrackingRefusedError(warnings[-1].message, hint=warnings[-1].hint)

    def leave_to(self, api: TrackingApi) -> None:
        """Send by another way what could not be sent after the start.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        own, self._api = self._api, api
        try:
            self.after_launch()
        finally:
            self._api = own

    def status(self, run_id: str) -> RunStatus | None:
        """Return the server's state of the run, None for one that mlrun does not use.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        answer = self._api.get("runs/get", _ids(run_id), patience=_STATUS_PATIENCE)
        text = _info(answer, self.uri).get("status")
        return RunStatus(text) if text in {status.value for status in RunStatus} else None

    def finish(self, end: RunEnd) -> None:
        """Record the end of a run.

        Raises:
            TrackingUnavailableError: No answer.
            TrackingRefusedError: The answer was no.
        """
        update = {**_ids(end.run_id), "status": end.status.value, "end_time": end.end_time}
        self._api.post("runs/update", update)
        tags, _ = fit_tags(end.tags)
        for batch in make_batches(end.run_id, tags, {}):
            self._api.post("runs/log-batch", batch)
        self.after_launch()

    def keep_artifact(self, run: TrackedRun, path: str, content: bytes) -> bool:
        """Add a file to a run's artifacts, where the server itself takes them."""
        scheme, _, root = (run.artifact_uri or "").partition(":")
        if scheme != "mlflow-artifacts":
            return False
        try:
            self._api.put_artifact(f"{_path_on_server(root)}/{path}", content)
        except TrackingError:
            return False
        return True

    def close(self) -> None:
        """Let go of the connection."""
        self._api.close()

    def _make(self, start: RunStart) -> TrackedRun:
        experiment_id, was_made = self._experiment(start)
        tags, tag_warnings = fit_tags(start.tags)
        parameters, parameter_warnings = fit_parameters(start.parameters)
        info = self._create_run(start, experiment_id, tags)
        self.begun = self._tracked(start, info, ())
        batches = make_batches(self.begun.run_id, {}, parameters)
        warnings = self._log_now_or_later(batches, later=was_made)
        return self._tracked(start, info, (*tag_warnings, *parameter_warnings, *warnings))

    def _experiment(self, start: RunStart) -> tuple[str, bool]:
        """Return the experiment's id, and whether it had to be made."""
        if start.experiment_id is not None:
            return start.experiment_id, False
        if start.experiment_name is None:
            return DEFAULT_EXPERIMENT, False
        found = self._look_up(start.experiment_name)
        if found is not None:
            return found, False
        try:
            made = self._api.post("experiments/create", {"name": start.experiment_name})
            return str(made["experiment_id"]), True
        except ApiRefusedError as error:
            if error.error_code != _EXISTS:
                raise
        except KeyError:
            raise _incomplete(self.uri, "experiment_id") from None
        found = self._look_up(start.experiment_name)
        if found is None:
            raise _incomplete(self.uri, "experiment")
        return found, True

    def _look_up(self, name: str) -> str | None:
        try:
            answer = self._api.get("experiments/get-by-name", {"experiment_name": name})
        except ApiRefusedError as error:
            if error.error_code == _MISSING:
                return None
            raise
        experiment = answer.get("experiment")
        if not isinstance(experiment, dict) or "experiment_id" not in experiment:
            raise _incomplete(self.uri, "experiment_id")
        identifier = str(experiment["experiment_id"])
        if experiment.get("lifecycle_stage") == "deleted":
            raise deleted_experiment(name, identifier)
        return identifier

    def _create_run(self, start: RunStart, experiment_id: str, tags: dict[str, str]) -> Json:
        # A creation that went unanswered and is repeated would make two runs; the mark tells
        # whether it got through.
        mark = os.urandom(16).hex()
        name = start.run_name or tags.get(RUN_NAME_TAG)
        names = {RUN_NAME_TAG: name} if name else {}
        body: Json = {
            "experiment_id": experiment_id,
            "user_id": start.user,
            "start_time": start.start_time,
            "tags": as_entries({**tags, **names, LAUNCH_TAG: mark}),
        }
        if name:
            body["run_name"] = name
        try:
            answer = self._api.post(
                "runs/create", body, recover=lambda: self._find_marked(experiment_id, mark)
            )
        except ApiRefusedError as error:
            raise self._explained(error, experiment_id) from None
        return _info(answer, self.uri)

    def _explained(self, error: ApiRefusedError, experiment_id: str) -> TrackingRefusedError:
        if error.error_code == _MISSING:
            return missing_experiment(experiment_id, self.uri)
        if "'active'" in error.message or "non-active" in error.message:
            return deleted_experiment(experiment_id, experiment_id)
        return error

    def _find_marked(self, experiment_id: str, mark: str) -> Json | None:
        query: Json = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{LAUNCH_TAG}` = '{mark}'",
            "max_results": 1,
        }
        runs = self._api.post("runs/search", query).get("runs")
        return {"run": runs[0]} if isinstance(runs, list) and runs else None

    def _continue(self, start: RunStart, run_id: str) -> TrackedRun:
        try:
            answer = self._api.get("runs/get", _ids(run_id))
        except ApiRefusedError as error:
            if error.error_code == _MISSING:
                raise missing_run(run_id, self.uri) from None
            raise
        info = _info(answer, self.uri)
        if info.get("lifecycle_stage") == "deleted":
            raise deleted_run(run_id)
        asked, looked_up = self._asked_experiment(start)
        self._api.post("runs/update", _restart(start, run_id, info))
        self.begun = self._tracked(start, info, ())
        parameters, warnings = self._to_add(start, answer["run"])
        tags, tag_warnings = fit_tags(start.tags)
        batches = make_batches(run_id, tags, parameters)
        warnings += tag_warnings + self._log_now_or_later(batches, later=looked_up)
        if asked not in (None, str(info["experiment_id"])):
            warnings += (stays_in(run_id, str(info["experiment_id"])),)
        return self._tracked(start, info, warnings)

    def _asked_experiment(self, start: RunStart) -> tuple[str | None, bool]:
        """Return the id of the experiment that was asked for, and whether it was looked up."""
        if start.experiment_id is not None or start.experiment_name is None:
            return start.experiment_id, False
        return self._look_up(start.experiment_name) or "", True

    def _to_add(self, start: RunStart, run: Json) -> tuple[dict[str, str], tuple[Problem, ...]]:
        parameters, warnings = fit_parameters(start.parameters)
        data = run.get("data")
        logged = data.get("params", []) if isinstance(data, dict) else []
        there = {str(entry["key"]): str(entry.get("value", "")) for entry in logged}
        changed = tuple(
            cannot_change(name, there[name])
            for name, value in parameters.items()
            if there.get(name, value) != value
        )
        missing = {name: value for name, value in parameters.items() if name not in there}
        return missing, warnings + changed

    def _log_now_or_later(self, batches: list[Json], *, later: bool) -> tuple[Problem, ...]:
        self._waiting.extend(batches)
        warnings: tuple[Problem, ...] = ()
        while self._waiting and not later:
            warnings += self._log(self._waiting[0])
            self._waiting.pop(0)  # what breaks off stays, for a run that goes on all the same
        return warnings

    def _log(self, batch: Json) -> tuple[Problem, ...]:
        """Log a batch, with shorter values for an old server; a refusal is only a warning."""
        warnings: tuple[Problem, ...] = ()
        refusal = self._refusal_of(batch)
        given = {entry["key"]: entry["value"] for entry in batch["params"]}
        for longest in PARAMETER_LENGTHS[1:]:
            shorter, cut = fit_parameters(given, longest)
            if refusal is not None and cut:
                warnings = cut
                refusal = self._refusal_of({**batch, "params": as_entries(shorter)})
        if refusal is None:
            return warnings
        return (Problem(f"parameters are not recorded: {refusal.message}"),)

    def _refusal_of(self, batch: Json) -> ApiRefusedError | None:
        try:
            self._api.post("runs/log-batch", batch)
        except ApiRefusedError as error:
            if error.error_code not in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"):
                raise
            return error
        return None

    def _tracked(self, start: RunStart, info: Json, warnings: tuple[Problem, ...]) -> TrackedRun:
        run_id, experiment_id = str(info["run_id"]), str(info["experiment_id"])
        variables = {
            "MLFLOW_TRACKING_URI": self._client_uri,
            "MLFLOW_RUN_ID": run_id,
            "MLFLOW_EXPERIMENT_ID": experiment_id,
        }
        if self._credentials is not None:
            variables.update(self._credentials.variables())
        return TrackedRun(
            run_id=run_id,
            experiment_id=experiment_id,
            experiment_name=start.experiment_name,
            artifact_uri=info.get("artifact_uri"),
            variables=variables,
            # A client compares the experiment of this name with the id, and raises.
            unset=("MLFLOW_EXPERIMENT_NAME",),
            web_url=self._web_url(experiment_id, run_id),
            warnings=warnings,
        )

    def _web_url(self, experiment_id: str, run_id: str) -> str | None:
        # Behind the gateway of an enclosing run there may be a database.
        if not self.uri.startswith(("http:", "https:")):
            return None
        return f"{self.uri}/#/experiments/{experiment_id}/runs/{run_id}"


def _path_on_server(root: str) -> str:
    """Return an artifacts' path without the server that may stand before it."""
    return root.removeprefix("//").partition("/")[2] if root.startswith("//") else root.strip("/")


def _ids(run_id: str) -> dict[str, str]:
    # Servers of MLflow 1.x know a run by its uuid.
    return {"run_id": run_id, "run_uuid": run_id}


def _info(answer: Json, uri: str) -> Json:
    """Return the run's info with its id under the name `run_id`."""
    run = answer.get("run")
    info = run.get("info") if isinstance(run, dict) else None
    if not isinstance(info, dict):
        raise _incomplete(uri, "run")
    run_id = info.get("run_id") or info.get("run_uuid") or ""
    if _RUN_ID.fullmatch(str(run_id)) is None or "experiment_id" not in info:
        raise _incomplete(uri, "run's ids")
    return {**info, "run_id": run_id}


def _restart(start: RunStart, run_id: str, info: Json) -> Json:
    """Return the update that continues a run; like MLflow's client it keeps the old end."""
    update: Json = {**_ids(run_id), "status": RunStatus.RUNNING.value}
    if info.get("end_time"):
        update["end_time"] = info["end_time"]
    if start.run_name:
        update["run_name"] = start.run_name
    return update


def _incomplete(uri: str, what: str) -> TrackingRefusedError:
    return TrackingRefusedError(
        f"{uri} answered, but not as an MLflow tracking server does: no {what} in its answer",
        hint="check the address of the tracking server",
    )
