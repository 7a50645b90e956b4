"""Whether a tracking server is there, and whether an answer is one of its own.

In a server's place may answer: a page that says what is wrong, a proxy without anything behind
it, a login that leads elsewhere, the server itself to a password that counts no more. What such
an answer says is no word on what was asked. Where it is strange, one question that every server
answers tells which it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlrun.tracking.gateway.upstream import Upstream

_PROBE = "/api/2.0/mlflow/experiments/get?experiment_id=0"
"""What every version answers, from its database."""

_LIMIT = 10.0
_FORBIDDEN = b"Permission denied"
"""All that MLflow's basic-auth says to a known user."""


async def absence(upstream: Upstream) -> str | None:
    """Ask a server whether it is there; return why not, None if it is."""
    from mlrun.tracking.gateway.upstream import UpstreamAway

    try:
        answer = await upstream.send("GET", _PROBE, limit=_LIMIT)
    except UpstreamAway as away:
        return away.reason
    if answer.is_outage:
        return f"answered {answer.status}"
    if is_strange(answer.status, answer.body):
        return described(answer.status)
    return None


def is_strange(status: int, body: bytes) -> bool:
    """Return whether an answer may be another's than a tracking server's.

    Args:
        status: None of an outage.
        body: All of it.
    """
    if 200 <= status < 300:
        return body.lstrip()[:1] == b"<"
    if status == 403 and body.strip() == _FORBIDDEN:
        return False
    return status == 401 or error_code(body) is None


def described(status: int) -> str:
    """Return in words why a strange answer is none."""
    if status == 401:
        return "does not accept the credentials (401)"
    return f"answered {status}, and not as a tracking server does"


def error_code(body: bytes) -> str | None:
    """Return MLflow's name of an error, None where an answer has none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = content.get("error_code") if isinstance(content, dict) else None
    return code if isinstance(code, str) else None
