"""The user's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.cli.settings import SETTABLE, read_settings
from mlrun.errors import UsageError


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
    with pytest.raises(UsageError, match="the settings file must be a mapping"):
        read_settings()


def test_a_folder_that_cannot_be_looked_into_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_CONFIG_DIR", "/" + "x" * 300)
    with pytest.raises(UsageError, match="cannot be read: File name too long") as caught:
        read_settings()
    assert "MLRUN_CONFIG_DIR" in (caught.value.hint or "")


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


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf", "1e300"])
def test_a_bad_variable_is_named(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlrun.cli.main import exit_code_for

    monkeypatch.setenv("MLRUN_FLUSH_TIMEOUT", value)
    assert exit_code_for(["run", "."]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"mlrun: error: the variable MLRUN_FLUSH_TIMEOUT: '{value}' is no number"
    )


def test_a_bad_setting_is_named_with_its_file(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlrun.cli.main import exit_code_for

    file.write_text("tracking: best_effort\n")
    assert exit_code_for(["run", "."]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"mlrun: error: {file}: tracking: 'best_effort' is not one of")


def test_bad_words_are_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    from mlrun.cli.main import exit_code_for

    assert exit_code_for(["run", ".", "--grace-period", "nan"]) == 2
    assert capsys.readouterr().err.startswith("Usage: mlrun run")


def test_help_is_there_although_the_settings_are_wrong(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlrun.cli.main import exit_code_for

    file.write_text("bufer-tracking: true\n")
    assert exit_code_for(["run", "--help"]) == 0
    assert "--buffer-tracking" in capsys.readouterr().out
    assert exit_code_for(["run", "."]) == 2
