"""Searches traces."""

# ruff: noqa: S608 - tables and columns come from this package alone, values are bound

from __future__ import annotations

import sqlite3

from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import Condition, Query, compare, within
from mlrun.tracking.database.search.filters import Comparison, parse_filter
from mlrun.tracking.database.search.ordering import Order, parse_orders
from mlrun.tracking.database.search.paging import read_page
from mlrun.tracking.database.search.scope import read_experiment_ids
from mlrun.tracking.database.search.vocabulary import ATTRIBUTE, TAG, TRACES
from mlrun.tracking.database.session import Session
from mlrun.tracking.database.trace_rows import NAME, SESSION, trace_json_2, trace_json_3

_DEFAULT_RESULTS = 100
_MOST_RESULTS = 50_000
_ENTRIES = {"name": ("trace_tags", NAME), "run_id": ("trace_request_metadata", "mlflow.sourceRun")}
_PROMOTED = {NAME: "trace_name", SESSION: "session_id"}
_EXPRESSIONS = {"end_time_ms": "(trace_info.timestamp_ms + trace_info.execution_time_ms)"}


def search_traces_2(session: Session, message: Message) -> Json:
    """Answer `/traces`, which clients of MLflow 2 and 3.1 ask."""
    rows, following = _search(session, message, message.texts("experiment_ids"))
    return {**({"traces": trace_json_2(session, rows)} if rows else {}), **following}


def search_traces_3(session: Session, message: Message) -> Json:
    """Answer `/traces/search` of the later protocol: experiments are given as locations."""
    locations = [
        location.message("mlflow_experiment") for location in message.messages("locations")
    ]
    ids = [place.text("experiment_id") for place in locations if "experiment_id" in place]
    rows, following = _search(session, message, ids)
    return {**({"traces": trace_json_3(session, rows)} if rows else {}), **following}


def _search(
    session: Session, message: Message, experiment_ids: list[str]
) -> tuple[list[sqlite3.Row], Json]:
    page = read_page(message, _DEFAULT_RESULTS, _MOST_RESULTS)
    experiments = read_experiment_ids(experiment_ids)
    comparisons = parse_filter(message.text("filter"), TRACES)
    orders = parse_orders(message.texts("order_by"), TRACES)
    if not session.columns("trace_info"):
        return [], {}
    query = Query(conditions=[within("trace_info.experiment_id", experiments)])
    query.conditions += [_condition(session, comparison) for comparison in comparisons]
    for order in orders:
        value = _value(session, order)
        query.orders.append(Condition(f"{value.sql} IS NULL", value.values))
        query.orders.append(Condition(f"{value.sql} {order.direction}", value.values))
    query.orders.append(Condition("trace_info.timestamp_ms DESC"))
    query.orders.append(Condition("trace_info.request_id"))
    statement = query.statement("trace_info.*", "trace_info")
    rows = session.rows(statement.sql, (*statement.values, *page.values()))
    found, following = page.cut(rows)
    return list(found), following


def _condition(session: Session, comparison: Comparison) -> Condition:
    value = _value(session, comparison)
    if comparison.operator in ("IS NULL", "IS NOT NULL"):
        return Condition(f"{value.sql} {comparison.operator}", value.values)
    asked = compare(value.sql, comparison.operator, comparison.value)
    return Condition(asked.sql, (*value.values, *asked.values))


def _value(session: Session, named: Comparison | Order) -> Condition:
    """Return the SQL of what is compared or ordered by; NULL where a trace lacks it."""
    columns = session.columns("trace_info")
    if named.entity == ATTRIBUTE and named.key not in _ENTRIES:
        known = named.key in columns or named.key in _EXPRESSIONS
        column = _EXPRESSIONS.get(named.key, f"trace_info.{named.key}")
        return Condition(column if known else "NULL")
    table = "trace_tags" if named.entity == TAG else "trace_request_metadata"
    key = named.key
    if named.entity == ATTRIBUTE:
        table, key = _ENTRIES[named.key]
    row = f"SELECT value FROM {table} WHERE request_id = trace_info.request_id AND key = ?"
    if _PROMOTED.get(key) in columns:
        return Condition(f"coalesce(trace_info.{_PROMOTED[key]}, ({row}))", (key,))
    return Condition(f"({row})", (key,))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/traces", search_traces_2),
    Route("POST", "/api/3.0/mlflow/traces/search", search_traces_3),
)
