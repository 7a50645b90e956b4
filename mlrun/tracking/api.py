"""MLflow's REST API: JSON out, JSON back, and each refusal in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from mlrun.errors import TrackingRefusedError
from mlrun.execution.redact import mask_text
from mlrun.tracking.connection import Answer
from mlrun.tracking.credentials import PASSWORD, TOKEN, USERNAME, Credentials
from mlrun.tracking.http import DISABLED, HttpClient

PREFIX = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
"""Where a server takes and gives the files that it passes on."""

_ARTIFACT_PATIENCE = 5.0
"""Seconds for a file that nobody waits for."""

Json = dict[str, Any]


class ApiRefusedError(TrackingRefusedError):
    """The server answered no, in MLflow's own form.

    Args:
        message: What it said, with what to do.
        error_code: MLflow's name of the error.
        hint: What to do.
    """

    def __init__(self, message: str, error_code: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.error_code = error_code


class ForeignAnswerError(TrackingRefusedError):
    """The server answered, but not as MLflow does: it has no such endpoint, or is no such server.

    Args:
        message: What came.
        status: HTTP status.
        hint: What to do.
    """

    def __init__(self, message: str, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TrackingApi:
    """Calls endpoints by their names below `/api/2.0/mlflow/`.

    Args:
        client: Speaks to the server.
        credentials: What the client sends, for messages.
    """

    def __init__(self, client: HttpClient, credentials: Credentials | None) -> None:
        self._client = client
        self._credentials = credentials

    def get(
        self, endpoint: str, query: Mapping[str, str], *, patience: float | None = None
    ) -> Json:
        """Ask for something.

        Raises:
            TrackingError: No answer, or no as the answer.
        """
        path = f"{PREFIX}{endpoint}?{urlencode(query)}"
        return self._understood(self._client.exchange("GET", path, patience=patience))

    def list_artifacts(self, path: str) -> Json:
        """Ask for what is in a folder of the server's artifacts.

        Args:
            path: Below their root; empty for the root itself.

        Raises:
            TrackingError: No answer, or no as the answer.
        """
        query = f"?{urlencode({'path': path})}" if path else ""
        return self._understood(self._client.exchange("GET", f"{ARTIFACTS}{query}"))

    def put_artifact(self, path: str, content: bytes) -> None:
        """Send a small file to the server's artifacts, which may do without it.

        Args:
            path: Below the root of the server's artifacts.
            content: All of it.

        Raises:
            TrackingError: No answer, or no as the answer.
        """
        place = f"{ARTIFACTS}/{quote(path)}"
        self._understood(self._client.exchange("PUT", place, content, patience=_ARTIFACT_PATIENCE))

    def post(
        self, endpoint: str, body: Json, *, recover: Callable[[], Json | None] | None = None
    ) -> Json:
        """Record something.

        Args:
            endpoint: Its name.
            body: What to send.
            recover: Returns what an earlier, unanswered sending has made, None for nothing.

        Raises:
            TrackingError: No answer, or no as the answer.
        """
        found: list[Json] = []

        def recovered() -> Answer | None:
            answer = recover() if recover is not None else None
            if answer is None:
                return None
            found.append(answer)
            return Answer(200, {}, b"", "")

        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        answer = self._client.exchange(
            "POST", PREFIX + endpoint, data, recover=recovered if recover is not None else None
        )
        return found[0] if found else self._understood(answer)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _understood(self, answer: Answer) -> Json:
        document = _as_object(answer.body)
        if answer.status == 200 and document is not None:
            return document
        if answer.status == 200 and answer.body.strip() in (b"", b"200 OK"):
            return {}
        if answer.status in (401, 403):
            raise self._denied(answer, document)
        if document is not None and isinstance(document.get("error_code"), str):
            raise self._refused(answer, document)
        if DISABLED in answer.body:
            raise TrackingRefusedError(
                f"the tracking server {self._client.base} was started without this: {answer.url}",
                hint="is it an `mlflow server` with --no-serve-artifacts, or --artifacts-only?",
            )
        raise self._strange(answer)

    def _denied(self, answer: Answer, document: Json | None) -> TrackingRefusedError:
        said = f": {self._said(document)}" if document and document.get("message") else ""
        if self._credentials is None:
            what = f"asks for credentials ({answer.status})"
            hint = f"set {USERNAME} and {PASSWORD}, or {TOKEN}"
        elif answer.status == 401:
            what = f"does not accept the credentials from {self._credentials.source} (401)"
            hint = "check them; user name and password win over a token"
        else:
            what = (
                f"does not permit this with the credentials from {self._credentials.source} (403)"
            )
            hint = "use another account, or ask for the permission"
        return TrackingRefusedError(
            f"the tracking server {self._client.base} {what}{said}", hint=hint
        )

    def _refused(self, answer: Answer, document: Json) -> ApiRefusedError:
        code = document["error_code"]
        if code == "ENDPOINT_NOT_FOUND":
            return ApiRefusedError(
                f"the tracking server {self._client.base} does not know {answer.url}",
                code,
                hint="is its version of MLflow older than 1.20, or its address incomplete?",
            )
        return ApiRefusedError(
            f"the tracking server {self._client.base} refused: {self._said(document)} ({code})",
            code,
        )

    def _strange(self, answer: Answer) -> ForeignAnswerError:
        kind = answer.headers.get("content-type", "").partition(";")[0] or "something unnamed"
        return ForeignAnswerError(
            f"{answer.url} answered, but not as an MLflow tracking server does "
            f"({answer.status}, {kind[:60]})",
            answer.status,
            hint="check the address: host, port, and the path below which MLflow is served",
        )

    def _said(self, document: Json) -> str:
        secrets = (self._credentials.secret,) if self._credentials else ()
        return mask_text(" ".join(str(document.get("message", "")).split()), secrets)[:500]


def _as_object(body: bytes) -> Json | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
