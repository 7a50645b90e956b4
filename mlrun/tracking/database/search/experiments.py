"""Searches experiments."""

from __future__ import annotations

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import (
    Condition,
    Query,
    compare,
    compare_entry,
)
from mlrun.tracking.database.search.filters import Comparison, Value, parse_filter
from mlrun.tracking.database.search.ordering import Order, parse_orders
from mlrun.tracking.database.search.paging import read_page
from mlrun.tracking.database.search.scope import experiment_number, read_stages
from mlrun.tracking.database.search.vocabulary import EXPERIMENTS, TAG
from mlrun.tracking.database.session import Session

_DEFAULT_RESULTS = 1000
_MOST_RESULTS = 50_000
_NEWEST_FIRST = ("creation_time DESC", "experiment_id ASC")


def search_experiments(session: Session, message: Message) -> Json:
    """Answer `/experiments/search`: the experiments that a filter lets through.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: a field says nothing that can be searched for.
    """
    from mlrun.tracking.database.experiments import experiment_json

    page = read_page(message, _DEFAULT_RESULTS, _MOST_RESULTS)
    query = Query()
    stages = read_stages(message, "view_type")
    query.conditions.append(compare("experiments.lifecycle_stage", "IN", stages))
    for comparison in parse_filter(message.text("filter"), EXPERIMENTS):
        query.conditions.append(_condition(session, comparison))
    _order(session, query, parse_orders(message.texts("order_by") or _NEWEST_FIRST, EXPERIMENTS))
    statement = query.statement("experiments.*", "experiments")
    rows = session.rows(statement.sql, (*statement.values, *page.values()))
    found, following = page.cut(rows)
    return {**({"experiments": experiment_json(session, found)} if found else {}), **following}


def _condition(session: Session, comparison: Comparison) -> Condition:
    if comparison.entity == TAG:
        owner = "experiment_tags.experiment_id = experiments.experiment_id"
        return compare_entry("experiment_tags", owner, comparison)
    value = comparison.value
    if comparison.key == "experiment_id":
        value = _numbers(comparison)
    return compare(_column(session, comparison.key), comparison.operator, value)


def _numbers(comparison: Comparison) -> Value:
    if "LIKE" in comparison.operator:
        raise ApiError(INVALID, f"Invalid comparator for experiment_id: {comparison.operator}")
    if isinstance(comparison.value, tuple):
        return tuple(experiment_number(str(text)) for text in comparison.value)
    return experiment_number(str(comparison.value))


def _column(session: Session, key: str) -> str:
    """Return the SQL of an attribute; old schemas know no times of an experiment."""
    return f"experiments.{key}" if key in session.columns("experiments") else "NULL"


def _order(session: Session, query: Query, orders: tuple[Order, ...]) -> None:
    for order in orders:
        if order.entity == TAG:
            raise ApiError(INVALID, f"Invalid order_by entity: {order.entity}")
        column = _column(session, order.key)
        query.orders.append(Condition(f"{column} {order.direction}"))
    if not any(order.key == "experiment_id" for order in orders):
        query.orders.append(Condition("experiments.experiment_id DESC"))


ROUTES: tuple[Route, ...] = (
    Route("POST", "/experiments/search", search_experiments),
    Route("GET", "/experiments/search", search_experiments),
)
