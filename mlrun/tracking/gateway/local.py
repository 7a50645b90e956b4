"""The service before a local database."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from aiohttp import web

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Operation, Route
from mlrun.tracking.database.session import Database, Session
from mlrun.tracking.gateway.answers import INTERNAL, error_answer, json_answer, refusal
from mlrun.tracking.gateway.artifact_places import Places
from mlrun.tracking.gateway.artifacts import Artifacts
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.requests import read_message
from mlrun.tracking.gateway.routes import all_routes
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
        self._folder = path.parent
        self._open = partial(Database, path, artifact_root)

    async def begin(self) -> None:
        """Get ready, before the first request."""
        self._database = self._open()
        self._routes = all_routes()
        self._writer = Writer(self._database, self._open)
        self._readers: Workers[Database] = Workers(self._open, Database.close, _READERS)
        self._artifacts = Artifacts(self._ask, self._places)

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request."""
        endpoint = endpoint_of(call.request.raw_path)
        try:
            found = self._routes.find(call.request.method, endpoint)
            if found is None:
                return await self._answer_beside(call, endpoint)
            route, path_fields = found
            message = await read_message(call.request, path_fields)
            if call.is_local:
                return json_answer(await self._perform(route, message))
            return await self._answer_from_afar(route, message)
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
        self._artifacts.close()
        self._database.close()

    async def _perform(self, route: Route, message: Message) -> Json:
        if route.writes:
            return await self._writer.write(route.operation, message)
        read = partial(_read, operation=route.operation, message=message)
        return await self._readers.run(read) if _may_take_long(route) else read(self._database)

    async def _answer_from_afar(self, route: Route, message: Message) -> web.Response:
        """Answer who does not see this disk."""
        sent = Message((await self._places()).mean_all(message.fields))
        answer = await self._perform(route, sent)
        return json_answer((await self._places()).show_all(answer))

    async def _answer_beside(self, call: Call, endpoint: str) -> web.StreamResponse:
        """Answer what is not in the database."""
        if endpoint in ("/health", "/ping"):
            return web.Response(text="OK")
        answer = await self._artifacts.answer(call, endpoint)
        if answer is not None:
            return answer
        message = f"No API found for '{call.request.method} {endpoint}'"
        raise ApiError("ENDPOINT_NOT_FOUND", message)

    async def _ask(self, method: str, endpoint: str, fields: Json) -> Json:
        found = self._routes.find(method, endpoint)
        assert found is not None, endpoint
        return await self._perform(found[0], Message({**fields, **found[1]}))

    async def _places(self) -> Places:
        return Places(self._folder, _read(self._database, _locations, _NOTHING))


_NOTHING = Message({})


def _locations(session: Session, _: Message) -> Json:
    rows = session.rows("SELECT experiment_id, artifact_location FROM experiments")
    return {str(row["experiment_id"]): row["artifact_location"] or "" for row in rows}


def _may_take_long(route: Route) -> bool:
    return any(part in route.path for part in _LONG_READS)


def _read(database: Database, operation: Operation, message: Message) -> Json:
    with database.reading() as session:
        return operation(session, message)


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
