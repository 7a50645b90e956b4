"""Which operation answers which request: the table of all endpoints on a database."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from urllib.parse import unquote

from mlrun.tracking.database.route import Route

_MODULES = (
    "assessments",
    "experiments",
    "inputs",
    "logged_models",
    "metric_history",
    "model_versions",
    "recording",
    "registered_models",
    "runs",
    "search.datasets",
    "search.experiments",
    "search.logged_models",
    "search.model_versions",
    "search.registered_models",
    "search.runs",
    "search.traces",
    "traces",
)
"""The modules of `mlrun.tracking.database` that have `ROUTES`."""


class Routes:
    """Finds the route of a request.

    A path without parts in braces is found by one look into a dict; of the others there are
    few of each length.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._plain: dict[tuple[str, str], Route] = {}
        self._patterns: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            if "{" not in route.path:
                self._plain[route.method, route.path] = route
                continue
            parts = route.path.split("/")
            self._patterns.setdefault((route.method, len(parts)), []).append((parts, route))

    def find(self, method: str, endpoint: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a request, with the fields that its path gives.

        Args:
            method: HTTP method.
            endpoint: What `endpoint_of` returns, still percent-encoded.
        """
        route = self._plain.get((method, endpoint))
        if route is not None:
            return route, {}
        parts = endpoint.split("/")
        for pattern, route in self._patterns.get((method, len(parts)), ()):
            fields = _fields(pattern, parts)
            if fields is not None:
                return route, fields
        return None


def all_routes() -> Routes:
    """Return the endpoints of all modules of the database."""
    found: list[Route] = []
    for name in _MODULES:
        found += import_module(f"mlrun.tracking.database.{name}").ROUTES
    return Routes(found)


def _fields(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    fields: dict[str, str] = {}
    for wanted, given in zip(pattern, parts, strict=True):
        if wanted[:1] == "{" and wanted[-1:] == "}":
            if not given:
                return None
            fields[wanted[1:-1]] = unquote(given)
        elif wanted != given:
            return None
    return fields
