"""The user's folders."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from mlrun.errors import UsageError
from mlrun.folders import cache_folder, config_folder, state_folder


@pytest.mark.parametrize("variable", [None, "/elsewhere", "not/absolute"])
def test_folders_are_those_of_the_platform(
    variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.delenv(f"MLRUN_{kind}_DIR", raising=False)
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
        if variable is not None:
            monkeypatch.setenv(f"XDG_{kind}_HOME", variable)
    if variable != "not/absolute":
        assert str(state_folder()) == platformdirs.user_state_dir("mlrun", appauthor=False)
        assert str(cache_folder()) == platformdirs.user_cache_dir("mlrun", appauthor=False)
        assert str(config_folder()) == platformdirs.user_config_dir("mlrun", appauthor=False)
    else:
        # The specification tells to ignore a relative path.
        assert state_folder() == tmp_path / ".local/state/mlrun"


def test_variables_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_STATE_DIR", str(tmp_path / "s"))
    monkeypatch.setenv("MLRUN_CACHE_DIR", str(tmp_path / "c"))
    assert (state_folder(), cache_folder()) == (tmp_path / "s", tmp_path / "c")


def _unknown(uid: int) -> None:
    raise KeyError(uid)


def test_no_home_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "MLRUN_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", _unknown)
    with pytest.raises(UsageError, match="no home") as raised:
        state_folder()
    assert "MLRUN_STATE_DIR" in str(raised.value.hint)


def test_home_of_nobody_is_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_STATE_DIR", "~nobody-of-that-name/state")
    assert state_folder().is_absolute()
