"""Who runs this."""

from __future__ import annotations

import getpass
import os

import pytest

from mlrun.execution.user import user_name


@pytest.mark.parametrize("variable", ["LOGNAME", "USER", "LNAME", "USERNAME"])
def test_a_variable_names_the_user(variable: str) -> None:
    assert user_name({variable: "ada"}) == "ada"


def test_the_system_knows_who_has_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    assert user_name(os.environ) == getpass.getuser()
