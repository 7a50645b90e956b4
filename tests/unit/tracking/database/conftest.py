"""What these tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tracking.database.registry_store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new database with one run."""
    store = Store(tmp_path / "mlflow.db")
    yield store
    store.database.close()
