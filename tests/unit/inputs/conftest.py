"""A server of files, and no proxies between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlrun.inputs import tries
from tests.data_server import DataServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataServer]:
    """A server on the loopback, to which failing costs little time."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(tries, "_FIRST_PAUSE", 0.01)
    with DataServer() as running:
        yield running
