"""What a run read and made: datasets, and logged models."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from mlrun.tracking.database import logged_models
from mlrun.tracking.database.message import Json, Message, missing
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.rules import too_long
from mlrun.tracking.database.runs import active_run, needed_run_id
from mlrun.tracking.database.session import Session

_LENGTHS = {"name": 500, "digest": 36, "source": 65535, "schema": 1048575, "profile": 16777215}
_TAG_LENGTHS = {"key": 255, "value": 500}
"""Characters. Source: mlflow.utils.validation of MLflow 3.17."""

Dataset = tuple[str, str]
"""Name and digest: what makes it the same within an experiment."""


def inputs_json(
    session: Session, run_ids: Sequence[str], *, with_models: bool = True
) -> dict[str, Json]:
    """Return what each run read, as the field `inputs` of a run: `{}` if nothing.

    Args:
        session: Where the runs are.
        run_ids: Of any number of runs.
        with_models: Whether logged models belong to it; MLflow's search leaves them out.
    """
    inputs: dict[str, Json] = {run_id: {} for run_id in run_ids}
    if not session.columns("inputs"):
        return inputs
    for run_id, datasets in _datasets(session, run_ids).items():
        inputs[run_id]["dataset_inputs"] = datasets
    if with_models:
        for row in _edges(session, "RUN_INPUT", run_ids):
            models = inputs[row["source_id"]].setdefault("model_inputs", [])
            models.append({"model_id": row["destination_id"]})
    return inputs


def outputs_json(session: Session, run_ids: Sequence[str]) -> dict[str, Json]:
    """Return the logged models that each run made, as the field `outputs` of a run.

    It is `{}` for a run that made none, as in MLflow's answers, but for that on `runs/create`.
    """
    outputs: dict[str, Json] = {run_id: {} for run_id in run_ids}
    if "step" not in session.columns("inputs"):
        return outputs
    for row in _edges(session, "RUN_OUTPUT", run_ids):
        models = outputs[row["source_id"]].setdefault("model_outputs", [])
        models.append({"model_id": row["destination_id"], "step": row["step"]})
    return outputs


def _edges(session: Session, kind: str, run_ids: Sequence[str]) -> list[sqlite3.Row]:
    return session.rows(
        "SELECT * FROM inputs WHERE source_type = ? "
        "AND source_id IN (SELECT value FROM json_each(?)) ORDER BY destination_id",
        (kind, json.dumps(list(run_ids))),
    )


def _datasets(session: Session, run_ids: Sequence[str]) -> dict[str, list[Json]]:
    rows = session.rows(
        """
        SELECT inputs.input_uuid, inputs.destination_id AS run_id, datasets.*
        FROM inputs JOIN datasets ON datasets.dataset_uuid = inputs.source_id
        WHERE inputs.destination_type = 'RUN'
        AND inputs.destination_id IN (SELECT value FROM json_each(?))
        ORDER BY inputs.rowid
        """,
        (json.dumps(list(run_ids)),),
    )
    tags = _tags(session, [row["input_uuid"] for row in rows]) if rows else {}
    datasets: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        entry = {"tags": tags[row["input_uuid"]]} if row["input_uuid"] in tags else {}
        datasets[row["run_id"]].append({**entry, "dataset": _dataset_json(row)})
    return datasets


def _tags(session: Session, input_uuids: list[str]) -> dict[str, list[Json]]:
    tags: dict[str, list[Json]] = defaultdict(list)
    for row in session.rows(
        "SELECT * FROM input_tags WHERE input_uuid IN (SELECT value FROM json_each(?)) "
        "ORDER BY rowid",
        (json.dumps(input_uuids),),
    ):
        tags[row["input_uuid"]].append({"key": row["name"], "value": row["value"]})
    return tags


def _dataset_json(row: sqlite3.Row) -> Json:
    fields = {
        "name": row["name"],
        "digest": row["digest"],
        "source_type": row["dataset_source_type"],
        "source": row["dataset_source"],
        "schema": row["dataset_schema"] or None,
        "profile": row["dataset_profile"] or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _log_inputs(session: Session, message: Message) -> Json:
    run_id = needed_run_id(message)
    asked = message.messages("datasets")
    for dataset in asked:
        _check(dataset)
    models = message.messages("models")
    run = active_run(session, run_id)
    if asked:
        session.demand("Datasets of runs", "datasets")
        _add_datasets(session, run, asked)
    if models:
        logged_models.demand(session)
        _add_edges(session, "INPUT", run_id, models)
    return {}


def _log_outputs(session: Session, message: Message) -> Json:
    run_id = needed_run_id(message)
    models = message.messages("models")
    if not models and "models" not in message:
        raise missing("models")
    active_run(session, run_id)
    logged_models.demand(session)
    _add_edges(session, "OUTPUT", run_id, models)
    return {}


def _add_edges(session: Session, kind: str, run_id: str, models: Iterable[Message]) -> None:
    """Connect a run with logged models; a connection that is there already stays one."""
    session.insert(
        "inputs",
        [
            {
                "input_uuid": uuid.uuid4().hex,
                "source_type": f"RUN_{kind}",
                "source_id": run_id,
                "destination_type": f"MODEL_{kind}",
                "destination_id": model.text("model_id"),
                "step": model.integer("step"),
            }
            for model in models
        ],
        on_conflict="(source_type, source_id, destination_type, destination_id) "
        "DO UPDATE SET step = excluded.step",
    )


def _add_datasets(session: Session, run: sqlite3.Row, asked: list[Message]) -> None:
    """Add the datasets that the experiment has not yet, and connect the run with them."""
    first: dict[Dataset, Message] = {}
    for entry in asked:
        dataset = entry.message("dataset")
        first.setdefault((dataset.text("name"), dataset.text("digest")), entry)
    for identity, entry in first.items():
        dataset_uuid = _dataset_uuid(session, run, identity, entry.message("dataset"))
        _connect(session, run["run_uuid"], dataset_uuid, entry.messages("tags"))


def _dataset_uuid(session: Session, run: sqlite3.Row, identity: Dataset, dataset: Message) -> str:
    row = session.row(
        "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
        (run["experiment_id"], *identity),
    )
    if row is not None:
        return str(row["dataset_uuid"])
    fields = {
        "dataset_uuid": uuid.uuid4().hex,
        "experiment_id": run["experiment_id"],
        "name": identity[0],
        "digest": identity[1],
        "dataset_source_type": dataset.text("source_type"),
        "dataset_source": dataset.text("source"),
        "dataset_schema": dataset.text("schema"),
        "dataset_profile": dataset.text("profile"),
    }
    session.insert("datasets", [fields])
    return str(fields["dataset_uuid"])


def _connect(session: Session, run_id: str, dataset_uuid: str, tags: list[Message]) -> None:
    """Connect a run with a dataset, once: what came first stays, with its tags."""
    edge = {
        "source_type": "DATASET",
        "source_id": dataset_uuid,
        "destination_type": "RUN",
        "destination_id": run_id,
    }
    known = session.row(
        "SELECT 1 FROM inputs WHERE source_type = ? AND source_id = ? "
        "AND destination_type = ? AND destination_id = ?",
        tuple(edge.values()),
    )
    if known is not None:
        return
    input_uuid = uuid.uuid4().hex
    session.insert("inputs", [{"input_uuid": input_uuid, **edge}])
    pairs = {tag.text("key"): tag.text("value") for tag in tags}
    rows = [{"input_uuid": input_uuid, "name": key, "value": pairs[key]} for key in pairs]
    session.insert("input_tags", rows)


def _check(entry: Message) -> None:
    """Refuse a dataset with texts that are too long for the tables of any database.

    Raises:
        ApiError: It has.
    """
    _check_lengths(entry.message("dataset"), _LENGTHS)
    for tag in entry.messages("tags"):
        _check_lengths(tag, _TAG_LENGTHS)


def _check_lengths(message: Message, lengths: dict[str, int]) -> None:
    for field, longest in lengths.items():
        if len(message.text(field)) > longest:
            raise too_long(field, longest)


ROUTES = (
    Route("POST", "/runs/log-inputs", _log_inputs, writes=True),
    Route("POST", "/runs/outputs", _log_outputs, writes=True),
)
