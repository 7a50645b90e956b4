"""How a nested mlrun finds the gateway of the run that it is part of."""

from __future__ import annotations

from mlrun.tracking.nesting import gateway_to, target_behind

INSIDE = {
    "MLRUN_GATEWAY_ADDRESS": "http://127.0.0.1:4000",
    "MLRUN_GATEWAY_TARGET": "sqlite:////data/mlflow.db",
}


def test_address_of_the_gateway_stands_for_its_target() -> None:
    assert target_behind("http://127.0.0.1:4000", INSIDE) == "sqlite:////data/mlflow.db"
    assert target_behind("http://127.0.0.1:4000/", INSIDE) == "sqlite:////data/mlflow.db"


def test_other_addresses_stand_for_themselves() -> None:
    assert target_behind("http://127.0.0.1:4001", INSIDE) is None
    assert target_behind("", {}) is None
    assert target_behind("", {"MLRUN_GATEWAY_ADDRESS": ""}) is None


def test_target_is_reached_through_the_gateway() -> None:
    assert gateway_to("sqlite:////data/mlflow.db", INSIDE) == "http://127.0.0.1:4000"
    assert gateway_to("sqlite:////data/other.db", INSIDE) is None
    assert gateway_to("", {"MLRUN_GATEWAY_TARGET": ""}) is None
