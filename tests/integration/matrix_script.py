"""What a training script may do to MLflow, for any client from 1.30 on; Python 3.8 runs it.

    python matrix_script.py OBSERVATIONS NAME FOLDER

Everything made is called by NAME or begins with it. FOLDER is for files. What the client is
shown on the way (answers, refusals, orders) goes to the file OBSERVATIONS as JSON, free of ids.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple  # noqa: UP035 - Python 3.8

mlflow: Any = import_module("mlflow")
VERSION: Tuple[int, ...] = tuple(int(part) for part in mlflow.__version__.split(".")[:2])  # noqa: UP006
BIG_MIB = 200
# MLflow's clients and servers lose what follows "#" or "?" in a name, and undo "%20".
ODD_NAMES = ("empty.txt", "größe 変 ü.txt", "a+b 1&=,@.txt", "'q' \"d\".txt", "-dash", "~tilde~;x")


class Seen:
    """What the client was shown, in order."""

    def __init__(self) -> None:
        self.notes: List[Tuple[str, Any]] = []  # noqa: UP006

    def note(self, what: str, value: Any) -> None:
        """Keep a value."""
        self.notes.append((what, value))

    def refused(self, what: str, call: Callable[..., Any], *given: Any, **named: Any) -> None:
        """Keep how a call is refused, or that it isn't."""
        try:
            call(*given, **named)
        except Exception as error:
            self.note(what, [type(error).__name__, getattr(error, "error_code", None)])
        else:
            self.note(what, "accepted")


class Setting:
    """What all steps share: the names they may use, and what the first steps made."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.seen = Seen()
        self.client: Any = mlflow.MlflowClient()
        self.first: Any = None

    @property
    def experiment(self) -> str:
        """Id of the experiment that most happens in."""
        return str(self.first.info.experiment_id)

    def has(self, name: str) -> bool:
        """Whether this client knows a method."""
        return hasattr(self.client, name)


def names(runs: Any) -> List[str]:  # noqa: UP006
    """Return the names of runs, in order."""
    return [run.data.tags.get("mlflow.runName", "") for run in runs]


def nested_runs(at: Setting) -> None:
    """A run with children and a grandchild, in the experiment given to us."""
    mlflow.set_experiment(at.name)
    with mlflow.start_run() as run:
        at.first = run
        mlflow.log_param("depth", 0)
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True):
                mlflow.log_params({"depth": 1, "number": number, "kind": "odd" * (number % 2)})
                mlflow.log_metric("score", number / 7)
                mlflow.set_tag("colour", ["red", "green", "grün"][number])
        with mlflow.start_run(run_name="child 3", nested=True, tags={"given": "at start"}):
            with mlflow.start_run(run_name="grandchild", nested=True):
                mlflow.log_metric("score", 5)
    at.seen.note("active", mlflow.active_run() is None)
    again = mlflow.get_run(run.info.run_id)
    at.seen.note("status", [again.info.status, again.info.lifecycle_stage])
    at.seen.note("params", again.data.params)


def metrics(at: Setting) -> None:
    """Steps in and out of order, the same step again, NaN and infinity, odd keys."""
    client, run_id = at.client, at.first.info.run_id
    with mlflow.start_run(run_id=run_id):
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"a/b c": 1, "a.b-c_d": -2.5, "int": 3}, step=7)
    stamped = [("late", 2.0, 2000, 5), ("late", 1.0, 1000, 9), ("late", 3.0, 3000, 5)]
    stamped += [("late", 4.0, 3000, -3), ("odd", math.nan, 10, 0), ("odd", math.inf, 20, 1)]
    stamped += [("odd", -math.inf, 30, 2), ("nan", math.nan, 1, 0), ("inf", math.inf, 1, 0)]
    stamped += [("big", 1.7e308, 1, 2**40), ("small", 5e-324, 1, 0), ("dup", 1.0, 5, 5)]
    stamped += [("dup", 1.0, 5, 5), ("tie", 1.0, 5, 5), ("tie", 9.0, 5, 5), ("tie", 2.0, 5, 5)]
    for key, value, timestamp, step in stamped:
        client.log_metric(run_id, key, value, timestamp=timestamp, step=step)
    latest = client.get_run(run_id).data.metrics
    at.seen.note("latest", {key: repr(value) for key, value in sorted(latest.items())})
    for key in ("late", "odd", "dup", "tie", "none at all"):
        history = client.get_metric_history(run_id, key)
        found = sorted((m.timestamp, m.step, repr(m.value)) for m in history)
        at.seen.note(f"history of {key}", found)
    at.seen.refused("metric that is text", client.log_metric, run_id, "text", "abc")
    at.seen.refused("metric without a run", client.log_metric, "0" * 32, "loss", 1)
    at.seen.refused("metric with a bad key", client.log_metric, run_id, "a\tb", 1)
    at.seen.refused("metric with a long key", client.log_metric, run_id, "k" * 251, 1)
    at.seen.refused("metric that climbs out", client.log_metric, run_id, "../x", 1)


def batches(at: Setting) -> None:
    """As much as one batch may hold, and more."""
    entities = import_module("mlflow.entities")
    run = at.client.create_run(at.experiment, tags={"mlflow.runName": "batches"})
    run_id = run.info.run_id
    many = [entities.Metric(f"m{n % 8}", n / 3, 1000 + n, n) for n in range(800)]
    params = [entities.Param(f"p{n}", "v" * (n + 1)) for n in range(100)]
    tags = [entities.RunTag(f"t{n}", "ü" * n) for n in range(100)]
    at.client.log_batch(run_id, metrics=many, params=params, tags=tags)
    at.client.log_batch(run_id)
    at.client.log_batch(run_id, params=[entities.Param("p0", "v")])
    changed = [entities.Param("fresh", "1"), entities.Param("p1", "other")]
    at.seen.refused("batch with a changed parameter", at.client.log_batch, run_id, params=changed)
    twice = [entities.Param("twice", "1"), entities.Param("twice", "2")]
    at.seen.refused("batch with two values", at.client.log_batch, run_id, params=twice)
    bad = [entities.Metric("good", 1.0, 1, 0), entities.Metric("bad\t", 1.0, 1, 0)]
    at.seen.refused("batch with a bad key", at.client.log_batch, run_id, metrics=bad)
    found = at.client.get_run(run_id).data
    at.seen.note("batch", [len(found.metrics), len(found.params), len(found.tags)])
    at.seen.note("fresh", found.params.get("fresh"))
    at.client.set_terminated(run_id, "KILLED", end_time=1_700_000_000_000)


def tags_and_params(at: Setting) -> None:
    """Set, replaced, deleted, refused."""
    client, run_id = at.client, at.first.info.run_id
    client.set_tag(run_id, "kept", "first")
    client.set_tag(run_id, "kept", "second \U0001f600\nline")
    client.set_tag(run_id, "gone", "x")
    client.delete_tag(run_id, "gone")
    client.set_tag(run_id, "empty", "")
    client.set_tag(run_id, "long", "x" * 5000)
    client.set_tag(run_id, "number", 7)
    client.set_tag(run_id, "mlflow.note.content", "# A note\n*for* people")
    at.seen.refused("deleting a tag that is not there", client.delete_tag, run_id, "gone")
    at.seen.refused("tag with a bad key", client.set_tag, run_id, "a\tb", "x")
    client.log_param(run_id, "long", "x" * 500)
    client.log_param(run_id, "long", "x" * 500)
    client.log_param(run_id, "empty", "")
    client.log_param(run_id, "a/b", {"x": [1, None]})
    client.log_param(run_id, "word", "ünder \U0001f600")
    if VERSION >= (2, 22):
        client.log_param(run_id, "longest", "y" * 6000)
    at.seen.refused("param that changes", client.log_param, run_id, "word", "other")
    at.seen.refused("param that is too long", client.log_param, run_id, "toolong", "y" * 6001)
    at.seen.refused("param with a bad key", client.log_param, run_id, "a//b", 1)
    at.seen.refused("param with a long key", client.log_param, run_id, "k" * 256, 1)
    client.set_experiment_tag(at.experiment, "team", "trees")
    client.set_experiment_tag(at.experiment, "team", "größer")
    data = client.get_run(run_id).data
    at.seen.note("tags", {key: data.tags[key] for key in ("kept", "empty", "number")})
    at.seen.note("params", [len(data.params["long"]), data.params["a/b"], data.params["empty"]])


def write_files(folder: Path) -> Path:
    """Write a folder of all shapes, and return a file of 200 MB."""
    deep = folder / "tree" / "deeper" / "größe"
    deep.mkdir(parents=True)
    for number, name in enumerate(ODD_NAMES):
        (folder / "tree" / name).write_text("x" * number, encoding="utf-8")
    (deep / "leaf.bin").write_bytes(bytes(range(256)) * 300)
    (deep / ".hidden").write_text("h")
    big = folder / "big.bin"
    with open(big, "wb") as stream:
        for number in range(BIG_MIB):
            stream.write(hashlib.sha256(str(number).encode()).digest() * 32768)
    return big


def artifacts(at: Setting) -> None:
    """Files of all shapes, up and down."""
    big = write_files(at.folder)
    with mlflow.start_run(run_name="artifacts") as run:
        mlflow.log_artifact(str(big))
        big.unlink()
        mlflow.log_artifacts(str(at.folder / "tree"))
        mlflow.log_artifacts(str(at.folder / "tree"), "below/tree ü")
        mlflow.log_artifact(str(at.folder / "tree" / "empty.txt"), "single/place")
        mlflow.log_text("first", "texts/note ü.txt")
        mlflow.log_text("replaced", "texts/note ü.txt")
        mlflow.log_dict({"a": [1, {"ü": None}]}, "dict.json")
        mlflow.log_dict({"a": [1, 2]}, "dict.yaml")
        figures(at)
        if hasattr(mlflow, "log_table"):
            mlflow.log_table({"x": [1, 2], "y": ["a", "ü"]}, "table.json")
            mlflow.log_table({"x": [3], "y": ["c"]}, "table.json")
        at.seen.note("listed", listed(at.client, run.info.run_id, None))
        where = run.info.run_id
    at.seen.note("listed file", listed(at.client, where, "dict.json"))
    at.seen.note("listed nothing", listed(at.client, where, "not/there"))
    down = at.folder / "down"
    down.mkdir()
    for path in ("below", "big.bin", "texts/note ü.txt"):
        got = Path(
            mlflow.artifacts.download_artifacts(
                run_id=where, artifact_path=path, dst_path=str(down)
            )
        )
        at.seen.note(f"down: {path}", digests(got))
    (down / "big.bin").unlink()
    at.seen.refused("no such file", at.client.download_artifacts, where, "no.txt", str(down))


def figures(at: Setting) -> None:
    """Log a figure and an image, into the run at hand."""
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("agg")
    figure = import_module("matplotlib.figure").Figure(figsize=(2, 2), dpi=50)
    figure.subplots().plot([1, 3, 2])
    mlflow.log_figure(figure, "plots/größe.png")
    numpy: Any = import_module("numpy")
    mlflow.log_image(numpy.full((4, 4, 3), 127, dtype="uint8"), "plots/image.png")


def listed(client: Any, run_id: str, path: Any) -> List[Any]:  # noqa: UP006
    """Return one level of a run's artifacts."""
    found = client.list_artifacts(run_id, path)
    return sorted([item.path, item.is_dir, item.file_size or 0] for item in found)


def digests(path: Path) -> Dict[str, str]:  # noqa: UP006
    """Return a digest of each file in a folder, or of one file."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    found = {}
    for file in files:
        digest = hashlib.sha256()
        with open(file, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
        found[str(file.relative_to(path.parent))] = digest.hexdigest()
    return found


def datasets(at: Setting) -> None:
    """Inputs of a run, where the client knows them."""
    if not hasattr(mlflow, "log_input"):
        return
    pandas: Any = import_module("pandas")
    numpy: Any = import_module("numpy")
    data: Any = import_module("mlflow.data")
    frame = pandas.DataFrame({"x": [1, 2, 3], "größe": [0.5, 1.5, 2.5]})
    table = data.from_pandas(frame, source="https://example.org/t.csv", name="table")
    array = data.from_numpy(numpy.arange(6.0).reshape(3, 2), name="array")
    with mlflow.start_run(run_name="datasets") as run:
        mlflow.log_input(table, context="training")
        mlflow.log_input(table, context="training")
        mlflow.log_input(array, context="eval", tags={"fold": "1"})
        mlflow.log_input(array)
    with mlflow.start_run(run_name="datasets again"):
        mlflow.log_input(table, context="testing")
    inputs = at.client.get_run(run.info.run_id).inputs.dataset_inputs
    at.seen.note(
        "datasets",
        sorted(
            [found.dataset.name, found.dataset.digest, sorted((t.key, t.value) for t in found.tags)]
            for found in inputs
        ),
    )
    for query in (
        "dataset.name = 'table'",
        f"dataset.digest = '{table.digest}'",
        "dataset.context = 'testing'",
    ):
        runs = at.client.search_runs([at.experiment], query)
        at.seen.note(query, sorted(names(runs)))


def lifecycle(at: Setting) -> None:
    """Delete, restore, rename, end in each way."""
    client, seen = at.client, at.seen
    made = {
        status: client.create_run(
            at.experiment, start_time=1000, tags={"mlflow.runName": f"ends {status}"}
        ).info.run_id
        for status in ("FINISHED", "FAILED", "KILLED", "SCHEDULED")
    }
    for status, run_id in made.items():
        client.set_terminated(run_id, status, end_time=2000)
    if at.has("update_run"):
        client.update_run(made["FAILED"], status="RUNNING", name="renamed ü")
    gone = client.create_run(at.experiment, tags={"mlflow.runName": "deleted"}).info.run_id
    client.log_metric(gone, "score", 100)
    client.delete_run(gone)
    seen.refused("metric into a deleted run", client.log_metric, gone, "score", 1)
    seen.refused("tag on a deleted run", client.set_tag, gone, "a", "b")
    seen.refused("deleting again", client.delete_run, gone)
    back = client.create_run(at.experiment, tags={"mlflow.runName": "restored"}).info.run_id
    client.delete_run(back)
    client.restore_run(back)
    client.log_metric(back, "score", 101)
    experiments(at)


def experiments(at: Setting) -> None:
    """Make, rename, delete and restore experiments, and search for them."""
    client, seen = at.client, at.seen
    ids = {n: client.create_experiment(f"{at.name} {n}") for n in ("b", "a", "ü", "gone", "back")}
    client.rename_experiment(ids["b"], f"{at.name} renamed")
    client.delete_experiment(ids["gone"])
    client.delete_experiment(ids["back"])
    client.restore_experiment(ids["back"])
    seen.refused("experiment that exists", client.create_experiment, f"{at.name} a")
    seen.refused("experiment that is deleted", client.create_experiment, f"{at.name} gone")
    seen.refused("experiment without a name", client.create_experiment, "")
    seen.refused("setting a deleted one", mlflow.set_experiment, f"{at.name} gone")
    seen.refused("no experiment", client.get_experiment, "987654321")
    seen.refused("run in a deleted one", client.create_run, ids["gone"])
    missing = client.get_experiment_by_name(f"{at.name} none")
    seen.note("experiment by name", missing if missing is None else missing.name)
    own = f"name LIKE '{at.name}%'"
    for kind in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        view = getattr(import_module("mlflow.entities").ViewType, kind)
        found = client.search_experiments(view, filter_string=own, order_by=["name DESC"])
        seen.note(f"experiments {kind}", [e.name for e in found])
    tagged = f"{own} AND tags.team = 'größer'"
    seen.note("tagged", [e.name for e in client.search_experiments(filter_string=tagged)])
    paged(
        at,
        "experiments",
        lambda token: client.search_experiments(
            filter_string=own, order_by=["name"], max_results=2, page_token=token
        ),
    )


def other_experiment(at: Setting) -> None:
    """Runs made after another experiment is set are in that one."""
    mlflow.set_experiment(f"{at.name} other")
    with mlflow.start_run(run_name="elsewhere") as run:
        mlflow.log_metric("score", 3)
    at.seen.note("elsewhere", run.info.experiment_id != at.experiment)
    mlflow.set_experiment(at.name)
    with mlflow.start_run(run_name="back home") as run:
        mlflow.log_metric("score", 4)
    at.seen.note("home", run.info.experiment_id == at.experiment)


FILTERS = (
    "metrics.score > 0.1",
    "metrics.score >= 0.1 and metrics.score != 5",
    "params.kind = 'odd'",
    "params.kind LIKE 'o%'",
    "params.depth = '1' AND tags.colour ILIKE 'GR%'",
    "tags.colour = 'grün'",
    "tags.mlflow.runName LIKE '%child%'",
    "attributes.status = 'FINISHED'",
    "status != 'FINISHED'",
    "attributes.run_name = 'child 1'",
    "metrics.`a/b c` = 1",
    "params.\"number\" != '0'",
    "tags.`given` = 'at start'",
    "attributes.start_time = 1000",
    "attributes.run_name LIKE 'ends %' AND attributes.end_time = 2000",
    "metrics.none = 1",
    "params.p99 ILIKE 'V%'",
    "attributes.artifact_uri LIKE '%artifacts'",
)
BAD_FILTERS = (
    "metrics.score > 'x'",
    "params.kind = 3",
    "nonsense",
    "tags.a ~ 'b'",
    "attributes.nothing = 'x'",
    "metrics.score = 1 OR metrics.score = 2",
)
ORDERS = (
    ["metrics.score DESC"],
    ["metrics.score ASC"],
    ["params.number", "tags.colour DESC"],
    ["attributes.run_name"],
    ["attributes.status DESC", "tags.mlflow.runName ASC"],
)


def search(at: Setting) -> None:
    """MLflow's filters, orders and pages, and what is refused."""
    client, where = at.client, [at.experiment]
    for query in FILTERS:
        at.seen.note(query, sorted(names(client.search_runs(where, query))))
    for query in BAD_FILTERS:
        at.seen.refused(query, client.search_runs, where, query)
    for order in ORDERS:
        # What has no value comes last, in an order that is the server's own.
        query = "tags.colour LIKE '%' AND metrics.score >= 0"
        found = client.search_runs(where, query, order_by=order)
        at.seen.note(" ".join(order), names(found))
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        kind = getattr(import_module("mlflow.entities").ViewType, view)
        at.seen.note(view, sorted(names(client.search_runs(where, "", kind))))
    at.seen.refused("bad order", client.search_runs, where, order_by=["metrics"])
    at.seen.refused("bad page", client.search_runs, where, page_token="nonsense")
    at.seen.refused("too many", client.search_runs, where, max_results=50_001)
    at.seen.note("nowhere", names(client.search_runs([])))
    paged(
        at,
        "runs",
        lambda token: client.search_runs(
            where, "", order_by=["tags.mlflow.runName"], max_results=4, page_token=token
        ),
    )


def paged(at: Setting, what: str, ask: Callable[[Any], Any]) -> None:
    """Note the pages of a search."""
    token = None
    for number in range(20):
        page = ask(token)
        found = [getattr(item, "name", None) or names([item])[0] for item in page]
        at.seen.note(f"{what}, page {number}", found)
        token = page.token
        if not token:
            return


def traces(at: Setting) -> None:
    """A traced function, in a run and outside; all that is asked is that nothing goes wrong."""
    if not hasattr(mlflow, "trace"):
        return

    @mlflow.trace(name="inner")  # type: ignore[untyped-decorator]
    def inner(value: int) -> int:
        return value + 1

    @mlflow.trace(name="outer", span_type="CHAIN")  # type: ignore[untyped-decorator]
    def outer(value: int) -> int:
        return int(inner(value)) * 2

    at.seen.note("traced", outer(3))
    with mlflow.start_run(run_name="traced"):
        at.seen.note("traced in a run", outer(4))
    if hasattr(mlflow, "flush_trace_async_logging"):
        mlflow.flush_trace_async_logging()


def main() -> None:
    """Take every step."""
    observations, name, folder = sys.argv[1:]
    from matrix_models import STEPS as MODEL_STEPS  # type: ignore[import-not-found]

    at = Setting(name, Path(folder))
    steps = (
        nested_runs,
        metrics,
        batches,
        tags_and_params,
        artifacts,
        datasets,
        lifecycle,
        other_experiment,
        *MODEL_STEPS,
        search,
        traces,
    )
    for step in steps:
        at.seen.note("step", step.__name__)
        step(at)
        Path(observations).write_text(json.dumps(at.seen.notes), encoding="utf-8")


if __name__ == "__main__":
    main()
