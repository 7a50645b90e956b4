"""Searches registered models."""

from __future__ import annotations

from mlrun.tracking.database.message import Json, Message
from mlrun.tracking.database.registry_json import model_json
from mlrun.tracking.database.route import Route
from mlrun.tracking.database.search.conditions import Condition, Query
from mlrun.tracking.database.search.filters import parse_filter
from mlrun.tracking.database.search.ordering import parse_orders
from mlrun.tracking.database.search.paging import read_page
from mlrun.tracking.database.search.registry import Registry, filter_registry
from mlrun.tracking.database.search.vocabulary import REGISTERED_MODELS, REGISTERED_MODELS_ORDER
from mlrun.tracking.database.session import Session

_DEFAULT_RESULTS = 100
_MOST_RESULTS = 1000
_MODELS = Registry(
    table="registered_models",
    tags="registered_model_tags",
    identity=("name",),
    columns={"name": "name", "last_updated_timestamp": "last_updated_time"},
)


def search_registered_models(session: Session, message: Message) -> Json:
    """Answer `/registered-models/search`: the models that a filter lets through.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE: a field says nothing that can be searched for.
    """
    page = read_page(message, _DEFAULT_RESULTS, _MOST_RESULTS)
    query = Query()
    comparisons = parse_filter(message.text("filter"), REGISTERED_MODELS)
    orders = parse_orders(message.texts("order_by"), REGISTERED_MODELS_ORDER)
    filter_registry(session, query, _MODELS, comparisons, orders)
    if not any(order.key == "name" for order in orders):
        query.orders.append(Condition("registered_models.name"))
    statement = query.statement("registered_models.*", "registered_models")
    rows = session.rows(statement.sql, (*statement.values, *page.values()))
    found, following = page.cut(rows)
    return {**({"registered_models": model_json(session, found)} if found else {}), **following}


ROUTES: tuple[Route, ...] = (
    Route("GET", "/registered-models/search", search_registered_models),
    Route("POST", "/registered-models/search", search_registered_models),
)
