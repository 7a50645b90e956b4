"""The user's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.cli.settings import SETTABLE, read_settings
from mlrun.errors import ProjectError, UsageError


@pytest.fixture
def file() -> Path:
    path = Path(os.environ["MLRUN_CONFIG_DIR"]) / "settings.yaml"
    path.parent.mkdir()
    return path


def test_without_a_file_nothing_is_set() -> None:
    assert read_settings() == {}


def test_settings_are_named_as_the_options_are(file: Path) -> None:
    file.write_text("buffer-tracking: true\nflush_timeout: 60\nundelivered: fail\n")
    assert read_settings() == {
        "buffer_tracking": "true",
        "flush_timeout": "60",
        "undelivered": "fail",
    }


def test_unknown_setting_is_an_error_with_its_place(file: Path) -> None:
    file.write_text("grace-period: 5\nbufer-tracking: true\n")
    with pytest.raises(UsageError, match="bufer-tracking") as raised:
        read_settings()
    assert raised.value.hint == "did you mean buffer-tracking?"
    assert str(raised.value.location).startswith(f"{file}:2:")


def test_what_names_a_run_cannot_be_set(file: Path) -> None:
    file.write_text("run-name: x\n")
    with pytest.raises(UsageError) as raised:
        read_settings()
    assert "flush-timeout" in str(raised.value.hint)


def test_no_mapping_is_an_error(file: Path) -> None:
    file.write_text("- a\n")
    with pytest.raises(ProjectError):
        read_settings()


def test_each_is_an_option_of_run() -> None:
    from mlrun.cli.run import command

    options = {option for parameter in command.params for option in parameter.opts}
    assert {f"--{name}" for name in SETTABLE} <= options


@pytest.mark.parametrize(
    ("words", "variable", "seconds"),
    [((), None, 7.5), ((), "9", 9.0), (("--grace-period", "11"), "9", 11.0)],
)
def test_words_come_first_then_variables_then_settings(
    words: tuple[str, ...],
    variable: str | None,
    seconds: float,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mlrun.cli import run
    from mlrun.cli.main import exit_code_for
    from mlrun.request import RunRequest

    seen: list[RunRequest] = []

    def keep(request: RunRequest, *_: object, **__: object) -> int:
        seen.append(request)
        return 0

    file.write_text("grace-period: 7.5\nbuffer-tracking: true\n")
    monkeypatch.setattr(run, "_run", keep)
    if variable is not None:
        monkeypatch.setenv("MLRUN_GRACE_PERIOD", variable)
    assert exit_code_for(["run", ".", *words]) == 0
    assert seen[0].grace_period == seconds
    assert seen[0].buffer_tracking
