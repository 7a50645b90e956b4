"""A script that was written to run plain sets an experiment and starts a run.

Its client then asks for the run that it was given (`MLFLOW_RUN_ID`), and raises unless that
run is in the experiment just set (`mlflow.start_run`, in `tracking/fluent.py`):

    experiments/get-by-name, perhaps create and get   set_experiment("x")
    runs/get                                          compared with x
    runs/update to RUNNING, runs/get                  taken up

That one comparison is satisfied, once for a connection; every other answer tells what is.
A nested mlrun gives runs of its own to its commands: those that it makes or continues here.
"""

from __future__ import annotations

import json
from asyncio import Transport
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from aiohttp import web

from mlrun.tracking.gateway.answers import json_answer
from mlrun.tracking.gateway.paths import endpoint_of
from mlrun.tracking.gateway.service import Call

_LOOKUPS = ("/experiments/get", "/experiments/get-by-name", "/experiments/create")
_GET = "/runs/get"
_UPDATE = "/runs/update"
_CREATE = "/runs/create"
_MLRUN = "mlrun/"
"""How the user agent of a nested mlrun begins."""


class _Client:
    """What is known of who speaks on a connection.

    Attributes:
        experiment_id: The experiment that was looked up or made last.
        has_run: Whether the run was taken up since.
    """

    __slots__ = ("experiment_id", "has_run")

    def __init__(self) -> None:
        self.experiment_id: str | None = None
        self.has_run = False


class InjectedRun:
    """Satisfies the comparison that a client makes for the run that the command was given.

    Args:
        run_id: That run.
        experiment_id: The experiment that it is in.
        say: Takes the line that says what happened.
        experiment_name: The name of that experiment, where it is known.
    """

    def __init__(
        self,
        run_id: str,
        experiment_id: str,
        say: Callable[[str], None],
        experiment_name: str | None = None,
    ) -> None:
        self._runs: dict[str, str | None] = {run_id: experiment_id}
        self._say = say
        self._clients: WeakKeyDictionary[Transport, _Client] = WeakKeyDictionary()
        # The clients of long ago open a connection for each request: all count as one.
        self._passing = _Client()
        self._last_lookup: tuple[Transport | None, str] | None = None
        self._names = {experiment_id: experiment_name} if experiment_name else {}

    async def satisfied(self, call: Call, answer: web.StreamResponse) -> web.StreamResponse:
        """Return the answer, with the experiment that the client is about to compare with.

        Args:
            call: The request that was answered.
            answer: What the service answered.
        """
        endpoint = endpoint_of(call.request.raw_path)
        if answer.status != 200:
            return answer
        if call.request.headers.get("User-Agent", "").startswith(_MLRUN):
            await self._note_run(call, endpoint, answer)
        elif endpoint == _GET:
            return self._compared(call, answer)
        elif endpoint == _UPDATE:
            self._note_update(call, await _body(call))
        elif endpoint in _LOOKUPS:
            await self._note_lookup(call, _content(answer))
        return answer

    async def _note_run(self, call: Call, endpoint: str, answer: web.StreamResponse) -> None:
        """Remember a run that a nested mlrun gives to its command."""
        if endpoint == _CREATE:
            run_id = _text(_content(answer), "run", "info", "run_id")
        elif endpoint == _UPDATE:
            run_id = _text(await _body(call), "run_id")
        else:
            return
        if run_id is not None:
            self._runs.setdefault(run_id, None)

    async def _note_lookup(self, call: Call, content: Any) -> None:
        experiment_id = _text(content, "experiment", "experiment_id")
        name = _text(content, "experiment", "name")
        if experiment_id is None:
            experiment_id = _text(content, "experiment_id")
            name = _text(await _body(call), "name")
        if experiment_id is None:
            return
        if name is not None:
            self._names[experiment_id] = name
        self._client(call).experiment_id = experiment_id
        self._last_lookup = (call.request.transport, experiment_id)

    def _note_update(self, call: Call, body: Any) -> None:
        run_id = _text(body, "run_id") or _text(body, "run_uuid")
        status = _text(body, "status")
        if run_id not in self._runs or status is None:
            return
        if status == "RUNNING":
            self._client(call).has_run = True
        else:
            # The run is let go of: another script may take it up.
            self._passing.has_run = False

    def _compared(self, call: Call, answer: web.StreamResponse) -> web.StreamResponse:
        asked = _query(call)
        run_id = asked.get("run_id") or asked.get("run_uuid")
        if run_id not in self._runs:
            return answer
        client = self._client(call)
        if client.experiment_id is None and self._is_last_lookup_gone():
            client = self._passing
            client.experiment_id = self._last_lookup[1] if self._last_lookup else None
        wanted = client.experiment_id
        if client.has_run or wanted is None or wanted == self._runs[run_id]:
            return answer
        content = _content(answer)
        its_own = _text(content, "run", "info", "experiment_id")
        if its_own is None or its_own == wanted:
            return answer
        client.has_run = True
        self._last_lookup = None
        self._tell(its_own, wanted)
        content["run"]["info"]["experiment_id"] = wanted
        return json_answer(content)

    def _is_last_lookup_gone(self) -> bool:
        if self._last_lookup is None:
            return False
        connection = self._last_lookup[0]
        return connection is None or connection.is_closing()

    def _client(self, call: Call) -> _Client:
        connection = call.request.transport
        if connection is None:
            return self._passing
        return self._clients.setdefault(connection, _Client())

    def _tell(self, its_own: str, wanted: str) -> None:
        name = self._names.get(wanted)
        option = f"--experiment-name {name!r}" if name else f"--experiment-id {wanted}"
        self._say(
            f"the script sets the experiment {name or wanted!r}: this run stays in experiment "
            f"{self._names.get(its_own, its_own)!r}, runs that the script makes go where it says"
            f" ({option} puts this one there)"
        )


def _content(answer: web.StreamResponse) -> Any:
    body = answer.body if isinstance(answer, web.Response) else None
    return _parsed(body) if isinstance(body, (bytes, bytearray)) else None


async def _body(call: Call) -> Any:
    """Return what was sent, where the service has left it to be read."""
    sent = _parsed(await call.request.read())
    return {**_query(call), **sent} if isinstance(sent, dict) else _query(call)


def _query(call: Call) -> dict[str, str]:
    query = call.request.raw_path.partition("?")[2]
    return {name: values[-1] for name, values in parse_qs(query).items()}


def _parsed(text: bytes | bytearray) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(content: Any, *path: str) -> str | None:
    """Return what stands at a path of a JSON document, if it is a text."""
    for name in path:
        if not isinstance(content, dict):
            return None
        content = content.get(name)
    return content if isinstance(content, str) else None
