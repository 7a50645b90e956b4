"""What every test gets: folders of its own, and none of the user's MLflow settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's state, cache and MLflow settings out of a test, and the test out of them."""
    for name in list(os.environ):
        if name.startswith(("MLFLOW_", "MLRUN_")) and name != "MLRUN_TEST_REQUIRE":
            monkeypatch.delenv(name)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("MLRUN_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MLRUN_CACHE_DIR", str(tmp_path / "cache"))
