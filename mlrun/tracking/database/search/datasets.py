"""Lists the datasets that runs of some experiments used."""

# ruff: noqa: S608 - tables and columns come from this package alone, values are bound

from __future__ import annotations

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import within
from mlrun.tracking.database.search.scope import read_experiment_ids
from mlrun.tracking.database.session import Session

_MOST_EXPERIMENTS = 20
_MOST_RESULTS = 1000


def search_datasets(session: Session, message: Message) -> Json:
    """Answer `/experiments/search-datasets`.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: no experiment, or too many of them.
    """
    experiments = read_experiment_ids(message.texts("experiment_ids"))
    if not 1 <= len(experiments) <= _MOST_EXPERIMENTS:
        raise ApiError(
            INVALID,
            f"SearchDatasets request must specify 1 to {_MOST_EXPERIMENTS} experiment_ids. "
            f"Received {len(experiments)} experiment_ids.",
        )
    if not session.columns("datasets") or not session.columns("input_tags"):
        return {}
    scope = within("datasets.experiment_id", experiments)
    rows = session.rows(
        "SELECT DISTINCT datasets.experiment_id, datasets.name, datasets.digest, "
        "input_tags.value AS context FROM datasets "
        "JOIN inputs ON inputs.source_id = datasets.dataset_uuid "
        "LEFT JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid "
        f"AND input_tags.name = 'mlflow.data.context' WHERE {scope.sql} LIMIT ?",
        (*scope.values, _MOST_RESULTS),
    )
    summaries = [
        {
            "experiment_id": str(row["experiment_id"]),
            "name": row["name"],
            "digest": row["digest"],
            **({} if row["context"] is None else {"context": row["context"]}),
        }
        for row in rows
    ]
    return {"dataset_summaries": summaries} if summaries else {}


ROUTES: tuple[Route, ...] = (Route("POST", "/experiments/search-datasets", search_datasets),)
