"""The benchmarks' table: medians, ratios, and what became of the goals."""

from __future__ import annotations

import json

import pytest

from benchmarks.report import Row, document, table

VERSIONS = {"mlrun": "0.1.0", "mlflow": "3.17.2"}


def row(mlrun: list[float], mlflow: list[float], **goals: float) -> Row:
    return Row("a case", "ms", {"mlrun": mlrun, "mlflow": mlflow}, **goals)


def test_a_line_has_medians_and_their_ratio() -> None:
    lines = table([row([9, 50, 51], [1000, 1100, 9000])], VERSIONS).splitlines()

    assert lines[0] == "|  | mlrun 0.1.0 | mlflow 3.17.2 | ratio | target |"
    assert lines[2] == "| a case | 50.0 ms | 1,100.0 ms | 22.0 |  |"


@pytest.mark.parametrize(
    ("mlrun", "mlflow", "words"),
    [
        (99, 1980, "< 100 ms: met, 20 times less: met"),
        (100, 2000, "< 100 ms: missed, 20 times less: met"),
        (99, 1979, "< 100 ms: met, 20 times less: missed"),
    ],
)
def test_goals_are_met_or_missed(mlrun: float, mlflow: float, words: str) -> None:
    assert row([mlrun], [mlflow], goal=100, ratio_goal=20).goals == words


@pytest.mark.parametrize(("mlflow", "words"), [(99, "as fast: met"), (98, "as fast: missed")])
def test_a_ratio_of_one_is_said_in_words(mlflow: float, words: str) -> None:
    assert row([99], [mlflow], ratio_goal=1).goals == words


def test_the_document_keeps_every_value() -> None:
    written = document([row([1, 2, 4], [40])], VERSIONS, "a machine")

    (line,) = json.loads(json.dumps(written))["rows"]
    assert line["samples"] == {"mlrun": [1, 2, 4], "mlflow": [40]}
    assert line["median"] == {"mlrun": 2, "mlflow": 40}
    assert line["ratio"] == 20


def test_a_line_without_mlflow_has_no_ratio() -> None:
    alone = Row("a case", "ms", {"mlrun": [9]}, goal=10)

    assert table([alone], VERSIONS).splitlines()[2] == "| a case | 9.0 ms |  |  | < 10 ms: met |"
    (line,) = json.loads(json.dumps(document([alone], VERSIONS, "a machine")))["rows"]
    assert line["median"] == {"mlrun": 9}
    assert line["ratio"] is None
