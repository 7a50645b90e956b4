"""The service before a local database."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from aiohttp import web

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Operation, Route
from mlrun.tracking.database.session import Database, Session
from mlrun.tracking.gateway.answers import full, json_answer, refusal
from mlrun.tracking.gateway.artifact_places import Places
from mlrun.tracking.gateway.artifacts import Artifacts
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.requests import read_message
from mlrun.tracking.gateway.routes import all_routes
from mlrun.tracking.gateway.service import Call
from mlrun.tracking.gateway.workers import Workers
from mlrun.tracking.gateway.writing import Writer, is_full

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
        self._artifact_root = artifact_root
        self._open = partial(Database, path, artifact_root)
        self._known_places: tuple[Json, Places] | None = None

    async def begin(self) -> None:
        """Get ready, before the first request."""
        self._database = self._open()
        self._routes = all_routes()
        self._writer = Writer(self._database, self._open)
        self._readers: Workers[Database] = Workers(self._open, Database.close, _READERS)
        self._artifacts = Artifacts(self._ask, self._places)
        # Without a write-ahead log a reader waits for who commits; the loop must not.
        self._is_quick = await self._readers.run(_has_write_ahead_log)

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
            if is_full(error):
                return full(error.message)
            return refusal(error)

    async def finish(self, patience: float | None) -> int:
        """Wait until all that was asked for is committed."""
        return await self._writer.finish(patience)

    async def close(self) -> None:
        """Let go of the database."""
        await self._writer.close()
        await self._readers.close()
        await self._artifacts.close()
        self._database.close()

    async def _perform(self, route: Route, message: Message) -> Json:
        if route.writes:
            return await self._writer.write(route.operation, message)
        may_take_long = any(part in route.path for part in _LONG_READS)
        return await self._read(route.operation, message, may_take_long=may_take_long)

    async def _read(
        self, operation: Operation, message: Message, *, may_take_long: bool = False
    ) -> Json:
        read = partial(_answer_from, operation=operation, message=message)
        if may_take_long or not self._is_quick:
            return await self._readers.run(read)
        return read(self._database)

    async def _answer_from_afar(self, route: Route, message: Message) -> web.Response:
        """Answer who does not see this disk."""
        places = await self._places()
        sent = Message(places.mean_all(message.fields))
        if "artifact_location" in sent:
            places.check_from_afar(sent.text("artifact_location"))
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
        """Return where artifacts lie: read again when there are other experiments."""
        state = await self._read(_experiments_state, _NOTHING)
        if self._known_places is None or self._known_places[0] != state:
            locations = await self._read(_locations, _NOTHING)
            places = Places(self._folder, locations, self._artifact_root)
            self._known_places = (state, places)
        return self._known_places[1]


_NOTHING = Message({})


def _locations(session: Session, _: Message) -> Json:
    rows = session.rows("SELECT experiment_id, artifact_location FROM experiments")
    return {str(row["experiment_id"]): row["artifact_location"] or "" for row in rows}


def _experiments_state(session: Session, _: Message) -> Json:
    """Return what changes with the experiments' locations, each of which stays what it is."""
    # `mlflow gc` removes some, and the last one's number is given again.
    row = session.row(
        "SELECT (SELECT count(*) FROM experiments) AS count, experiment_id, artifact_location "
        "FROM experiments ORDER BY experiment_id DESC LIMIT 1"
    )
    return dict(zip(row.keys(), row, strict=True)) if row else {}


def _has_write_ahead_log(database: Database) -> bool:
    with database.reading() as session:
        row = session.row("PRAGMA journal_mode")
    return row is not None and row[0] == "wal"


def _answer_from(database: Database, operation: Operation, message: Message) -> Json:
    with database.reading() as session:
        return operation(session, message)
