"""Databases as MLflow's versions made them: each made by MLflow's own migrations."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.mlflow_fixtures import MlflowClient

HEADS = {
    "1.30": "97727af70f4d",
    "2.3": "3500859a5d39",
    "2.22": "0584bdc529eb",
    "3.1": "bda7b8c39065",
    "3.17": "dc11669786a5",
}
"""The schema's revision that each version of MLflow begins with."""

_MAKE = """
import json, sys
import sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base

for revision in sys.argv[2:]:
    uri = f"sqlite:///{sys.argv[1]}/{revision}.db"
    engine = sqlalchemy.create_engine(uri)
    Base.metadata.create_all(engine)
    engine.dispose()
    command.upgrade(_get_alembic_config(uri), revision)
print(json.dumps("made"))
"""


class MlflowDatabases:
    """Empty databases, one for each of the heads.

    Args:
        client: Of the newest MLflow, whose migrations know all of them.
        folder: For the originals.
    """

    def __init__(self, client: MlflowClient, folder: Path) -> None:
        self._folder = folder
        client.run(_MAKE, {}, str(folder), *HEADS.values())

    def copy(self, version: str, path: Path) -> Path:
        """Copy the one of a version of MLflow to a path, and return that."""
        shutil.copy(self._folder / f"{HEADS[version]}.db", path)
        return path


@pytest.fixture(scope="session")
def mlflow_databases(
    mlflow3: MlflowClient, tmp_path_factory: pytest.TempPathFactory
) -> MlflowDatabases:
    """Databases of MLflow 1.30 to 3.17."""
    return MlflowDatabases(mlflow3, tmp_path_factory.mktemp("databases"))
