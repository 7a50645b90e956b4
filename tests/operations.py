"""MLflow's operations, called as its clients call them, on a local database or on a server."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.session import Database

Json = dict[str, Any]


class Api(Protocol):
    """Something that answers MLflow's requests."""

    def ask(self, method: str, path: str, fields: Mapping[str, Any]) -> tuple[int, Json]:
        """Return status and answer; `path` is that of a `Route`."""


@dataclass(frozen=True)
class LocalApi:
    """Operations on a local database."""

    database: Database
    routes: Iterable[Route]

    def ask(self, method: str, path: str, fields: Mapping[str, Any]) -> tuple[int, Json]:
        route, parts = self._find(method, path)
        message = Message({**fields, **parts})
        try:
            with self.database.writing() if route.writes else self.database.reading() as session:
                return 200, json.loads(json.dumps(route.operation(session, message)))
        except ApiError as error:
            return error.status, {"error_code": error.code, "message": error.message}

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        for route in self.routes:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
            match = re.fullmatch(pattern, path)
            if route.method == method and match:
                return route, match.groupdict()
        raise LookupError(f"no operation answers {method} {path}")


@dataclass(frozen=True)
class ServerApi:
    """A tracking server of MLflow's."""

    address: str

    def ask(self, method: str, path: str, fields: Mapping[str, Any]) -> tuple[int, Json]:
        prefix = "" if path.startswith("/api/") else "/api/2.0/mlflow"
        url = f"{self.address}{prefix}{urllib.parse.quote(path)}"
        body = None
        if method == "GET":
            url = f"{url}?{urllib.parse.urlencode(fields, doseq=True)}"
        else:
            body = json.dumps(fields).encode()
        request = urllib.request.Request(
            url, body, headers={"Content-Type": "application/json"}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
