"""Cuts what is logged into requests that a server takes.

Source of the limits: mlflow.utils.validation of MLflow 3.17, the same since 1.x.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MOST_ENTRIES = 100
"""Parameters in one request, and tags in one request."""

MOST_BYTES = 900_000
"""A server takes 1,000,000 bytes; what surrounds the entries is well below the rest."""


def as_entries(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return names and values in the form of MLflow's API."""
    return [{"key": name, "value": value} for name, value in values.items()]


def make_batches(
    run_id: str, tags: Mapping[str, str], parameters: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the bodies of the requests that log these tags and parameters.

    Args:
        run_id: Of the run.
        tags: Already short enough, each for itself.
        parameters: Likewise.
    """
    tag_groups = _groups(as_entries(tags))
    parameter_groups = _groups(as_entries(parameters))
    if len(tag_groups) == len(parameter_groups) == 1:
        together = _size(tag_groups[0]) + _size(parameter_groups[0])
        if together <= MOST_BYTES:
            return [_batch(run_id, tag_groups[0], parameter_groups[0])]
    return [
        *(_batch(run_id, group, []) for group in tag_groups),
        *(_batch(run_id, [], group) for group in parameter_groups),
    ]


def _batch(
    run_id: str, tags: list[dict[str, str]], parameters: list[dict[str, str]]
) -> dict[str, Any]:
    return {"run_id": run_id, "metrics": [], "params": parameters, "tags": tags}


def _groups(entries: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    groups: list[list[dict[str, str]]] = []
    size = 0
    for entry in entries:
        grown = size + _size([entry])
        if not groups or len(groups[-1]) == MOST_ENTRIES or grown > MOST_BYTES:
            groups.append([])
            grown = _size([entry])
        groups[-1].append(entry)
        size = grown
    return groups


def _size(entries: list[dict[str, str]]) -> int:
    # Servers count what they received, which their own JSON library may have escaped.
    return sum(len(json.dumps(entry)) + 2 for entry in entries)
