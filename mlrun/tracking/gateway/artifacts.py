"""The endpoints of artifacts: listed, got, put and deleted through the gateway."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web

from mlrun.tracking.database.api_error import INVALID, MISSING, NOT_IMPLEMENTED, ApiError
from mlrun.tracking.database.message import Json
from mlrun.tracking.gateway import artifact_files
from mlrun.tracking.gateway.answers import INTERNAL, error_answer, full, json_answer
from mlrun.tracking.gateway.artifact_files import Disk
from mlrun.tracking.gateway.artifact_places import Places
from mlrun.tracking.gateway.service import Call

_PREFIX = "/api/2.0/mlflow-artifacts/"
_FILES = f"{_PREFIX}artifacts"

Ask = Callable[[str, str, Json], Awaitable[Json]]
"""Asks an endpoint of the database: method, path, fields."""


class Artifacts:
    """Answers what is about files.

    Args:
        ask: Asks the database.
        places: Returns where artifacts lie at present.
    """

    def __init__(self, ask: Ask, places: Callable[[], Awaitable[Places]]) -> None:
        self._ask = ask
        self._places = places
        self._disk: Disk = Disk(lambda: None, lambda _: None, 4)

    async def answer(self, call: Call, endpoint: str) -> web.StreamResponse | None:
        """Answer a request, None if it is not about files.

        Args:
            call: Its body is not read yet.
            endpoint: Its path without query and prefix.

        Raises:
            ApiError: It is refused.
        """
        try:
            if endpoint.startswith(_PREFIX):
                return await self._answer_transfer(call.request, endpoint)
            return await self._answer_by_owner(call, endpoint)
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            return _failure(error)

    async def close(self) -> None:
        """Let the threads end."""
        await self._disk.close()

    async def _answer_transfer(
        self, request: web.BaseRequest, endpoint: str
    ) -> web.StreamResponse | None:
        """Answer on the paths that `mlflow-artifacts:` URIs lead to."""
        method = request.method
        if endpoint.startswith((f"{_PREFIX}mpu/", f"{_PREFIX}presigned/")):
            raise ApiError(NOT_IMPLEMENTED, "Files are transferred in one piece here.")
        if endpoint == _FILES and method == "GET":
            return await self._list(_query(request, "path"))
        path = endpoint.removeprefix(f"{_FILES}/")
        if path == endpoint or method not in ("GET", "PUT", "DELETE"):
            return None
        places = await self._places()
        place = places.at(path)
        if method == "GET":
            return await artifact_files.send(request, self._disk, place)
        if method == "PUT":
            await artifact_files.receive(request.content, self._disk, place)
        elif places.is_root(place):
            raise ApiError(INVALID, "The artifacts of a whole experiment are not removed at once.")
        else:
            await self._disk.run(lambda _: artifact_files.remove(place))
        return json_answer({})

    async def _list(self, path: str) -> web.Response:
        folder = (await self._places()).at(path.replace("%", "%25"))
        files = await self._disk.run(lambda _: artifact_files.list_folder(folder, ()))
        return json_answer({"files": files} if files else {})

    async def _answer_by_owner(self, call: Call, endpoint: str) -> web.StreamResponse | None:
        """Answer on the files of a run, a model version or a logged model."""
        request = call.request
        if request.method != "GET":
            return None
        parts = endpoint.split("/")
        if endpoint == "/artifacts/list":
            return await self._list_of(call, await self._run_root(request), "path")
        if endpoint == "/get-artifact":
            return await self._send_of(call, await self._run_root(request), "path")
        if endpoint == "/model-versions/get-artifact":
            return await self._send_of(call, await self._version_root(request), "path")
        if parts[1] == "logged-models" and parts[3:] == ["artifacts", "directories"]:
            root = await self._model_root(parts[2])
            return await self._list_of(call, root, "artifact_directory_path")
        if parts[1] == "logged-models" and parts[3:] == ["artifacts", "files"]:
            root = await self._model_root(parts[2])
            return await self._send_of(call, root, "artifact_file_path")
        return None

    async def _run_root(self, request: web.BaseRequest) -> str:
        run_id = _query(request, "run_id") or _query(request, "run_uuid")
        run = await self._ask("GET", "/runs/get", {"run_id": run_id})
        return str(run["run"]["info"]["artifact_uri"])

    async def _version_root(self, request: web.BaseRequest) -> str:
        fields = {name: _query(request, name) for name in ("name", "version")}
        found = await self._ask("GET", "/model-versions/get-download-uri", fields)
        return str(found["artifact_uri"])

    async def _model_root(self, model_id: str) -> str:
        model = await self._ask("GET", f"/logged-models/{model_id}", {})
        return str(model["model"]["info"]["artifact_uri"])

    async def _list_of(self, call: Call, root: str, parameter: str) -> web.Response:
        folder = await self._folder(call, root)
        parts = artifact_files.parts_of(_query(call.request, parameter).replace("%", "%25"))
        files = await self._disk.run(lambda _: artifact_files.list_folder(folder, parts))
        for file in files:
            file["path"] = "/".join((*parts, file["path"]))
        shown = root if call.is_local else (await self._places()).shown(root)
        return json_answer({"root_uri": shown, **({"files": files} if files else {})})

    async def _send_of(self, call: Call, root: str, parameter: str) -> web.StreamResponse:
        folder = await self._folder(call, root)
        parts = artifact_files.parts_of(_query(call.request, parameter).replace("%", "%25"))
        if not parts:
            raise ApiError(INVALID, f"Missing value for required parameter '{parameter}'.")
        path = artifact_files.within(folder, parts)
        return await artifact_files.send(call.request, self._disk, path)

    async def _folder(self, call: Call, root: str) -> Path:
        places = await self._places()
        if not call.is_local:
            places.check_from_afar(root)
        folder = places.folder_of(root)
        if folder is None:
            raise ApiError(NOT_IMPLEMENTED, f"Artifacts in {root} are not served here.")
        return folder


def _query(request: web.BaseRequest, name: str) -> str:
    query = request.raw_path.partition("?")[2]
    return parse_qs(query, keep_blank_values=True, errors="surrogateescape").get(name, [""])[-1]


def _failure(error: OSError) -> web.Response:
    """Return what a client shows at once: trying again does not help."""
    text = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return full(f"The artifact was not kept: {text}.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return error_answer("PERMISSION_DENIED", f"The artifact's folder: {text}.", 403)
    if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ELOOP):
        return error_answer(INVALID, f"The artifact's name: {text}.", 400)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return error_answer(MISSING, f"No such artifact: {text}.", 404)
    return error_answer(INTERNAL, f"The artifact: {text}.", 500)
