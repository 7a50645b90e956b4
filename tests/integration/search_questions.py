"""What a real MLflow and mlrun are both asked about one database, and the database's content."""

# ruff: noqa: E501 - scripts for another Python stay readable as they are

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Question:
    """One search, read to its last page.

    Attributes:
        kind: `runs`, `experiments`, `registered_models`, `model_versions`,
            `logged_models` or `traces`.
        filter: MLflow's.
        order_by: Texts; for logged models objects.
        size: Results of a page.
        more: Other fields of the request.
    """

    kind: str
    filter: str = ""
    order_by: tuple[Any, ...] = ()
    size: int = 100
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}: {self.filter} {list(self.order_by) or ''} {self.more or ''}".strip()

    def fields(self) -> dict[str, Any]:
        return asdict(self)


CONTENT = r"""
import json, sys, time
import mlflow
from mlflow import MlflowClient
from mlflow.data.meta_dataset import MetaDataset
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.entities import (
    Dataset, DatasetInput, InputTag, LoggedModelParameter, Metric, Param, RunTag, ViewType
)

uri, folder = sys.argv[1:3]
client = MlflowClient(uri, uri)
store = client._tracking_client.store

first = client.create_experiment("first", folder, tags={"team": "blue", "a key": "x"})
second = client.create_experiment("Second one", folder, tags={"team": "Blue"})
third = client.create_experiment("third%", folder)
gone = client.create_experiment("gone", folder, tags={"team": "blue"})
client.delete_experiment(gone)

specs = [
    (first, "alpha", {"loss": 0.5, "acc": 0.9}, {"lr": "0.1", "net": "ResNet"}, {"stage": "dev"}),
    (first, "Beta", {"loss": float("nan"), "acc": 0.8}, {"lr": "0.01", "net": "resnet"}, {"stage": "prod"}),
    (first, "gamma", {"loss": float("inf")}, {"lr": "0.1", "its": "it's"}, {"Stage": "dev", "a.b c": "v"}),
    (first, "delta", {"loss": float("-inf"), "m/1": 3.0}, {"a_b": "50%", "path": "C:\\dir"}, {}),
    (first, "epsilon", {"acc": 0.0, "with space": -1.5}, {"axb": "50x", "quote": 'say "hi"'}, {"stage": ""}),
    (second, "alpha", {"loss": 1e-9, "acc": 1}, {"lr": "", "star": "a*b?c[d]"}, {"stage": "DEV", "étape": "é"}),
    (second, "zeta", {"loss": 2.0, "top.5": 0.7}, {"net": "VGG", "dots.in.key": "yes"}, {"mlflow.note.content": "n"}),
    (second, "eta", {}, {}, {}),
    (third, "theta", {"loss": 0.5}, {"lr": "0.1"}, {"stage": "dev"}),
]
runs = []
for number, (experiment, name, metrics, params, tags) in enumerate(specs):
    run = client.create_run(
        experiment, start_time=1_000 + 10 * (number // 2), tags={**tags, "mlflow.user": f"user{number % 2}"},
        run_name=name,
    )
    runs.append(run.info.run_id)
    now = 5_000
    client.log_batch(
        runs[-1],
        metrics=[Metric(k, v, now, 0) for k, v in metrics.items()]
        + [Metric(k, 99.0, now - 1, 0) for k in metrics],
        params=[Param(k, v) for k, v in params.items()],
    )
    if number % 3:
        client.set_terminated(runs[-1], "FAILED" if number % 2 else "FINISHED", 2_000 + number)
client.delete_run(runs[8])

def dataset(name, digest):
    return Dataset(name, digest, "local", "{}", None, None)

used = [
    (0, dataset("iris", "d1"), "train"), (0, dataset("iris", "d2"), "eval"),
    (1, dataset("Iris", "d1"), "train"), (2, dataset("wine", "d3"), None),
    (5, dataset("iris", "d1"), "train"),
]
for number, entity, context in used:
    tags = [InputTag("mlflow.data.context", context)] if context else []
    client.log_inputs(runs[number], [DatasetInput(entity, tags)])

for name, tags in [("net", {"task": "vision"}), ("Net_2", {"task": "Vision", "b c": "x"}), ("tree%", {}), ("zoo", {})]:
    client.create_registered_model(name, tags)
for number, (name, run, tags) in enumerate([
    ("net", 0, {"ok": "yes"}), ("net", 1, {}), ("net", None, {"ok": "no"}),
    ("Net_2", 0, {"ok": "YES"}), ("tree%", None, {}),
]):
    client.create_model_version(name, f"{folder}/source{number}", runs[run] if run is not None else None, tags)
    time.sleep(0.003)
client.update_registered_model("zoo", "described")
client.delete_model_version("net", "2")
client.register_prompt("ask", "Say {{word}}")

logged = []
for number, (experiment, name, kind, params, tags, metrics) in enumerate([
    (first, "tree", "sk", {"depth": "3"}, {"t": "a"}, [("f1", 0.5, None, None), ("f1", 0.7, "iris", "d1")]),
    (first, "Tree", "sk", {"depth": "4"}, {"t": "B"}, [("f1", 0.9, "iris", "d2"), ("f 2", 1.0, None, None)]),
    (second, "net", "torch", {}, {}, [("f1", 0.1, "wine", "d3")]),
    (second, "none", "", {"depth": "3"}, {"t": "a"}, []),
]):
    model = client.create_logged_model(
        experiment, name, runs[number], tags, params, kind
    )
    logged.append(model.model_id)
    for step, (key, value, dataset_name, digest) in enumerate(metrics):
        client.log_metric(
            runs[number], key, value, timestamp=7_000 + step, step=step, model_id=model.model_id,
            dataset_name=dataset_name, dataset_digest=digest,
        )
    if number < 2:
        client.finalize_logged_model(model.model_id, "READY")
    time.sleep(0.003)

from mlflow.entities import TraceInfo, TraceLocation, TraceState

for number, (name, state, tags, metadata) in enumerate([
    ("f", TraceState.OK, {"t": "a"}, {"mlflow.sourceRun": runs[0], "m": "1"}),
    ("F", TraceState.ERROR, {"t": "A", "a b": "x"}, {"mlflow.trace.session": "s"}),
    ("g%", TraceState.IN_PROGRESS, {}, {"m": "2"}),
    ("f", TraceState.OK, {"t": "b"}, {}),
]):
    store.start_trace(TraceInfo(
        f"tr-{number}", TraceLocation.from_experiment_id(first), 1_000 + number // 2, state,
        execution_duration=None if number == 2 else 100 - 10 * number,
        tags={**tags, "mlflow.traceName": name}, trace_metadata=metadata,
    ))
"""

ASKING = r"""
from mlflow.exceptions import MlflowException

experiments = [first, second, third]

def filled(text):
    for number, run in enumerate(runs):
        text = text.replace(f"<run {number}>", run)
    for number, model in enumerate(logged):
        text = text.replace(f"<model {number}>", model)
    return text.replace("<first>", first).replace("<second>", second)

def page(kind, text, order_by, size, more, token):
    view = getattr(ViewType, more.get("view", "ACTIVE_ONLY"))
    if kind == "runs":
        found = client.search_runs(more.get("experiments", experiments), text, view, size, order_by, token)
        return [run.info.run_id for run in found], found.token
    if kind == "experiments":
        found = client.search_experiments(view, size, text, order_by, token)
        return [experiment.experiment_id for experiment in found], found.token
    if kind == "registered_models":
        found = client.search_registered_models(text, size, order_by, token)
        return [model.name for model in found], found.token
    if kind == "model_versions":
        found = client.search_model_versions(text, size, order_by, token)
        return [[version.name, int(version.version)] for version in found], found.token
    if kind == "traces":
        found, token = store.search_traces(experiments, text, size, order_by, token)
        return [trace.trace_id for trace in found], token
    found = client.search_logged_models(experiments, text or None, more.get("datasets"), size, order_by or None, token)
    return [model.model_id for model in found], found.token

answers = []
for question in json.loads(sys.argv[3]):
    text, pages, token = filled(question["filter"]), [], None
    try:
        while True:
            order_by = question["order_by"]
            found, token = page(question["kind"], text, order_by, question["size"], question["more"], token)
            pages.append([str(one) for one in found])
            if not token:
                break
        answers.append({"filter": text, "pages": pages})
    except MlflowException as error:
        answers.append({"filter": text, "code": error.error_code, "message": str(error)})
    except Exception as error:
        answers.append({"filter": text, "code": "CRASH", "message": repr(error)})
print(json.dumps({"experiments": experiments, "answers": answers}))
"""


def _each(kind: str, *filters: str) -> list[Question]:
    return [Question(kind, text) for text in filters]


RUN_FILTERS = _each(
    "runs",
    "",
    "metrics.loss < 1",
    "metrics.loss >= 0.5",
    "metrics.loss != 0.5",
    "metrics.loss = 0",
    "metrics.loss > 1e300",
    "metrics.loss < -1e300",
    "metric.acc > .85 and metrics.`loss` > -1",
    "metrics.`m/1` = 3",
    'metrics."with space" < -1.4',
    "metrics.top.x < 3 AND metrics.loss > 0",
    "metrics.`top.5` >= 0.7",
    "metrics.acc <= 1.",
    "params.lr = '0.1'",
    'params.lr = "0.1"',
    "params.lr != '0.1'",
    "params.lr = ''",
    "param.net LIKE 'Res%'",
    "parameter.net ILIKE 'res%'",
    "parameters.net like '%net'",
    "params.net ilike '%NET'",
    "params.a_b LIKE '50_'",
    "params.axb LIKE '50_'",
    "params.a_b LIKE '50\\%'",
    "params.star LIKE 'a*%'",
    "params.star LIKE 'a*b?c[d]'",
    "params.star LIKE 'a_b_c[%'",
    "params.star LIKE '*'",
    "params.path = 'C:\\dir'",
    "params.path LIKE 'C:\\%'",
    "params.path ILIKE 'c:\\%'",
    'params."its" = "it\'s"',
    "params.quote = 'say \"hi\"'",
    "params.quote LIKE '%\"hi\"'",
    "params.dots.in.key = 'yes'",
    "params.`dots.in.key` = 'yes'",
    "params.lr IS NULL",
    "params.lr IS NOT NULL",
    "params.lr is null and tags.stage is not null",
    "tags.stage = 'dev'",
    "tag.stage != 'dev'",
    "tags.stage ILIKE 'DEV'",
    "tags.stage LIKE '%'",
    "tags.Stage = 'dev'",
    "tags.`a.b c` = 'v'",
    "tags.étape = 'é'",
    "tags.étape ILIKE 'É'",
    "tags.mlflow.note.content = 'n'",
    "tags.stage IS NULL",
    "attributes.status = 'FINISHED'",
    "status != 'RUNNING'",
    "status LIKE 'F%'",
    "attribute.run_id = '<run 1>'",
    "run_id IN ('<run 1>', '<run 4>')",
    'run_id NOT IN ("<run 1>")',
    "attributes.run_id in ('<run 1>',)",
    "run_name = 'alpha'",
    "attributes.`run name` = 'alpha'",
    "run.run_name ILIKE 'BETA'",
    "attr.`Run Name` LIKE '%eta'",
    "user_id = 'user1'",
    "artifact_uri LIKE '%artifacts'",
    "start_time > 1010",
    "created <= 1010",
    "attributes.Created = 1020",
    "start_time = 1010.0",
    "end_time > 2003",
    "end_time != 2001",
    "datasets.name = 'iris'",
    "dataset.name != 'iris'",
    "dataset.name ILIKE 'IRIS'",
    "dataset.digest IN ('d1', 'd3')",
    "dataset.digest NOT IN ('d1')",
    "dataset.context = 'train'",
    "dataset.context LIKE 'e%'",
    "datasets.name = 'iris' AND dataset.context = 'eval' AND metrics.loss < 1",
    "params.lr = '0.1' params.net = 'ResNet'",
    "AND params.lr = '0.1' AND",
    "metrics.loss>0.1AND params.lr='0.1'",
    "params.lr='0.1'AND tags.stage='dev'",
    "params.lr\n=\t'0.1'",
    "`params`.lr = '0.1'",
    '"start_time" > 1010',
    "params.'lr' = '0.1'",
    "metrics.loss < 1e0 AND metrics.loss > -1e-3",
)

BAD_RUN_FILTERS = _each(
    "runs",
    "metrics.loss > 'a'",
    "metrics.loss > inf",
    "metrics.loss LIKE '1%'",
    "metrics.loss IS NULL",
    "metrics.loss",
    "metrics.loss >",
    "metrics. > 1",
    "params.lr = 0.1",
    "params.lr = abc",
    "params.lr > 'a'",
    "params.lr == '0.1'",
    "params.lr <> '0.1'",
    "params.lr NOT LIKE 'a'",
    "params.lr IN ('0.1')",
    "params.a-b = 'x'",
    "params.lr = '0.1' OR params.lr = '1'",
    "(params.lr = '0.1')",
    "params.lr = '0.1';",
    "params.lr = 'a",
    "params.path = 'C:\\' AND params.lr = 'x'",
    "'0.1' = params.lr",
    "nonsense.x = 'y'",
    "Params.lr = '0.1'",
    "lifecycle_stage = 'active'",
    "status IN ('RUNNING')",
    "run_id IN ()",
    "run_id IN ('a', 1)",
    "run_id = `x`",
    "start_time > '5'",
    "start_time LIKE '5'",
    "start_time IS NULL",
    "dataset.profile = 'x'",
    "dataset.name > 'x'",
    "params.lr = '0.1' -- why",
    "metrics.loss < - 1",
    "params.lr = '0.1' params",
)

RUN_ORDERS = [
    Question("runs", "", order, size)
    for order, size in (
        (("metrics.loss",), 100),
        (("metrics.loss DESC",), 3),
        (("metrics.loss asc", "metrics.acc desc"), 2),
        (("metrics.`with space`",), 100),
        (("metric.missing DESC",), 4),
        (("params.lr",), 2),
        (("params.lr DESC", "start_time ASC"), 100),
        (('params."dots.in.key"',), 100),
        (("tags.stage", "attributes.run_name"), 3),
        (("tag.stage DESC", "tag.Stage ASC"), 1),
        (("start_time",), 2),
        (("attributes.start_time DESC", "run_id DESC"), 3),
        (("Created ASC",), 100),
        (("end_time",), 100),
        (("end_time DESC",), 2),
        (("status", "end_time"), 100),
        (("run_name DESC",), 100),
        (("user_id", "run_name"), 100),
        (("artifact_uri",), 100),
        ((), 1),
    )
] + [
    Question("runs", "metrics.loss < 1", ("params.lr", "metrics.loss"), 1),
    Question("runs", "", ("metrics.loss",), more={"view": "ALL"}),
    Question("runs", "", (), more={"view": "DELETED_ONLY"}),
    Question("runs", "", (), more={"experiments": []}),
    Question("runs", "", (), more={"experiments": ["999"]}),
    Question("runs", "", (), more={"experiments": ["x"]}),
    Question("runs", "", ("metrics.loss sideways",)),
    Question("runs", "", ("nothing",)),
    Question("runs", "", ("metrics.a b DESC",)),
    Question("runs", "", ("",)),
    Question("runs", "", ("dataset.name",)),
    Question("runs", "", (), 0),
    Question("runs", "", (), 50_001),
]

EXPERIMENTS = [
    *_each(
        "experiments",
        "",
        "name = 'first'",
        "name != 'first'",
        "name LIKE 'f%'",
        "name ILIKE 'SECOND%'",
        "attribute.name LIKE '%d%'",
        "name LIKE 'third%'",
        "creation_time > 0",
        "creation_time < 5",
        "last_update_time >= 0",
        "experiment_id = '<first>'",
        "experiment_id != '<first>'",
        "experiment_id IN ('<first>', '<second>')",
        "experiment_id NOT IN ('<first>')",
        "tags.team = 'blue'",
        "tag.team != 'blue'",
        "tags.team ILIKE 'BLUE'",
        "tags.`a key` = 'x' AND name LIKE 'f%'",
        "tags.team IS NULL",
        "tags.team IS NOT NULL",
        "experiment_id LIKE '1'",
        "experiment_id = 'x'",
        "name > 'a'",
        "name IN ('first')",
        "name IS NULL",
        "metrics.x > 1",
        "lifecycle_stage = 'active'",
        "creation_time = 'x'",
    ),
    Question("experiments", "", ("name",), 2),
    Question("experiments", "", ("name DESC",), 1),
    Question("experiments", "", ("creation_time ASC",)),
    Question("experiments", "", ("last_update_time DESC", "experiment_id ASC"), 3),
    Question("experiments", "", ("experiment_id",)),
    Question("experiments", "", (), more={"view": "ALL"}),
    Question("experiments", "tags.team = 'blue'", (), more={"view": "DELETED_ONLY"}),
    Question("experiments", "", ("tags.team",)),
    Question("experiments", "", ("lifecycle_stage",)),
]

REGISTRY = [
    *_each(
        "registered_models",
        "",
        "name = 'net'",
        "name != 'net'",
        "name LIKE 'n%'",
        "name ILIKE 'N%'",
        "name LIKE 'Net_2'",
        "name IN ('net', 'zoo')",
        "name NOT IN ('net', 'zoo')",
        "tags.task = 'vision'",
        "tags.task ILIKE 'VISION' AND name ILIKE 'net%'",
        "tags.`b c` = 'x'",
        "tags.task != 'vision'",
        "tags.task LIKE 'V%' AND tags.task LIKE '%n'",
        "tags.`mlflow.prompt.is_prompt` = 'true'",
        "tags.`mlflow.prompt.is_prompt` != 'true'",
        "tags.`mlflow.prompt.is_prompt` = 'false' AND name LIKE 'n%'",
        "run_id = 'x'",
        "name > 'a'",
        "tags.task > 'a'",
        "metrics.x = 'a'",
        "name = net",
    ),
    Question("registered_models", "", ("name DESC",), 2),
    Question("registered_models", "", ("timestamp DESC",), 1),
    Question("registered_models", "", ("timestamp", "name DESC")),
    Question("registered_models", "", ("last_updated_timestamp",)),
    Question("registered_models", "", ("creation_timestamp",)),
    Question("registered_models", "", (), 1001),
    *_each(
        "model_versions",
        "",
        "name = 'net'",
        "name LIKE 'n%'",
        "name ILIKE 'n%'",
        "version_number = 1",
        "version_number > 1",
        "version_number = '3'",
        "run_id = '<run 0>'",
        "run_id IN ('<run 0>', '<run 1>')",
        "run_id NOT IN ('<run 1>')",
        "name IN ('net')",
        "source_path LIKE '%source3'",
        "tags.ok = 'yes'",
        "tags.ok ILIKE 'yes' AND version_number = 1",
        "tags.ok != 'yes'",
        "source_path IN ('a')",
        "version_number LIKE '1'",
        "version_number = 'x'",
        "run_id = 5",
        "current_stage = 'None'",
        "aliases.x = 'y'",
    ),
    Question("model_versions", "", ("name", "version_number"), 2),
    Question("model_versions", "", ("version_number DESC",), 1),
    Question("model_versions", "", ("creation_timestamp",)),
    Question("model_versions", "", ("last_updated_timestamp ASC", "name DESC")),
    Question("model_versions", "", ("run_id",)),
]


def _ordered(*orders: dict[str, Any]) -> Question:
    return Question("logged_models", "", orders)


LOGGED_MODELS = [
    *_each(
        "logged_models",
        "",
        "name = 'tree'",
        "name ILIKE 'TREE'",
        "name LIKE 'n%'",
        "attributes.name != 'tree'",
        "name IN ('tree', 'net')",
        "name NOT IN ('tree', 'net')",
        "model_id = '<model 1>'",
        "model_type = 'sk'",
        "source_run_id = '<run 0>'",
        "creation_timestamp > 5",
        "creation_time < 5",
        "last_updated_timestamp > 5",
        "params.depth = '3'",
        "params.depth != '3'",
        "params.depth IN ('3', '4')",
        "tags.t LIKE 'a'",
        "tags.t ILIKE 'b' AND params.depth = '4'",
        "metrics.f1 > 0.6",
        "metrics.f1 < 0.6 AND metrics.f1 > 0.6",
        "metrics.`f 2` = 1",
        "params.depth = 3",
        "model_type = ''",
        "metrics.f1 LIKE 'x'",
        "name > 'x'",
        "name = 'x' OR name = 'y'",
        "creation_timestamp LIKE '5'",
        "nonsense.x = 'y'",
    ),
    _ordered({"field_name": "name"}),
    _ordered({"field_name": "name", "ascending": False}),
    _ordered({"field_name": "metrics.f1"}),
    _ordered({"field_name": "metrics.f1", "ascending": False}),
    _ordered({"field_name": "metrics.f1", "dataset_name": "iris"}),
    _ordered({"field_name": "metrics.f1", "dataset_name": "iris", "dataset_digest": "d2"}),
    _ordered({"field_name": "creation_timestamp", "ascending": True}),
    _ordered({"field_name": "model_type"}, {"field_name": "model_id", "ascending": False}),
    _ordered({"field_name": "nothing"}),
    _ordered({"field_name": "params.depth"}),
    Question("logged_models", "", ({"field_name": "name"},), 1),
    Question("logged_models", "params.depth = '3'", (), 1),
    Question("logged_models", "", more={"datasets": [{"dataset_name": "iris"}]}),
    Question(
        "logged_models",
        "",
        more={
            "datasets": [{"dataset_name": "iris", "dataset_digest": "d1"}, {"dataset_name": "wine"}]
        },
    ),
    Question("logged_models", "metrics.f1 > 0.6", more={"datasets": [{"dataset_name": "iris"}]}),
    Question("logged_models", "metrics.f1 < 0.6", more={"datasets": [{"dataset_name": "iris"}]}),
]

TRACES = [
    *_each(
        "traces",
        "",
        "name = 'f'",
        "attributes.name LIKE 'g%'",
        "trace.name ILIKE 'F'",
        "status = 'OK'",
        "status != 'OK'",
        "status IN ('OK', 'ERROR')",
        "timestamp_ms > 1000",
        "timestamp = 1000",
        "execution_time_ms > 75",
        "execution_time <= 90",
        "end_time_ms > 1080",
        "request_id IN ('tr-0', 'tr-3')",
        "run_id = '<run 0>'",
        "tags.t = 'a'",
        "tag.t ILIKE 'a'",
        "tags.`a b` = 'x' AND status = 'ERROR'",
        "tags.t IS NULL",
        "tags.t IS NOT NULL",
        "tags.`mlflow.traceName` = 'f'",
        "metadata.m = '1'",
        "request_metadata.m != '1'",
        "metadata.`mlflow.trace.session` = 's'",
        "metadata.m IS NULL",
        "nonsense = 'x'",
        "status > 'OK'",
    ),
    Question("traces", "", ("timestamp_ms ASC",), 3),
    Question("traces", "", ("execution_time_ms DESC",), 2),
    Question("traces", "", ("name", "timestamp_ms")),
    Question("traces", "", ("status DESC",)),
    Question("traces", "", ("tags.t", "request_id DESC")),
    Question("traces", "", ("nothing",)),
]

QUESTIONS = [
    *RUN_FILTERS,
    *BAD_RUN_FILTERS,
    *RUN_ORDERS,
    *EXPERIMENTS,
    *REGISTRY,
    *LOGGED_MODELS,
    *TRACES,
]
