"""A Python that uv cannot give, from conda's channels."""

from __future__ import annotations

from collections.abc import Mapping

from mlrun.environments.base import Report
from mlrun.environments.interpreters import Interpreter
from mlrun.environments.python_version import PythonRequest


def python_from_channels(
    request: PythonRequest, environ: Mapping[str, str], report: Report
) -> Interpreter | None:
    """Return a Python of the user's conda channels, kept for later; None where none is reachable.

    Args:
        request: What it must be.
        environ: The user's environment variables.
        report: Takes a line when it is fetched.
    """
    raise NotImplementedError
