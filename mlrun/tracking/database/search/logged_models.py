"""Searches logged models."""

# ruff: noqa: S608 - tables and columns come from this package alone, values are bound

from __future__ import annotations

from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.logged_models import logged_model_json
from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import (
    Condition,
    Query,
    compare,
    compare_entry,
    together,
    within,
)
from mlrun.tracking.database.search.filters import Comparison, Value, parse_filter
from mlrun.tracking.database.search.paging import Page, decode, encode, read_offset, read_page
from mlrun.tracking.database.search.scope import read_experiment_ids
from mlrun.tracking.database.search.vocabulary import (
    ATTRIBUTE,
    LOGGED_MODELS,
    METRIC,
    PARAMETER,
)
from mlrun.tracking.database.session import Session

_DEFAULT_RESULTS = 50
_MOST_RESULTS = 50_000
_STATUSES = {"PENDING": 1, "READY": 2, "FAILED": 3}
_ORDER_COLUMNS = {
    *LOGGED_MODELS.texts,
    *LOGGED_MODELS.numbers,
    "experiment_id",
    "artifact_location",
    "status_message",
}


def search_logged_models(session: Session, message: Message) -> Json:
    """Answer `/logged-models/search`: the logged models that a filter lets through.

    A schema older than logged models has none.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: a field says nothing that can be searched for.
    """
    asked = _asked(message)
    page = _page(message, asked)
    query = Query(conditions=[Condition("logged_models.lifecycle_stage != 'deleted'")])
    experiments = read_experiment_ids(message.texts("experiment_ids"))
    query.conditions.append(within("logged_models.experiment_id", experiments))
    _filter(query, message)
    _order(query, message)
    if not session.columns("logged_models"):
        return {}
    statement = query.statement("logged_models.*", "logged_models")
    rows = session.rows(statement.sql, (*statement.values, *page.values()))
    found, following = page.cut(rows)
    if following:
        offset = page.offset + page.size
        following = {"next_page_token": encode({**asked, "offset": offset})}
    return {**({"models": logged_model_json(session, found)} if found else {}), **following}


def _asked(message: Message) -> Json:
    """Return what has to be the same for every page."""
    return {
        "experiment_ids": message.texts("experiment_ids"),
        "filter_string": message.text("filter") or None,
        "order_by": [order.fields for order in message.messages("order_by")] or None,
    }


def _page(message: Message, asked: Json) -> Page:
    """Read the page; its token holds for one search alone."""
    token = message.text("page_token")
    size = read_page(
        Message({**message.fields, "page_token": None}), _DEFAULT_RESULTS, _MOST_RESULTS
    )
    if not token:
        return size
    content = decode(token)
    for name, value in asked.items():
        if content.get(name) != value:
            raise ApiError(
                INVALID,
                f"The {name} of the page token do not match what is requested. "
                f"Expected: {value}. Found: {content.get(name)}",
            )
    return Page(read_offset(content), size.size)


def _filter(query: Query, message: Message) -> None:
    datasets = _datasets(message)
    about_metrics = False
    for comparison in parse_filter(message.text("filter"), LOGGED_MODELS):
        if comparison.entity == METRIC:
            about_metrics = True
            asked = compare(
                "logged_model_metrics.metric_value", comparison.operator, comparison.value
            )
            named = Condition("logged_model_metrics.metric_name = ?", (comparison.key,))
            query.conditions.append(_has_metric(together([named, asked, *datasets])))
        else:
            query.conditions.append(_condition(comparison))
    if datasets and not about_metrics:
        query.conditions.append(_has_metric(datasets[0]))


def _datasets(message: Message) -> list[Condition]:
    """Return the condition that a metric is of one of the datasets; none if none is asked for."""
    choices = []
    for dataset in message.messages("datasets"):
        name = dataset.needed_text("dataset_name")
        choice = [Condition("logged_model_metrics.dataset_name = ?", (name,))]
        if digest := dataset.text("dataset_digest"):
            choice.append(Condition("logged_model_metrics.dataset_digest = ?", (digest,)))
        choices.append(together(choice))
    if not choices:
        return []
    sql = " OR ".join(f"({choice.sql})" for choice in choices)
    return [Condition(sql, tuple(value for choice in choices for value in choice.values))]


def _has_metric(condition: Condition) -> Condition:
    return Condition(
        "EXISTS (SELECT 1 FROM logged_model_metrics "
        f"WHERE logged_model_metrics.model_id = logged_models.model_id AND ({condition.sql}))",
        condition.values,
    )


def _condition(comparison: Comparison) -> Condition:
    if comparison.entity == ATTRIBUTE:
        column = f"logged_models.{comparison.key}"
        value = comparison.value
        if comparison.key == "status" and "LIKE" not in comparison.operator:
            value = _status(value)
        return compare(column, comparison.operator, value)
    kind = "param" if comparison.entity == PARAMETER else "tag"
    table = f"logged_model_{kind}s"
    owner = f"{table}.model_id = logged_models.model_id"
    return compare_entry(table, owner, comparison, key=f"{kind}_key", value=f"{kind}_value")


def _status(value: Value) -> Value:
    """Return what the database holds for the name of a status: a number."""
    if isinstance(value, tuple):
        return tuple(_STATUSES.get(str(member), 0) for member in value)
    return _STATUSES.get(str(value), 0)


def _order(query: Query, message: Message) -> None:
    """Order by what is asked for, missing values last, then the newest first."""
    columns = set()
    for number, order in enumerate(message.messages("order_by")):
        column = _order_column(query, order, number)
        columns.add(column)
        direction = "ASC" if order.flag("ascending", True) else "DESC"
        query.orders.append(Condition(f"{column} IS NULL, {column} {direction}"))
    for column, direction in (("creation_timestamp_ms", "DESC"), ("model_id", "ASC")):
        if f"logged_models.{column}" not in columns:
            query.orders.append(Condition(f"logged_models.{column} {direction}"))


def _order_column(query: Query, order: Message, number: int) -> str:
    field = order.needed_text("field_name")
    entity, dot, key = field.partition(".")
    if not dot:
        column = LOGGED_MODELS.aliases.get(field, field)
        if column not in _ORDER_COLUMNS:
            raise ApiError(INVALID, f"Invalid order by field name: {field}")
        return f"logged_models.{column}"
    if entity != "metrics":
        raise ApiError(
            INVALID, f"Invalid order by field name: {field}. Only metrics are supported."
        )
    query.joins.append(_latest_metric(order, key, f"order_{number}"))
    return f"order_{number}.metric_value"


def _latest_metric(order: Message, key: str, joined: str) -> Condition:
    """Join the newest value of a metric, on one dataset if the order names it."""
    asked = [Condition("metric_name = ?", (key,))]
    asked += [
        Condition(f"{name} = ?", (order.text(name),))
        for name in ("dataset_name", "dataset_digest")
        if order.text(name)
    ]
    condition = together(asked)
    return Condition(
        "LEFT JOIN (SELECT model_id, metric_value, row_number() OVER ("
        "PARTITION BY model_id ORDER BY metric_timestamp_ms DESC, metric_step DESC, run_id) "
        f"AS place FROM logged_model_metrics WHERE {condition.sql}) AS {joined} "
        f"ON {joined}.model_id = logged_models.model_id AND {joined}.place = 1",
        condition.values,
    )


ROUTES: tuple[Route, ...] = (Route("POST", "/logged-models/search", search_logged_models),)
