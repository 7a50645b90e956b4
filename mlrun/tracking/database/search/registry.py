"""Filter and order of the model registry: of models, and of their versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.search.conditions import Condition, Query, compare, compare_entry
from mlrun.tracking.database.search.filters import Comparison
from mlrun.tracking.database.search.ordering import Order
from mlrun.tracking.database.search.prompts import (
    asks_for_prompts,
    is_about_prompts,
    no_prompts,
)
from mlrun.tracking.database.search.vocabulary import TAG
from mlrun.tracking.database.session import Session


@dataclass(frozen=True, slots=True)
class Registry:
    """Where something of the registry is stored.

    Attributes:
        table: Its table.
        tags: Table of its tags.
        identity: Columns of both that say what a tag belongs to.
        columns: Attribute to column.
    """

    table: str
    tags: str
    identity: tuple[str, ...]
    columns: Mapping[str, str]


def filter_registry(
    session: Session,
    query: Query,
    registry: Registry,
    comparisons: Iterable[Comparison],
    orders: Iterable[Order],
) -> None:
    """Add a filter and an order to a query.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: tags are no order.
    """
    comparisons = list(comparisons)
    prompts = asks_for_prompts(comparisons)
    workspace = ""
    if "workspace" in session.columns(registry.table):
        workspace = f" AND {registry.tags}.workspace = {registry.table}.workspace"
    for comparison in comparisons:
        if prompts or not is_about_prompts(comparison):
            query.conditions.append(_condition(registry, comparison, workspace))
    if not prompts and session.columns(registry.tags):
        query.conditions.append(no_prompts(registry.table, registry.tags, workspace))
    for order in orders:
        if order.entity == TAG:
            raise ApiError(INVALID, f"Invalid order_by entity: {order.entity}")
        column = f"{registry.table}.{registry.columns[order.key]}"
        query.orders.append(Condition(f"{column} {order.direction}"))


def _condition(registry: Registry, comparison: Comparison, workspace: str) -> Condition:
    if comparison.entity == TAG:
        owner = " AND ".join(
            f"{registry.tags}.{column} = {registry.table}.{column}" for column in registry.identity
        )
        return compare_entry(registry.tags, owner + workspace, comparison)
    column = f"{registry.table}.{registry.columns[comparison.key]}"
    return compare(column, comparison.operator, comparison.value)
