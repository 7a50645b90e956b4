"""A run that could not be made at its start: what stands for it, how it is made later.

It begins under ids of its own, long and random. Its creation is the journal's first entry;
once it is delivered, the server's ids are known, and the command's client still uses its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from mlrun.tracking.base import RunStart
from mlrun.tracking.batches import as_entries, make_batches
from mlrun.tracking.gateway.records import Draft
from mlrun.tracking.gateway.shipping import NotNowError
from mlrun.tracking.limits import PARAMETER_LENGTHS, fit_parameters, fit_tags
from mlrun.tracking.rest import LAUNCH_TAG, RUN_NAME_TAG

if TYPE_CHECKING:
    from mlrun.tracking.gateway.upstream import Answer, Upstream

Json = dict[str, Any]

_API = "/api/2.0/mlflow/"
_PROXIED = "mlflow-artifacts:"
_EXPERIMENT_FIELDS = frozenset(("experiment_id", "experiment_ids"))


@dataclass(frozen=True)
class ProvisionalRun:
    """What stands for a run that is not on the server yet.

    Attributes:
        document: What makes it, as the journal's first entry keeps it.
        run: As `runs/get` answers it.
        experiment: As `experiments/get` answers it.
    """

    document: Json
    run: Json
    experiment: Json

    def draft(self) -> Draft:
        """Return the entry that makes it."""
        body = json.dumps(self.document).encode()
        return Draft("run", "POST", f"{_API}runs/create", "application/json", body)


def stand_in(start: RunStart, run_id: str, experiment_id: str) -> ProvisionalRun:
    """Return what stands for a run until it can be made.

    Args:
        start: What was to be recorded.
        run_id: The provisional one: 32 random hexadecimal digits.
        experiment_id: A provisional one where the experiment is given by its name, 18 random
            digits; otherwise the one that was asked for.
    """
    tags, _ = fit_tags(start.tags)
    parameters, _ = fit_parameters(start.parameters)
    name = start.run_name or tags.get(RUN_NAME_TAG) or f"run-{run_id[:8]}"
    tags[RUN_NAME_TAG] = name
    document: Json = {
        "run_id": run_id,
        "experiment_id": experiment_id,
        "experiment_name": start.experiment_name,
        "continues": start.run_id,
        "artifact_path": f"provisional-{run_id}",
        "mark": os.urandom(16).hex(),
        "run_name": name,
        "user_id": start.user,
        "start_time": start.start_time,
        "tags": tags,
        "parameters": parameters,
    }
    info = {
        "run_id": run_id,
        "run_uuid": run_id,
        "run_name": name,
        "experiment_id": experiment_id,
        "user_id": start.user,
        "status": "RUNNING",
        "start_time": start.start_time,
        "artifact_uri": f"{_PROXIED}/{document['artifact_path']}",
        "lifecycle_stage": "active",
    }
    data = {"params": as_entries(parameters), "tags": as_entries(tags)}
    experiment = {
        "experiment_id": experiment_id,
        "name": start.experiment_name or ("Default" if experiment_id == "0" else experiment_id),
        "artifact_location": f"{_PROXIED}/{document['artifact_path']}",
        "lifecycle_stage": "active",
    }
    return ProvisionalRun(document, {"info": info, "data": data, "inputs": {}}, experiment)


async def make_run(upstream: Upstream, document: Mapping[str, Any]) -> dict[str, str]:
    """Make the run on the server, with its experiment and parameters; twice makes it once.

    Args:
        upstream: The server.
        document: What `stand_in` made of it.

    Returns:
        What is to be put in the place of what: the artifacts' path, the ids.

    Raises:
        UpstreamAway: No answer.
        NotNowError: The server refuses.
    """
    experiment_id = await _experiment(upstream, document)
    run = await _continued(upstream, document) or await _found(upstream, document, experiment_id)
    if run is None:
        run = await _created(upstream, document, experiment_id)
    info = run["info"]
    run_id = str(info.get("run_id") or info["run_uuid"])
    await _log_parameters(upstream, run_id, document["parameters"])
    real: dict[str, str] = {}
    uri = str(info.get("artifact_uri") or "")
    if uri.startswith(_PROXIED):
        # First, since the run's id is part of it.
        real[document["artifact_path"]] = quote(urlsplit(uri).path.strip("/"))
    real[document["run_id"]] = run_id
    if document["experiment_name"] is not None:
        real[document["experiment_id"]] = str(info["experiment_id"])
    return real


class Translation:
    """Between the ids that the command's client uses and the server's.

    Args:
        real: What `make_run` returned.
    """

    def __init__(self, real: Mapping[str, str]) -> None:
        self._outward = [(ours.encode(), theirs.encode()) for ours, theirs in real.items()]
        self._runs = {theirs: ours for ours, theirs in real.items() if len(ours) == 32}
        self._experiments = {theirs: ours for ours, theirs in real.items() if ours.isdigit()}

    def outward(self, sent: bytes) -> bytes:
        """Return what is sent, with the server's ids."""
        for ours, theirs in self._outward:
            sent = sent.replace(ours, theirs)
        return sent

    def inward(self, content: Any, field: str = "") -> Any:
        """Return an answer's content with the client's ids. Artifacts stay where they are."""
        if isinstance(content, dict):
            return {name: self.inward(value, name) for name, value in content.items()}
        if isinstance(content, list):
            return [self.inward(value, field) for value in content]
        if not isinstance(content, str):
            return content
        if field in _EXPERIMENT_FIELDS:
            return self._experiments.get(content, content)
        return self._runs.get(content, content)


async def _experiment(upstream: Upstream, document: Mapping[str, Any]) -> str:
    name = document["experiment_name"]
    if name is None or document["continues"]:
        return str(document["experiment_id"])
    found = await _look_up(upstream, name)
    if found is None:
        answer = await _post(upstream, "experiments/create", {"name": name})
        if answer.status == 200:
            return str(_content(answer)["experiment_id"])
        # Another may have been faster.
        found = await _look_up(upstream, name)
        if found is None:
            raise _refused("the experiment", answer)
    if found.get("lifecycle_stage") == "deleted":
        raise NotNowError(f"the experiment {name!r} is deleted there")
    return str(found["experiment_id"])


async def _look_up(upstream: Upstream, name: str) -> Json | None:
    query = urlencode({"experiment_name": name})
    answer = await upstream.send("GET", f"{_API}experiments/get-by-name?{query}")
    if answer.status == 404 and _content(answer).get("error_code") == "RESOURCE_DOES_NOT_EXIST":
        return None
    if answer.status != 200:
        raise _refused("to look up the experiment", answer)
    experiment: Json = _content(answer)["experiment"]
    return experiment


async def _continued(upstream: Upstream, document: Mapping[str, Any]) -> Json | None:
    run_id = document["continues"]
    if not run_id:
        return None
    query = urlencode({"run_id": run_id, "run_uuid": run_id})
    answer = await upstream.send("GET", f"{_API}runs/get?{query}")
    if answer.status != 200:
        raise _refused(f"the run {run_id}", answer)
    tags = as_entries(document["tags"])
    await _post(upstream, "runs/log-batch", {"run_id": run_id, "tags": tags})
    run: Json = _content(answer)["run"]
    return run


async def _found(
    upstream: Upstream, document: Mapping[str, Any], experiment_id: str
) -> Json | None:
    """Return the run that an earlier attempt has made, whose answer was lost."""
    query = {
        "experiment_ids": [experiment_id],
        "filter": f"tags.`{LAUNCH_TAG}` = '{document['mark']}'",
        "max_results": 1,
    }
    answer = await _post(upstream, "runs/search", query)
    if answer.status != 200:
        raise _refused("to search the run", answer)
    runs: list[Json] = _content(answer).get("runs") or []
    return runs[0] if runs else None


async def _created(upstream: Upstream, document: Mapping[str, Any], experiment_id: str) -> Json:
    body = {
        "experiment_id": experiment_id,
        "run_name": document["run_name"],
        "user_id": document["user_id"],
        "start_time": document["start_time"],
        "tags": as_entries({**document["tags"], LAUNCH_TAG: document["mark"]}),
    }
    answer = await _post(upstream, "runs/create", body)
    if answer.status != 200:
        raise _refused("the run", answer)
    run = _content(answer).get("run")
    if not isinstance(run, dict):
        raise NotNowError("answers, but not as a tracking server does")
    return run


async def _log_parameters(upstream: Upstream, run_id: str, given: Mapping[str, str]) -> None:
    """Log parameters, with shorter values where an old server refuses long ones."""
    for longest in PARAMETER_LENGTHS:
        parameters, _ = fit_parameters(given, longest)
        batches = make_batches(run_id, {}, parameters) if parameters else []
        answers = [await _post(upstream, "runs/log-batch", batch) for batch in batches]
        if all(answer.status == 200 for answer in answers):
            return
        refusal = next(answer for answer in answers if answer.status != 200)
        if refusal.status != 400:
            raise _refused("the parameters", refusal)


async def _post(upstream: Upstream, endpoint: str, body: Json) -> Answer:
    """Send a request, once.

    Raises:
        UpstreamAway: No answer.
        NotNowError: The server cannot answer now.
    """
    headers = {"Content-Type": "application/json"}
    data = json.dumps(body).encode()
    answer = await upstream.send("POST", _API + endpoint, headers, data, repeat=False)
    if answer.is_outage:
        raise NotNowError(f"answered {answer.status}")
    return answer


def _content(answer: Answer) -> Json:
    """Return an answer's JSON.

    Raises:
        NotNowError: It is none: something else than a tracking server answers there now.
    """
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise NotNowError("answers, but not as a tracking server does")
    return content


def _refused(what: str, answer: Answer) -> NotNowError:
    said = ""
    if answer.body[:1] == b"{":
        said = f": {str(_content(answer).get('message', ''))[:200]}"
    return NotNowError(f"refuses {what} ({answer.status}{said})")
