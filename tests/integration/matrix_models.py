"""The part of the matrix script that has to do with models: autologging, logging, registry."""

from __future__ import annotations

from importlib import import_module
from typing import Any

mlflow: Any = import_module("mlflow")
IS_3 = int(mlflow.__version__.split(".")[0]) >= 3


def _trained(at: Any) -> Any:
    """Return a small model, and what it was trained with."""
    numpy: Any = import_module("numpy")
    linear: Any = import_module("sklearn.linear_model")
    x = numpy.array([[0.0, 1.0], [1.0, 0.5], [2.0, 0.0], [3.0, 2.0], [4.0, 1.0], [5.0, 0.5]])
    return linear.LinearRegression().fit(x, x @ [2.0, -1.0] + 0.25), x


def autologging(at: Any) -> None:
    """What scikit-learn's autologging records of a training."""
    sklearn: Any = import_module("mlflow.sklearn")
    linear: Any = import_module("sklearn.linear_model")
    _, x = _trained(at)
    try:
        sklearn.autolog(silent=True)
    except AttributeError as error:  # the oldest client beside a scikit-learn of today
        at.seen.note("no autologging", str(error))
        return
    with mlflow.start_run(run_name="autologged") as run:
        model = linear.LogisticRegression(C=0.5).fit(x, [0, 1, 0, 1, 0, 1])
        at.seen.note("score", round(model.score(x, [0, 1, 0, 1, 0, 1]), 6))
    sklearn.autolog(disable=True)
    data = at.client.get_run(run.info.run_id).data
    at.seen.note("autologged", [sorted(data.params), sorted(data.metrics)])


def logged_model(at: Any) -> None:
    """Log a model with its signature and register it, twice, and load it by each address."""
    model, x = _trained(at)
    sklearn: Any = import_module("mlflow.sklearn")
    signature = import_module("mlflow.models").infer_signature(x, model.predict(x))
    named = {"name" if IS_3 else "artifact_path": "model"}
    uris = []
    for number in range(2):
        with mlflow.start_run(run_name=f"model {number}") as run:
            info = sklearn.log_model(
                model,
                **named,
                signature=signature,
                input_example=x[:2],
                registered_model_name=f"{at.name}-model",
                pip_requirements=["scikit-learn"],
            )
            mlflow.log_metric("rmse", 0.5 + number)
        uris.append(f"runs:/{run.info.run_id}/model")
        at.seen.note("signature", str(info.signature))
    pyfunc: Any = import_module("mlflow.pyfunc")
    addresses = [*uris, info.model_uri, f"models:/{at.name}-model/2"]
    for uri in addresses:
        loaded = pyfunc.load_model(uri).predict(x)
        at.seen.note("loaded", [round(float(value), 6) for value in loaded])
    at.seen.refused("no such model", pyfunc.load_model, f"models:/{at.name}-model/9")


def registry(at: Any) -> None:
    """Stages, aliases, tags, descriptions, names, searches."""
    client, model, seen = at.client, f"{at.name}-model", at.seen
    client.update_registered_model(model, description="ünder test")
    client.set_registered_model_tag(model, "team", "trees")
    client.set_registered_model_tag(model, "gone", "x")
    client.delete_registered_model_tag(model, "gone")
    client.update_model_version(model, "1", description="the first")
    client.set_model_version_tag(model, "1", "checked", "yes")
    client.set_model_version_tag(model, "1", "gone", "x")
    client.delete_model_version_tag(model, "1", "gone")
    _stages(at, model)
    _aliases(at, model)
    seen.refused("model that exists", client.create_registered_model, model)
    seen.refused("no such version", client.get_model_version, model, "77")
    seen.refused("no such model", client.get_registered_model, f"{at.name}-none")
    client.create_registered_model(f"{at.name}-empty", {"a": "b"}, "nothing in it")
    client.create_registered_model(f"{at.name}-old")
    client.rename_registered_model(f"{at.name}-old", f"{at.name}-new")
    client.create_registered_model(f"{at.name}-dropped")
    client.delete_registered_model(f"{at.name}-dropped")
    first = client.get_model_version(model, "1")
    of_model = {"model_id": first.source.rpartition("/")[2]} if IS_3 else {}
    extra = client.create_model_version(
        model, first.source, first.run_id, description="third", **of_model
    )
    seen.note("third", [extra.version, extra.status])
    client.delete_model_version(model, extra.version)
    _registry_searches(at, model)


def _stages(at: Any, model: str) -> None:
    client = at.client
    client.transition_model_version_stage(model, "1", "Staging")
    client.transition_model_version_stage(model, "1", "Production")
    client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)
    stages = [client.get_model_version(model, v).current_stage for v in ("1", "2")]
    at.seen.note("stages", stages)
    latest = client.get_latest_versions(model, ["Production", "Archived"])
    at.seen.note("latest", sorted((v.version, v.current_stage) for v in latest))
    at.seen.refused("bad stage", client.transition_model_version_stage, model, "1", "Nowhere")
    _, x = _trained(at)
    loaded = import_module("mlflow.pyfunc").load_model(f"models:/{model}/Production")
    at.seen.note("by stage", [round(float(value), 6) for value in loaded.predict(x)])


def _aliases(at: Any, model: str) -> None:
    client = at.client
    if not at.has("set_registered_model_alias"):
        return
    client.set_registered_model_alias(model, "champion", "1")
    client.set_registered_model_alias(model, "champion", "2")
    client.set_registered_model_alias(model, "gone", "1")
    client.delete_registered_model_alias(model, "gone")
    at.seen.note("champion", client.get_model_version_by_alias(model, "champion").version)
    at.seen.refused("no alias", client.get_model_version_by_alias, model, "gone")
    at.seen.refused("bad alias", client.set_registered_model_alias, model, "v1", "1")
    _, x = _trained(at)
    loaded = import_module("mlflow.pyfunc").load_model(f"models:/{model}@champion")
    at.seen.note("by alias", [round(float(value), 6) for value in loaded.predict(x)])


def _registry_searches(at: Any, model: str) -> None:
    client, seen = at.client, at.seen
    own = f"name LIKE '{at.name}%'"
    for order in ("name ASC", "name DESC"):
        found = client.search_registered_models(own, order_by=[order])
        seen.note(f"models {order}", [m.name for m in found])
    first = client.search_registered_models(own, max_results=2, order_by=["name"])
    rest = client.search_registered_models(
        own, max_results=2, order_by=["name"], page_token=first.token
    )
    seen.note("pages of models", [[m.name for m in page] for page in (first, rest)])
    versions = client.search_model_versions(f"name = '{model}'")
    seen.note("versions", sorted((v.version, v.current_stage, v.description) for v in versions))
    run_id = client.get_model_version(model, "2").run_id
    versions = client.search_model_versions(f"run_id = '{run_id}'")
    seen.note("versions of a run", [v.version for v in versions])
    seen.refused("bad filter of models", client.search_registered_models, "size > 3")
    seen.refused("bad filter of versions", client.search_model_versions, "size > 3")


def logged_models(at: Any) -> None:
    """MLflow 3's own models: search, tags, parameters, metrics, an external one, deletion."""
    if not IS_3:
        return
    client, seen = at.client, at.seen
    where = [at.experiment]
    found = client.search_logged_models(where, filter_string="name = 'model'")
    seen.note("logged models", [[m.name, str(m.status)] for m in found])
    model_id = found[0].model_id
    client.set_logged_model_tags(model_id, {"stage": "ü", "gone": "x"})
    client.delete_logged_model_tag(model_id, "gone")
    with mlflow.start_run(run_name="evaluates") as run:
        mlflow.log_metric("accuracy", 0.75, step=3, model_id=model_id)
        mlflow.log_metric("accuracy", 0.875, step=4, model_id=model_id)
    seen.note(
        "model's metrics",
        sorted([m.key, m.value, m.step] for m in client.get_logged_model(model_id).metrics),
    )
    made = client.create_logged_model(
        at.experiment,
        name="external",
        source_run_id=run.info.run_id,
        tags={"a": "b"},
        params={"depth": "3"},
        model_type="agent",
    )
    client.finalize_logged_model(made.model_id, "READY")
    dropped = client.create_logged_model(at.experiment, name="dropped")
    client.finalize_logged_model(dropped.model_id, "FAILED")
    client.delete_logged_model(dropped.model_id)
    queries = ("name LIKE 'ext%'", "metrics.accuracy > 0.8", "params.depth = '3'", "tags.a = 'b'")
    for query in queries:
        models = client.search_logged_models(where, filter_string=query)
        seen.note(f"logged: {query}", sorted(m.name for m in models))
    ordered = client.search_logged_models(where, order_by=[{"field_name": "name"}])
    seen.note("logged, ordered", [m.name for m in ordered])
    seen.refused("no such logged model", client.get_logged_model, "m-" + "0" * 32)
    seen.refused("bad filter of logged models", client.search_logged_models, where, "name ~ 3")


STEPS = (autologging, logged_model, registry, logged_models)
