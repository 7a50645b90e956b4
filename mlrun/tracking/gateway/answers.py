"""Answers in the form that MLflow's clients read."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from mlrun.tracking.database.api_error import ApiError

INTERNAL = "INTERNAL_ERROR"

FULL = 507
"""The status where a disk is full: no client tries that again without a word to its user."""

_JSON = "application/json"
_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


def json_answer(content: Any, status: int = 200) -> web.Response:
    """Return content as JSON, with its body at hand."""
    body = _encode(content).encode()
    return web.Response(body=body, status=status, content_type=_JSON)


def error_answer(code: str, message: str, status: int) -> web.Response:
    """Return a refusal: MLflow's clients show its message to their user."""
    return json_answer({"error_code": code, "message": message}, status)


def refusal(error: ApiError) -> web.Response:
    """Return what an operation refused."""
    return error_answer(error.code, error.message, error.status)


def full(message: str) -> web.Response:
    """Return that there is no room."""
    return error_answer("RESOURCE_EXHAUSTED", message, FULL)


def unauthenticated() -> web.Response:
    """Return the answer to who has no token: nothing else is told, and the line is cut."""
    answer = error_answer("UNAUTHENTICATED", "This address needs the run's token.", 401)
    answer.headers["WWW-Authenticate"] = "Bearer"
    answer.headers["Server"] = "mlrun"
    answer.force_close()
    return answer
