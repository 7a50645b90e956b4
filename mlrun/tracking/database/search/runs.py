"""Searches runs."""

# ruff: noqa: S608 - tables and columns come from this package alone, values are bound

from __future__ import annotations

from dataclasses import replace

from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import (
    NEVER,
    Condition,
    Query,
    compare,
    compare_entry,
    within,
)
from mlrun.tracking.database.search.filters import Comparison, parse_filter
from mlrun.tracking.database.search.ordering import Order, parse_orders
from mlrun.tracking.database.search.paging import read_page
from mlrun.tracking.database.search.scope import read_experiment_ids, read_stages
from mlrun.tracking.database.search.vocabulary import (
    ATTRIBUTE,
    DATASET,
    METRIC,
    PARAMETER,
    RUNS,
    TAG,
)
from mlrun.tracking.database.session import Session

_COLUMNS = {"run_id": "run_uuid", "run_name": "name"}
_TABLES = {METRIC: "latest_metrics", PARAMETER: "params", TAG: "tags"}
_DEFAULT_RESULTS = 1000
_MOST_RESULTS = 50_000


def search_runs(session: Session, message: Message) -> Json:
    """Answer `/runs/search`: the runs of some experiments that a filter lets through.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: a field says nothing that can be searched for.
    """
    from mlrun.tracking.database.runs import run_json

    page = read_page(message, _DEFAULT_RESULTS, _MOST_RESULTS)
    stages = read_stages(message, "run_view_type")
    query = Query()
    query.conditions.append(
        within("runs.experiment_id", read_experiment_ids(message.texts("experiment_ids")))
    )
    query.conditions.append(compare("runs.lifecycle_stage", "IN", stages))
    for comparison in parse_filter(message.text("filter"), RUNS):
        query.conditions.append(_condition(session, comparison))
    _order(query, parse_orders(message.texts("order_by"), RUNS))
    statement = query.statement("runs.run_uuid", "runs")
    rows = session.rows(statement.sql, (*statement.values, *page.values()))
    found, following = page.cut([row["run_uuid"] for row in rows])
    return {**({"runs": run_json(session, found, with_models=False)} if found else {}), **following}


def _condition(session: Session, comparison: Comparison) -> Condition:
    if comparison.entity == DATASET:
        return _dataset_condition(session, comparison)
    if comparison.entity == METRIC:
        return _metric_condition(comparison)
    if comparison.entity != ATTRIBUTE:
        table = _TABLES[comparison.entity]
        return compare_entry(table, f"{table}.run_uuid = runs.run_uuid", comparison)
    if comparison.key == "run_name":
        # The column is empty in runs of old versions; the tag never is.
        comparison = replace(comparison, key="mlflow.runName")
        return compare_entry("tags", "tags.run_uuid = runs.run_uuid", comparison)
    column = f"runs.{_COLUMNS.get(comparison.key, comparison.key)}"
    return compare(column, comparison.operator, comparison.value)


def _metric_condition(comparison: Comparison) -> Condition:
    """Compare the latest value; NaN, stored as 0 beside a mark, differs from every number."""
    asked = compare("latest_metrics.value", comparison.operator, comparison.value)
    differs = comparison.operator == "!="
    nan = "OR latest_metrics.is_nan" if differs else "AND NOT latest_metrics.is_nan"
    return Condition(
        "EXISTS (SELECT 1 FROM latest_metrics WHERE latest_metrics.run_uuid = runs.run_uuid "
        f"AND latest_metrics.key = ? AND ({asked.sql} {nan}))",
        (comparison.key, *asked.values),
    )


def _dataset_condition(session: Session, comparison: Comparison) -> Condition:
    if not session.columns("datasets") or not session.columns("inputs"):
        return NEVER
    if comparison.key != "context":
        asked = compare(f"datasets.{comparison.key}", comparison.operator, comparison.value)
        tags = ""
    else:
        asked = compare("input_tags.value", comparison.operator, comparison.value)
        tags = (
            "JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid "
            "AND input_tags.name = 'mlflow.data.context' "
        )
    return Condition(
        "EXISTS (SELECT 1 FROM inputs "
        f"JOIN datasets ON datasets.dataset_uuid = inputs.source_id {tags}"
        f"WHERE inputs.destination_id = runs.run_uuid AND {asked.sql})",
        asked.values,
    )


def _order(query: Query, orders: tuple[Order, ...]) -> None:
    """Order by what is asked for, missing values and NaN last, then by start and run id."""
    for number, order in enumerate(orders):
        if order.entity == ATTRIBUTE:
            column = f"runs.{_COLUMNS.get(order.key, order.key)}"
            rank = f"{column} IS NULL"
        else:
            joined = f"order_{number}"
            column = f"{joined}.value"
            rank = f"{column} IS NULL"
            if order.entity == METRIC:
                rank = f"CASE WHEN {joined}.is_nan THEN 1 WHEN {rank} THEN 2 ELSE 0 END"
            query.joins.append(
                Condition(
                    f"LEFT JOIN {_TABLES[order.entity]} AS {joined} "
                    f"ON {joined}.run_uuid = runs.run_uuid AND {joined}.key = ?",
                    (order.key,),
                )
            )
        query.orders.append(Condition(f"{rank}, {column} {order.direction}"))
    if not any(order.key == "start_time" and order.entity == ATTRIBUTE for order in orders):
        query.orders.append(Condition("runs.start_time DESC"))
    query.orders.append(Condition("runs.run_uuid"))


ROUTES: tuple[Route, ...] = (Route("POST", "/runs/search", search_runs),)
