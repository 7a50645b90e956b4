"""The service before a local database."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from aiohttp import web

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Operation, Route
from mlrun.tracking.database.session import Database
from mlrun.tracking.gateway.answers import INTERNAL, error_answer, json_answer, refusal
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.requests import read_message
from mlrun.tracking.gateway.routes import Routes, all_routes
from mlrun.tracking.gateway.service import Call
from mlrun.tracking.gateway.workers import Workers
from mlrun.tracking.gateway.writing import Writer

_READERS = 2
"""Threads for what may take long to read."""

_LONG_READS = ("search", "get-history", "list", "traces")
"""Parts of the paths of such requests."""


class LocalService:
    """Answers from a database in a file, and from the folders of its artifacts.

    Args:
        path: The file, absolute.
        artifact_root: Absolute path or URI under which new experiments get their folder.
    """

    def __init__(self, path: Path, artifact_root: str) -> None:
        self._open = partial(Database, path, artifact_root)
        self._routes = Routes(())

    async def begin(self) -> None:
        """Get ready, before the first request."""
        self._database = self._open()
        self._routes = all_routes()
        self._writer = Writer(self._database, self._open)
        self._readers: Workers[Database] = Workers(self._open, Database.close, _READERS)

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request."""
        endpoint = endpoint_of(call.request.raw_path)
        found = self._routes.find(call.request.method, endpoint)
        if found is None:
            return self._answer_beside(call, endpoint)
        route, path_fields = found
        message = await read_message(call.request, path_fields)
        try:
            if route.writes:
                return json_answer(await self._writer.write(route.operation, message))
            if _may_take_long(route):
                return await self._readers.run(
                    partial(_read_and_encode, operation=route.operation, message=message)
                )
            return _read_and_encode(self._database, route.operation, message)
        except ApiError as error:
            return refusal(error)
        except sqlite3.Error as error:
            return _failure(error)

    async def finish(self, patience: float | None) -> int:
        """Wait until all that was asked for is committed."""
        return await self._writer.finish(patience)

    async def close(self) -> None:
        """Let go of the database."""
        self._writer.close()
        self._readers.close()
        self._database.close()

    def _answer_beside(self, call: Call, endpoint: str) -> web.StreamResponse:
        """Answer what is not in the database."""
        if endpoint in ("/health", "/ping"):
            return web.Response(text="OK")
        message = f"No API found for '{call.request.method} {endpoint}'"
        return error_answer("ENDPOINT_NOT_FOUND", message, 404)


def _may_take_long(route: Route) -> bool:
    return any(part in route.path for part in _LONG_READS)


def _read_and_encode(database: Database, operation: Operation, message: Message) -> web.Response:
    with database.reading() as session:
        answer: Json = operation(session, message)
    return json_answer(answer)


def _failure(error: sqlite3.Error) -> web.Response:
    """Return what a client shows to its user, at once where trying again cannot help."""
    text = str(error)
    if "full" in text:
        message = f"The tracking database could not be written: {text}. Nothing was recorded."
        return error_answer("RESOURCE_EXHAUSTED", message, 507)
    if "readonly" in text:
        return error_answer("PERMISSION_DENIED", f"The tracking database: {text}.", 403)
    if "locked" in text:
        return error_answer("TEMPORARILY_UNAVAILABLE", f"The tracking database: {text}.", 503)
    return error_answer(INTERNAL, f"The tracking database: {text}.", 500)
