"""Searches versions of registered models."""

from __future__ import annotations

from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.registry_json import version_json
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import Condition, Query
from mlrun.tracking.database.search.filters import parse_filter
from mlrun.tracking.database.search.ordering import parse_orders
from mlrun.tracking.database.search.paging import read_page
from mlrun.tracking.database.search.registry import Registry, filter_registry
from mlrun.tracking.database.search.vocabulary import MODEL_VERSIONS, MODEL_VERSIONS_ORDER
from mlrun.tracking.database.session import Session

_MOST_RESULTS = 200_000
_NEWEST_FIRST = ("last_updated_timestamp DESC", "name ASC", "version_number DESC")
_DELETED = "Deleted_Internal"
_VERSIONS = Registry(
    table="model_versions",
    tags="model_version_tags",
    identity=("name", "version"),
    columns={
        "name": "name",
        "run_id": "run_id",
        "source_path": "source",
        "version_number": "version",
        "creation_timestamp": "creation_time",
        "last_updated_timestamp": "last_updated_time",
    },
)


def search_model_versions(session: Session, message: Message) -> Json:
    """Answer `/model-versions/search`: the versions that a filter lets through.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: a field says nothing that can be searched for.
    """
    page = read_page(message, _MOST_RESULTS, _MOST_RESULTS)
    query = Query(conditions=[Condition("model_versions.current_stage != ?", (_DELETED,))])
    comparisons = parse_filter(message.text("filter"), MODEL_VERSIONS)
    orders = parse_orders(message.texts("order_by") or _NEWEST_FIRST, MODEL_VERSIONS_ORDER)
    filter_registry(session, query, _VERSIONS, comparisons, orders)
    for key, order in (("name", "name ASC"), ("version_number", "version DESC")):
        if not any(asked.key == key for asked in orders):
            query.orders.append(Condition(f"model_versions.{order}"))
    statement = query.statement("model_versions.*", "model_versions")
    rows = session.rows(statement.sql, (*statement.values, *page.values()))
    found, following = page.cut(rows)
    return {**({"model_versions": version_json(session, found)} if found else {}), **following}


ROUTES: tuple[Route, ...] = (
    Route("GET", "/model-versions/search", search_model_versions),
    Route("POST", "/model-versions/search", search_model_versions),
)
