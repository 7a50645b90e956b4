"""The answer "no", as MLflow's clients understand it."""

from __future__ import annotations

from collections.abc import Mapping

INVALID = "INVALID_PARAMETER_VALUE"
MISSING = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"
WRONG_STATE = "INVALID_STATE"
UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
NOT_IMPLEMENTED = "NOT_IMPLEMENTED"

_STATUS: Mapping[str, int] = {
    INVALID: 400,
    MISSING: 404,
    EXISTS: 400,
    WRONG_STATE: 500,
    UNAVAILABLE: 503,
    NOT_IMPLEMENTED: 501,
    "BAD_REQUEST": 400,
    "ENDPOINT_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_CONFLICT": 409,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_EXHAUSTED": 429,
}


class ApiError(Exception):
    """An operation that is refused, with MLflow's error code.

    The codes and their HTTP statuses are those of `mlflow.exceptions`.

    Attributes:
        code: MLflow's error code, such as `RESOURCE_DOES_NOT_EXIST`.
        message: For the client's user.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status; 500 for a code without one of its own."""
        return _STATUS.get(self.code, 500)
