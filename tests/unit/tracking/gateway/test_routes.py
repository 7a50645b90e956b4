"""The table of all endpoints."""

from __future__ import annotations

import re
from pathlib import Path

import mlrun.tracking.database
from mlrun.tracking.gateway.routes import _MODULES, all_routes


def test_every_module_with_endpoints_is_in_the_table() -> None:
    package = Path(str(mlrun.tracking.database.__file__)).parent
    with_routes = {
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if re.search(r"^ROUTES\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert set(_MODULES) == with_routes


def test_path_gives_fields() -> None:
    found = all_routes().find("GET", "/logged-models/m-1%2F2")
    assert found is not None
    assert found[1] == {"model_id": "m-1/2"}


def test_other_method_is_another_endpoint() -> None:
    assert all_routes().find("POST", "/runs/get") is None
    assert all_routes().find("GET", "/runs/get") is not None
