"""A project's environment, chosen without binding a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import MlrunError
from mlrun.preparing import choose_for, chosen_for
from mlrun.request import RunRequest

PROJECT = """\
python_env: python_env.yaml
entry_points:
  train:
    parameters: {rate: float}
    command: train {rate}
"""


@pytest.fixture
def project(tmp_path: Path) -> str:
    (tmp_path / "MLproject").write_text(PROJECT)
    (tmp_path / "python_env.yaml").write_text("dependencies: [needed]\n")
    return str(tmp_path)


def test_no_value_is_needed(project: str) -> None:
    checkout, kind = choose_for(RunRequest(project, entry_point="train"))
    assert checkout.path == Path(project)
    assert kind.manager == "uv"
    _, same = choose_for(RunRequest(project), any_entry_point=True)
    assert same.digest() == kind.digest()


def test_what_is_said_of_the_environment_holds(project: str) -> None:
    request = RunRequest(project, entry_point="train", env_manager="local")
    with chosen_for(request) as (_, kind):
        assert kind.manager == "local"


def test_an_entry_point_that_is_named_must_be_there(project: str) -> None:
    with pytest.raises(MlrunError, match="main"):
        choose_for(RunRequest(project))
