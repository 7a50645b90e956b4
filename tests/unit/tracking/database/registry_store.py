"""A local database with one run, asked through the operations that these tests are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlrun.tracking.database import inputs, logged_models, model_versions, registered_models
from mlrun.tracking.database.session import Database
from tests.operations import Json, LocalApi

RUN = "0123456789abcdef0123456789abcdef"


class Store:
    """Asks operations, and returns their answers.

    Args:
        path: Of the database, made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path, "/artifacts")
        modules = (registered_models, model_versions, logged_models, inputs)
        self._api = LocalApi(self.database, [route for m in modules for route in m.ROUTES])
        with self.database.writing() as session:
            run = {"run_uuid": RUN, "experiment_id": 0, "lifecycle_stage": "active", "name": "r"}
            session.insert("runs", [{**run, "status": "RUNNING", "source_type": "LOCAL"}])

    def ask(self, method: str, path: str, **fields: Any) -> Json:
        """Return the answer of an operation that succeeds."""
        status, answer = self._api.ask(method, path, fields)
        assert status == 200, answer
        return answer

    def code(self, method: str, path: str, **fields: Any) -> str:
        """Return the error code of an operation that refuses."""
        return str(self.error(method, path, **fields)["error_code"])

    def error(self, method: str, path: str, **fields: Any) -> Json:
        """Return the answer of an operation that refuses."""
        status, answer = self._api.ask(method, path, fields)
        assert status >= 400, answer
        return answer

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows of the database."""
        with self.database.reading() as session:
            return [tuple(row) for row in session.rows(statement, values)]

    def change(self, statement: str) -> None:
        """Change the database beside the operations."""
        with self.database.writing() as session:
            session.change(statement)

    def model(self, name: str, **fields: Any) -> None:
        """Make a registered model."""
        self.ask("POST", "/registered-models/create", name=name, **fields)

    def version(self, name: str, source: str = "s3://bucket/m", **fields: Any) -> Json:
        """Make a version of a registered model."""
        answer = self.ask("POST", "/model-versions/create", name=name, source=source, **fields)
        version: Json = answer["model_version"]
        return version

    def get(self, name: str) -> Json:
        """Return a registered model."""
        model: Json = self.ask("GET", "/registered-models/get", name=name)["registered_model"]
        return model
