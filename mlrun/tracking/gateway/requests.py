"""What a request of MLflow's REST API asks for, read into a message."""

from __future__ import annotations

import json
import zlib
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Json, Message

LARGEST_BODY = 64 * 2**20
"""Bytes of a request that is read as a whole; files are streamed."""


async def read_message(request: web.BaseRequest, path_fields: dict[str, str]) -> Message:
    """Return the fields of a request's body, query and path.

    Args:
        request: Its body is read here.
        path_fields: What the path gives; it has the last word.

    Raises:
        ApiError: The body is no JSON object.
    """
    fields = _query_fields(request.raw_path.partition("?")[2])
    body = await request.read() if request.body_exists else b""
    if body:
        fields.update(_object(_plain(body, request.headers.get("Content-Encoding", ""))))
    fields.update(path_fields)
    return Message(fields)


def _query_fields(query: str) -> Json:
    """Return a query's fields; a name that comes several times is a list."""
    fields: Json = {}
    if not query:
        return fields
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
        if isinstance(content, str):  # clients of long ago encode twice
            content = json.loads(content)
    except (ValueError, RecursionError):
        raise ApiError(INVALID, "The request's body is not valid JSON.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ApiError(INVALID, "The request's body is not a JSON object.")
    return content


def _plain(body: bytes, encoding: str) -> bytes:
    """Return a body that may have been compressed, never more of it than is read otherwise."""
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unpacking.decompress(body, LARGEST_BODY)
    except zlib.error:
        raise ApiError(INVALID, "The request's body cannot be decompressed.") from None
    if unpacking.unconsumed_tail:
        raise ApiError(INVALID, "The request's body is too large.")
    return plain
