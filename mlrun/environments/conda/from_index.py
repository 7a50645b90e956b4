"""A conda specification as a Python one: what of it can be had from the Python index."""

from __future__ import annotations

from mlrun.project.model import CondaSpec, PythonEnv


def as_python_env(spec: CondaSpec) -> PythonEnv:
    """Translate Python, the pip part, and those conda packages that the index has too.

    Raises:
        ProjectError: Packages, or forms of them, that cannot be translated: all of them, at once.
    """
    raise NotImplementedError
