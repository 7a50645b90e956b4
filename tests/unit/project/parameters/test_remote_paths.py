"""Which remote paths can be brought here."""

from __future__ import annotations

import pytest

from mlrun.project.parameters.remote_paths import SCHEMES, refusal_of, shown_address
from mlrun.project.parameters.values import is_remote


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_what_can_be_brought_is_remote(scheme: str) -> None:
    for uri in (f"{scheme}://host/x", f"{scheme.upper()}:/x"):
        assert is_remote(uri)
        assert refusal_of(uri) is None


@pytest.mark.parametrize("scheme", ["hdfs", "dbfs", "ftp", "wasbs"])
def test_others_are_refused_by_name_with_those_that_are_known(scheme: str) -> None:
    refusal = refusal_of(f"{scheme}://host/x")
    assert refusal is not None
    assert f"({scheme}:)" in refusal[0]
    assert all(known in refusal[1] for known in SCHEMES)


@pytest.mark.parametrize(
    ("scheme", "meant"), [("htp", "http"), ("htpps", "https"), ("model", "models")]
)
def test_scheme_that_was_meant_is_named(scheme: str, meant: str) -> None:
    refusal = refusal_of(f"{scheme}://host/x")
    assert refusal is not None
    assert refusal[1] == f"did you mean {meant}:?"


def test_a_file_of_another_machine_is_refused() -> None:
    assert "another machine" in str(refusal_of("file://host/x"))


def test_an_address_is_shown_without_credentials() -> None:
    assert (
        shown_address("https://me:hunter2@h/x?token=hunter2&a=1") == "https://***@h/x?token=***&a=1"
    )
