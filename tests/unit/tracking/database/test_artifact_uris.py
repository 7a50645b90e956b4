"""Where artifacts go."""

from __future__ import annotations

import pytest

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.artifact_uris import below, checked_location


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/srv/mlruns", "/srv/mlruns/a/b"),
        ("/srv/what?/#1/", "/srv/what?/#1/a/b"),
        ("file:///srv/a%3Fb", "file:///srv/a%3Fb/a/b"),
        ("s3://bucket/k/?v=1", "s3://bucket/k/a/b?v=1"),
        ("mlflow-artifacts:/0", "mlflow-artifacts:/0/a/b"),
    ],
)
def test_parts_come_before_a_query(location: str, expected: str) -> None:
    assert below(location, "a", "b") == expected


@pytest.mark.parametrize(
    "location",
    ["runs:/x", "s3://b/k#x", "s3://b/k;x", "s3://b/k?x=../y", "s3://" + "x" * 3000],
)
def test_locations_that_are_refused(location: str) -> None:
    with pytest.raises(ApiError):
        checked_location(location, 2048)


def test_locations_that_are_kept() -> None:
    for location in ("s3://b/k?x=1", "/a/b#c;d", "mlflow-artifacts:/x"):
        assert checked_location(location, 2048) == location
