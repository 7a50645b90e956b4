"""mlrun's searches find what MLflow's own find in the same database, in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Operation
from mlrun.tracking.database.search.experiments import search_experiments
from mlrun.tracking.database.search.logged_models import search_logged_models
from mlrun.tracking.database.search.model_versions import search_model_versions
from mlrun.tracking.database.search.registered_models import search_registered_models
from mlrun.tracking.database.search.runs import search_runs
from mlrun.tracking.database.search.traces import search_traces_2
from mlrun.tracking.database.session import Database, Session
from tests.integration.search_questions import ASKING, CONTENT, QUESTIONS, Question
from tests.mlflow_fixtures import MlflowClient

# MLflow's reader of SQL trips over a key's part that is a word of SQL, and takes a blank for a key.
OTHERWISE: dict[str, Any] = {
    "params.dots.in.key = 'yes'": "params.`dots.in.key` = 'yes'",
    "metrics. > 1": "INVALID_PARAMETER_VALUE",
}


@pytest.fixture(scope="module")
def told(mlflow3: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A database that MLflow filled, and what MLflow answers to all questions."""
    folder = tmp_path_factory.mktemp("search")
    questions = json.dumps([question.fields() for question in QUESTIONS])
    uri = f"sqlite:///{folder}/mlflow.db"
    told = mlflow3.run(CONTENT + ASKING, {}, uri, str(folder / "artifacts"), questions)
    return folder / "mlflow.db", told


@pytest.fixture(scope="module")
def session(told: tuple[Path, Any]) -> Iterator[Session]:
    database = Database(told[0], str(told[0].parent / "artifacts"))
    with database.reading() as session:
        yield session
    database.close()


@pytest.mark.parametrize("number", range(len(QUESTIONS)), ids=lambda n: str(QUESTIONS[n]))
def test_answers_as_mlflow_does(number: int, told: tuple[Path, Any], session: Session) -> None:
    question, theirs = QUESTIONS[number], told[1]["answers"][number]
    ours = answer(session, question, theirs["filter"], told[1]["experiments"])
    if question.filter in OTHERWISE:
        other = OTHERWISE[question.filter]
        assert ours in (other, answer(session, question, other, told[1]["experiments"]))
    elif question.kind == "traces" and "pages" in theirs:
        # MLflow gives a token after a last page that is full.
        assert ours == [page for page in theirs["pages"] if page] or theirs["pages"] == [[]] == ours
    elif "pages" in theirs:
        assert ours == theirs["pages"]
    else:
        assert ours == "INVALID_PARAMETER_VALUE", theirs


def answer(session: Session, question: Question, text: str, experiments: list[str]) -> Any:
    """Return the ids on each page, or the code of the error."""
    operation, read = OPERATIONS[question.kind]
    more = question.more
    fields: Json = {
        "filter": text,
        "max_results": question.size,
        "order_by": list(question.order_by),
        "experiment_ids": more.get("experiments", experiments),
        "run_view_type": more.get("view"),
        "view_type": more.get("view"),
        "datasets": more.get("datasets"),
    }
    pages: list[list[str]] = []
    token = None
    try:
        while not pages or token:
            found = operation(session, Message({**fields, "page_token": token}))
            pages.append(read(found))
            token = found.get("next_page_token")
    except ApiError as error:
        return error.code
    return pages


def _runs(found: Json) -> list[str]:
    return [run["info"]["run_id"] for run in found.get("runs", [])]


def _experiments(found: Json) -> list[str]:
    return [experiment["experiment_id"] for experiment in found.get("experiments", [])]


def _registered_models(found: Json) -> list[str]:
    return [model["name"] for model in found.get("registered_models", [])]


def _model_versions(found: Json) -> list[str]:
    return [str([v["name"], int(v["version"])]) for v in found.get("model_versions", [])]


def _logged_models(found: Json) -> list[str]:
    return [model["info"]["model_id"] for model in found.get("models", [])]


def _traces(found: Json) -> list[str]:
    return [trace["request_id"] for trace in found.get("traces", [])]


OPERATIONS: dict[str, tuple[Operation, Callable[[Json], list[str]]]] = {
    "runs": (search_runs, _runs),
    "experiments": (search_experiments, _experiments),
    "registered_models": (search_registered_models, _registered_models),
    "model_versions": (search_model_versions, _model_versions),
    "logged_models": (search_logged_models, _logged_models),
    "traces": (search_traces_2, _traces),
}
