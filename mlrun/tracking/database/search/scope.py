"""What every search of a tracking server takes: experiments, and stages of life."""

from __future__ import annotations

from collections.abc import Iterable

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Message

_STAGES = {
    "ACTIVE_ONLY": ("active",),
    "DELETED_ONLY": ("deleted",),
    "ALL": ("active", "deleted"),
    # The numbers of MLflow's protocol.
    "1": ("active",),
    "2": ("deleted",),
    "3": ("active", "deleted"),
}


def read_stages(message: Message, name: str) -> tuple[str, ...]:
    """Return the lifecycle stages that a view type lets through; by default only `active`.

    Args:
        message: The request.
        name: Of its field.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: there is no such view.
    """
    stages = _STAGES.get(message.text(name, "ACTIVE_ONLY"))
    if stages is None:
        raise message.invalid(name, "ACTIVE_ONLY, DELETED_ONLY or ALL")
    return stages


def read_experiment_ids(texts: Iterable[str]) -> list[int]:
    """Return the numbers of experiments.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: one is no number.
    """
    return [experiment_number(text) for text in texts]


def experiment_number(text: str) -> int:
    """Return the number of an experiment.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: it is none.
    """
    digits = text.strip()
    if not (digits.removeprefix("-").isdecimal() and len(digits) < 20):
        raise ApiError(
            INVALID,
            f"Invalid experiment ID '{text[:80]}'. Experiment ID must be a valid integer.",
        )
    return int(digits)
