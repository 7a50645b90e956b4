"""The example of the page about parameters is what mlrun makes of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mlrun.planning import bind_run
from mlrun.project.parameters.types import ParameterType
from mlrun.request import RunRequest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "parameters.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def request_of_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRequest:
    for folder in ("p", "w"):
        (tmp_path / folder).mkdir()
    (example,) = blocks("yaml")
    (tmp_path / "p" / "MLproject").write_text(example)
    (tmp_path / "w" / "d.csv").touch()
    monkeypatch.setenv("API_TOKEN", "hunter2")
    return RunRequest(
        uri=str(tmp_path / "p"),
        parameters={"data": "d.csv"},
        cwd=tmp_path / "w",
        tracking=False,
        env_manager="local",
    )


def test_the_command_is_as_shown(request_of_page: RunRequest, tmp_path: Path) -> None:
    bound = bind_run(request_of_page, os.environ)
    shown = blocks("sh")[0].strip().replace(" /", f" {tmp_path}/")
    assert bound.render() == shown
    assert bound.warnings == ()
    assert [value.secret for value in bound.values if value.secret] == ["hunter2"]


def test_every_type_and_every_key_is_told() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for kind in ParameterType:
        assert f"| `{kind.value}` |" in text
    for key in ("choices", "min", "pattern", "description", "optional", "flag", "exists", "secret"):
        assert f"\n| `{key}`" in text
