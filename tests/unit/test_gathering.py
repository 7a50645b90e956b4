"""What a run records of the data that was brought for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlrun.gathering import Gathered
from mlrun.inputs.base import Input

MLFLOW_TAKES = re.compile(r"[\w.\-]{1,250}")
"""The names of tags that no version of MLflow refuses (mlflow.utils.validation)."""


@pytest.mark.parametrize("name", ["data", "da?ta", "a/../b", "zażółć", "x" * 300, "a b:c"])
def test_a_tag_of_any_parameter_is_one_that_every_store_takes(name: str) -> None:
    found = Input(name, "https://host/rows.csv", Path("/rows.csv"), 8, "00ff")
    ((tag, value),) = Gathered({name: found}).tags.items()
    assert MLFLOW_TAKES.fullmatch(tag)
    assert value == "sha256:00ff"


def test_what_lay_on_this_machine_has_no_tag() -> None:
    found = Input("data", "runs:/1/rows.csv", Path("/rows.csv"), 8, None)
    assert Gathered({"data": found}).tags == {}
