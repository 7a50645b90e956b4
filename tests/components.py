"""Real components that some tests need.

On a laptop without one, its tests skip. `MLRUN_TEST_REQUIRE=mlflow,uv` (or `all`) turns each
such skip into a failure, so that CI cannot pass by skipping.
"""

from __future__ import annotations

import os

import pytest


def is_required(component: str) -> bool:
    """Return whether a missing component must fail the test."""
    required = os.environ.get("MLRUN_TEST_REQUIRE", "").split(",")
    return component in required or "all" in required


def missing(component: str, reason: str) -> None:
    """End the calling test: it needs `component`, which is not there."""
    message = f"needs {component}: {reason}"
    if is_required(component):
        pytest.fail(f"{message} (MLRUN_TEST_REQUIRE asks for it)", pytrace=False)
    pytest.skip(message)
