"""The plan and its JSON form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.plan import Delivery, Plan, PlanEnvironment, PlanParameter, PlanSource, Work

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/plan.schema.json").read_text())
WORK = Work(
    source=PlanSource("file:///projects/p", "0" * 40, "https://host/p.git", dirty=False),
    project="p",
    entry_point="main",
    parameters=(PlanParameter("alpha", "float", "0.50", "flag"),),
    command="train {alpha}",
    environment=PlanEnvironment("uv", "abc"),
)

parameters = st.builds(
    PlanParameter,
    st.text(),
    st.sampled_from(["string", "float", "path", None]),
    st.text(),
    st.sampled_from(["default", "file", "flag"]),
    st.none() | st.text(),
)


@given(st.lists(parameters), st.dictionaries(st.text(), st.text()), st.none() | st.text())
def test_json_form_loses_nothing_and_fits_its_schema(
    values: list[PlanParameter], tags: dict[str, str], uri: str | None
) -> None:
    plan = Plan(replace(WORK, parameters=tuple(values)), Delivery(uri, tags=tags))
    document = json.loads(json.dumps(plan.to_dict()))
    jsonschema.validate(document, SCHEMA)
    assert Plan.from_dict(document) == plan


def test_equal_work_has_equal_digests_wherever_it_is_delivered() -> None:
    here = Plan(WORK, Delivery("file:///a"))
    there = Plan(replace(WORK), Delivery("https://b", tags={"x": "y"}))
    assert here.work.digest() == there.work.digest()


def test_other_text_of_a_value_is_other_work() -> None:
    other = replace(WORK, parameters=(replace(WORK.parameters[0], value="0.5"),))
    assert other.digest() != WORK.digest()


def test_plan_of_another_version_is_refused() -> None:
    document = {**Plan(WORK, Delivery(None)).to_dict(), "version": 99}
    with pytest.raises(ValueError, match="version 99"):
        Plan.from_dict(document)


def test_what_an_older_mlrun_did_not_know_does_not_change_its_digest() -> None:
    document = Plan(WORK, Delivery(None)).to_dict()
    for name in ("as_of", "locked", "image", "docker_args"):
        del document["work"]["environment"][name]
    assert Plan.from_dict(document).work.digest() == WORK.digest()


def test_another_date_is_other_work() -> None:
    dated = replace(WORK, environment=replace(WORK.environment, as_of="2023-05-01"))
    assert dated.digest() != WORK.digest()


def test_options_of_a_container_keep_their_form() -> None:
    environment = PlanEnvironment(
        "docker", "abc", image="i:1", docker_args={"v": ("/a:/a", "/b:/b"), "t": True, "m": "1g"}
    )
    plan = Plan(replace(WORK, environment=environment), Delivery(None))
    document = json.loads(json.dumps(plan.to_dict()))
    jsonschema.validate(document, SCHEMA)
    assert Plan.from_dict(document) == plan
