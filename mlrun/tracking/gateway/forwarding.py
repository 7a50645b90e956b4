"""A gateway in front of a tracking server: requests pass through, and writes outlive its outages.

While the server is away, and until all that was kept is delivered:

- writes are kept in the journal, in their order, and answered at once (`writes.py`);
- reads of what is known are answered with what is kept on top (`known.py`);
- all else is asked of the server, or is answered 503, which clients retry.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from mlrun.tracking.database.api_error import UNAVAILABLE, ApiError
from mlrun.tracking.database.message import Json
from mlrun.tracking.gateway import reading
from mlrun.tracking.gateway.answers import error_answer, json_answer, refusal
from mlrun.tracking.gateway.artifact_files import parts_of as parts_of_path
from mlrun.tracking.gateway.delivery import Delivery
from mlrun.tracking.gateway.identities import Identities
from mlrun.tracking.gateway.journal import Journal, JournalFullError
from mlrun.tracking.gateway.known import Known
from mlrun.tracking.gateway.passing import (
    ARTIFACTS,
    is_of_files,
    parts_of,
    pass_on,
    whole_body,
)
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.presence import Presence
from mlrun.tracking.gateway.probing import described, is_strange
from mlrun.tracking.gateway.provisional import ProvisionalRun, Translation, make_run
from mlrun.tracking.gateway.records import Draft
from mlrun.tracking.gateway.requests import read_message
from mlrun.tracking.gateway.service import Call
from mlrun.tracking.gateway.spool import Spool
from mlrun.tracking.gateway.upstream import Upstream, UpstreamAway, is_outage
from mlrun.tracking.gateway.writes import Change, is_keepable, read_change

_CATCHING_UP = 10.0
"""Seconds that a request which may look at what is kept waits for its delivery."""

_READ_CATCHING_UP = 1.0
_TURN = 0.02

_CREATIONS = frozenset(
    ("/runs/create", "/experiments/create", "/experiments/get", "/experiments/get-by-name")
)
"""What does not depend on writes that wait."""

_MULTIPART = "/api/2.0/mlflow-artifacts/mpu/"


class ForwardingService:
    """Answers requests by asking the real server.

    Args:
        upstream: That server.
        journal: Where writes are kept, None where none are.
        run: The run that the command is given, as `runs/get` would answer it.
        is_new: Whether nothing but what stands in `run` was logged to it.
        experiment: Its experiment, as `experiments/get` would answer it.
        provisional: What stands for the run and its experiment, where they are still to be made.
        notify: Takes a line for the user.
    """

    def __init__(
        self,
        upstream: Upstream,
        journal: Journal | None = None,
        *,
        run: Json | None = None,
        is_new: bool = False,
        experiment: Json | None = None,
        provisional: ProvisionalRun | None = None,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._upstream = upstream
        self._notify = notify
        self._is_full = False
        self._journal = journal
        self._known = Known()
        self._translation: Translation | None = None
        self._unmade = provisional
        if provisional is not None:
            run, experiment, is_new = provisional.run, provisional.experiment, True
        if run is not None:
            self._known.learn_run(run, is_new=is_new, is_partial=not is_new)
        if experiment is not None:
            self._known.learn_experiment(experiment)
        self._delivery: Delivery | None = None
        self._presence = Presence(upstream, self._on_return, notify)

    async def begin(self) -> None:
        """Begin to deliver; what an earlier service has kept is known again."""
        if self._journal is None:
            return
        entries = await asyncio.to_thread(lambda journal: list(journal.entries()), self._journal)
        for entry in entries:
            endpoint = endpoint_of(entry.target)
            if entry.kind == "request" and is_keepable(entry.method, endpoint):
                self._note(endpoint, entry.body, pending=True)
        self._delivery = Delivery(self._journal, self._upstream, self._notify, self._make_run)
        real = Identities(self._journal.folder).known
        if real:
            self._unmade, self._translation = None, Translation(real)
        elif self._unmade is not None and not any(entry.kind == "run" for entry in entries):
            await self._delivery.keep(self._unmade.draft())
        self._delivery.start()

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request."""
        request = call.request
        if not request.raw_path.startswith("/"):
            return error_answer("BAD_REQUEST", "The gateway is no proxy.", 400)
        endpoint = endpoint_of(request.raw_path)
        if self._delivery is not None:
            if self._known.has_pending and not self._delivery.is_behind:
                self._known.settle()
            if is_keepable(request.method, endpoint):
                return await self._write(call, endpoint, self._delivery)
            if request.method == "PUT" and endpoint.startswith(f"{ARTIFACTS}/"):
                return await self._put(call, self._delivery)
            if request.method == "GET" and endpoint in reading.READS:
                return await self._read(call, endpoint, self._delivery)
        return await self._other(call, endpoint)

    async def finish(self, patience: float | None) -> int:
        """Deliver what still waits, and return how much could not be."""
        return await self._delivery.finish(patience) if self._delivery is not None else 0

    async def close(self) -> None:
        """Let go of the server and of the journal."""
        await self._presence.close()
        if self._delivery is not None:
            await self._delivery.close()
        elif self._journal is not None:
            self._journal.close()
        await self._upstream.close()

    async def _make_run(self, upstream: Upstream, document: Json) -> dict[str, str]:
        real = await make_run(upstream, document)
        self._unmade, self._translation = None, Translation(real)
        return real

    async def _pass(
        self, call: Call, body: bytes | AsyncIterator[bytes] | None, limit: float | None
    ) -> web.StreamResponse:
        """Ask the server, in its own ids."""
        translation = self._translation
        if translation is None:
            return await pass_on(self._upstream, call, body, limit)
        target = translation.outward(call.request.raw_path.encode("utf-8", "surrogateescape"))
        if isinstance(body, bytes) and not is_of_files(call.request.raw_path):
            body = translation.outward(body)
        path = target.decode("utf-8", "surrogateescape")
        answer = await pass_on(self._upstream, call, body, limit, target=path)
        said = answer.body if isinstance(answer, web.Response) else None
        if isinstance(said, bytes) and answer.content_type == "application/json":
            with suppress(ValueError, RecursionError):
                content = translation.inward(json.loads(said))
                return json_answer(content, answer.status)
        return answer

    def _is_of_unmade(self, call: Call, body: bytes | None = None) -> bool:
        """Return whether a request names what the server does not know yet."""
        if self._unmade is None:
            return False
        document = self._unmade.document
        sent = call.request.raw_path.encode("utf-8", "surrogateescape") + (body or b"")
        names = [document["run_id"]]
        if document["experiment_name"] is not None:
            names.append(document["experiment_id"])
        return any(name.encode() in sent for name in names)

    # Writes

    async def _write(self, call: Call, endpoint: str, delivery: Delivery) -> web.StreamResponse:
        body = await call.request.read()
        is_doubtful = False
        if not delivery.is_behind and self._presence.reason is None:
            answer, is_doubtful = await self._tried(call, body)
            if answer is not None:
                if answer.status == 200:
                    loop = asyncio.get_running_loop()
                    loop.call_soon(self._note, endpoint, body)
                return answer
        try:
            change = read_change(endpoint, await read_message(call.request, {}))
            self._known.check(change)
        except ApiError as error:
            return refusal(error)
        if not self._known.knows(change):
            return self._unavailable()
        return await self._keep(call, body, delivery, change, is_doubtful=is_doubtful)

    async def _put(self, call: Call, delivery: Delivery) -> web.StreamResponse:
        """Pass a file on, with a copy of it at hand in case the server fails meanwhile."""
        request = call.request
        try:
            parts_of_path(endpoint_of(request.raw_path)[len(ARTIFACTS) + 1 :])
        except ApiError as error:
            return refusal(error)
        is_away = delivery.is_behind or self._presence.reason is not None
        body = await whole_body(request)
        if body is not None:
            answer, is_doubtful = (None, False) if is_away else await self._tried(call, body)
            return answer or await self._keep(call, body, delivery, is_doubtful=is_doubtful)
        spool = Spool(request, delivery.journal)
        try:
            answer, is_doubtful = (None, False) if is_away else await self._tried(call, spool)
            if answer is not None:
                return answer
            file = await spool.whole()
            return await self._keep(call, file, delivery, is_doubtful=is_doubtful)
        except JournalFullError as error:
            return self._full(error)
        finally:
            spool.discard()

    async def _tried(
        self, call: Call, body: bytes | Spool
    ) -> tuple[web.StreamResponse | None, bool]:
        """Send a write; return the answer, or None and whether it may have been done."""
        limits = self._upstream.limits
        try:
            if isinstance(body, Spool):
                answer = await self._pass(call, body.parts(), None)
            else:
                answer = await self._pass(call, body, limits.write)
        except UpstreamAway as away:
            self._presence.lost(away.reason)
            return None, not away.is_settled
        if is_outage(answer.status):
            self._presence.lost(f"answered {answer.status}")
            return None, True
        return (None, True) if await self._is_another(answer) else (answer, False)

    async def _is_another(self, answer: web.StreamResponse) -> bool:
        """Return whether an answer is not the server's own, which then is away."""
        if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
            return False
        if not is_strange(answer.status, answer.body):
            return False
        return await self._presence.is_lost(described(answer.status))

    async def _keep(
        self,
        call: Call,
        body: Any,
        delivery: Delivery,
        change: Change | None = None,
        *,
        is_doubtful: bool,
    ) -> web.Response:
        request = call.request
        kind = request.headers.get("Content-Type")
        draft = Draft("request", request.method, request.raw_path, kind, body, is_doubtful)
        try:
            await delivery.keep(draft)
        except JournalFullError as error:
            return self._full(error)
        if change is None:
            return json_answer({})
        self._known.apply(change, pending=True)
        run = self._known.run(change.run_id or "") if change.info else None
        return json_answer({"run_info": run["run"]["info"]} if run else {})

    def _note(self, endpoint: str, body: bytes, pending: bool = False) -> None:
        """Take note of a write that was done, or is kept."""
        from mlrun.tracking.database.message import Message

        with suppress(ApiError, ValueError, TypeError, RecursionError):
            change = read_change(endpoint, Message(json.loads(body)))
            self._known.apply(change, pending=pending)

    # Reads

    async def _read(self, call: Call, endpoint: str, delivery: Delivery) -> web.StreamResponse:
        query = dict(parse_qsl(call.request.raw_path.partition("?")[2]))
        if self._presence.reason is not None:
            return self._from_memory(endpoint, query)
        if delivery.is_behind and endpoint not in _CREATIONS:
            await self._caught_up(delivery, _READ_CATCHING_UP)
        name = query.get("experiment_name", "")
        if self._is_of_unmade(call) or (self._unmade is not None and self._knows_name(name)):
            return self._from_memory(endpoint, query)
        answer = await self._tried_read(call)
        if answer is None:
            return self._from_memory(endpoint, query)
        if answer.status != 200 or not isinstance(answer, web.Response):
            return answer
        if not self._known.has_pending:
            asyncio.get_running_loop().call_soon(reading.learn, self._known, endpoint, answer.body)
            return answer
        merged = reading.merged(self._known, endpoint, query, answer.body)
        return answer if merged is None else json_answer(merged)

    async def _tried_read(self, call: Call) -> web.StreamResponse | None:
        try:
            body = await call.request.read()
            answer = await self._pass(call, body, self._upstream.limits.write)
        except UpstreamAway as away:
            self._presence.lost(away.reason)
            return None
        is_none = is_outage(answer.status) or await self._is_another(answer)
        return None if is_none else answer

    def _from_memory(self, endpoint: str, query: Mapping[str, str]) -> web.Response:
        found = reading.remembered(self._known, endpoint, query)
        return self._unavailable() if found is None else json_answer(found)

    def _knows_name(self, name: str) -> bool:
        return self._known.experiment(name=name) is not None

    # All else

    async def _other(self, call: Call, endpoint: str) -> web.StreamResponse:
        if self._presence.reason is not None:
            if endpoint.startswith(_MULTIPART):
                # Clients then send the file as one, which can be kept.
                return error_answer("NOT_IMPLEMENTED", "The tracking server is away.", 501)
            return self._unavailable()
        if self._delivery is not None and self._delivery.is_behind and endpoint not in _CREATIONS:
            await self._caught_up(self._delivery, _CATCHING_UP)
        body = await whole_body(call.request)
        if self._is_of_unmade(call, body):
            return self._unavailable()
        try:
            if body is None:
                return await self._pass(call, parts_of(call.request), None)
            answer = await self._pass(call, body, self._upstream.limits.answer)
        except UpstreamAway as away:
            self._presence.lost(away.reason)
            return self._unavailable()
        is_page = not is_of_files(call.request.raw_path) or answer.status == 401
        if is_page and not is_outage(answer.status) and await self._is_another(answer):
            return self._unavailable()
        if answer.status == 200 and isinstance(answer, web.Response):
            reading.learn_written(self._known, endpoint, body, answer.body)
        return answer

    async def _caught_up(self, delivery: Delivery, seconds: float) -> None:
        """Wait a while for the delivery of what is kept."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while delivery.is_behind and self._presence.reason is None and loop.time() < end:
            await asyncio.sleep(_TURN)
        if not delivery.is_behind:
            self._known.settle()

    def _on_return(self) -> None:
        if self._delivery is not None:
            self._delivery.wake()

    def _unavailable(self) -> web.Response:
        """Return the answer that clients take as "ask again later"."""
        reason = self._presence.reason or "cannot answer this now"
        line = f"The tracking server {self._upstream.base} is away: {reason}."
        answer = error_answer(UNAVAILABLE, line, 503)
        answer.headers["Retry-After"] = "1"
        return answer

    def _full(self, error: JournalFullError) -> web.Response:
        line = (
            f"The tracking server {self._upstream.base} is away, and this could not be kept for "
            f"later: {error.message}."
        )
        if not self._is_full:
            self._is_full = True
            self._notify(f"{line} The command is told so.")
        return error_answer(UNAVAILABLE, line, 503)
