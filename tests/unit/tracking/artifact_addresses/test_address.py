"""How addresses of artifacts are taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import TrackingRefusedError
from mlrun.tracking.artifact_addresses.address import (
    Address,
    LoggedModelAddress,
    RunAddress,
    ServedAddress,
    VersionAddress,
    is_address,
    parse_address,
)

RUN = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        (f"runs:/{RUN}", RunAddress(RUN, "")),
        (f"runs:/{RUN}/", RunAddress(RUN, "")),
        (f"runs:/{RUN}/a//./b c/%20#?x", RunAddress(RUN, "a/b c/%20#?x")),
        (f"runs:///{RUN}/a", RunAddress(RUN, "a")),
        ("models:/churn/3", VersionAddress("churn", "", number="3")),
        ("models:/churn/03/a/b", VersionAddress("churn", "a/b", number="3")),
        ("models:/churn/Latest", VersionAddress("churn", "", stage="latest")),
        (
            "models:/churn/Production/MLmodel",
            VersionAddress("churn", "MLmodel", stage="Production"),
        ),
        ("models:/churn@champion", VersionAddress("churn", "", alias="champion")),
        ("models:/churn@champion/2/x", VersionAddress("churn", "2/x", alias="champion")),
        ("models:/me@home@best", VersionAddress("me@home", "", alias="best")),
        ("models:/a b/1", VersionAddress("a b", "", number="1")),
        ("models:/m-123", LoggedModelAddress("m-123", "")),
        ("models:/m-123/MLmodel", LoggedModelAddress("m-123", "MLmodel")),
        ("models:/m-123/4", VersionAddress("m-123", "", number="4")),
        ("mlflow-artifacts:/", ServedAddress("", "")),
        ("mlflow-artifacts:/0/x/artifacts", ServedAddress("", "0/x/artifacts")),
        ("mlflow-artifacts://host:5000/a", ServedAddress("host:5000", "a")),
        ("mlflow-artifacts://127.0.0.1/a", ServedAddress("127.0.0.1", "a")),
    ],
)
def test_what_an_address_says(uri: str, address: Address) -> None:
    assert parse_address(uri) == address


@pytest.mark.parametrize(
    ("uri", "message", "hint"),
    [
        ("runs:/", "'' is no run's id", "runs:/RUN_ID/PATH"),
        ("runs:/-x/a", "'-x' is no run's id", "runs:/RUN_ID/PATH"),
        (f"runs://{RUN}/a", "names a place before its path", f"runs:/{RUN}/a"),
        (f"runs:/{RUN}/../x", "leads out of", None),
        (f"runs:/{RUN}/a\\..\\x", "leads out of", None),
        (f"runs:/{RUN}/a\0", "leads out of", None),
        ("models:/", "names no model", "models:/NAME@ALIAS"),
        ("models:/churn", "says no version of the model churn", "models:/NAME/VERSION"),
        ("models:/churn@", "names no model", "models:/NAME@ALIAS"),
        ("models:/@best", "names no model", "models:/NAME@ALIAS"),
        ("models:/../1", "leads out of", None),
        ("mlflow-artifacts:/a/../../b", "leads out of", None),
        ("mlflow-artifacts://5000/a", "names a port without a server", "mlflow-artifacts:/a"),
        ("mlflow-artifacts://user@host/a", "names no server", None),
        ("s3://bucket/a", "is no address of artifacts", None),
    ],
)
def test_what_is_no_address_is_refused(uri: str, message: str, hint: str | None) -> None:
    with pytest.raises(TrackingRefusedError) as refusal:
        parse_address(uri)
    assert message in refusal.value.message
    assert (hint or "") in (refusal.value.hint or "")


@given(st.sampled_from(["runs", "models", "mlflow-artifacts"]), st.text(max_size=40))
def test_no_path_leads_out(scheme: str, rest: str) -> None:
    try:
        address = parse_address(f"{scheme}:{rest}")
    except TrackingRefusedError:
        return
    assert not address.path.startswith("/")
    assert ".." not in address.path.split("/")
    assert "\0" not in address.path


def test_which_addresses_are_meant() -> None:
    assert is_address("runs:/x")
    assert is_address("models:/x")
    assert not is_address("s3://x")
    assert not is_address("/runs:/x")
