"""What every test gets: folders of its own, and none of the user's MLflow settings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings


def pytest_configure() -> None:
    """Make the tests the same on a busy machine, and in a shell's background."""
    _take_signals()
    settings.register_profile(
        "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("patient")


def _take_signals() -> None:
    """Ignore no signal that tests send: each process inherits that, and mlrun respects it."""
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's state, cache and MLflow settings out of a test, and the test out of them."""
    for name in list(os.environ):
        if name.startswith(("MLFLOW_", "MLRUN_")) and name != "MLRUN_TEST_REQUIRE":
            monkeypatch.delenv(name)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("MLRUN_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MLRUN_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("MLRUN_CACHE_DIR", str(tmp_path / "cache"))
