"""Which operation answers which request."""

from __future__ import annotations

from collections.abc import Callable

from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.session import Session

Operation = Callable[[Session, Message], Json]
"""Takes a transaction and a request, returns the answer's JSON.

Raises `ApiError` where MLflow's own server would refuse. It neither begins nor ends the
transaction: several requests may share one, each inside a savepoint of its own.
"""


class Route:
    """One endpoint.

    Attributes:
        method: HTTP method.
        path: Without `/api/2.0/mlflow` and without `/preview`, such as `/runs/get`; parts in
            braces become fields of the message: `/logged-models/{model_id}`. A path of another
            prefix is given whole: `/api/3.0/mlflow/traces`.
        operation: Answers it.
        writes: Whether it needs a transaction that writes.
    """

    # No dataclass, which takes half a millisecond to make on the way to the command.
    __slots__ = ("method", "operation", "path", "writes")

    def __init__(self, method: str, path: str, operation: Operation, writes: bool = False) -> None:
        self.method = method
        self.path = path
        self.operation = operation
        self.writes = writes
