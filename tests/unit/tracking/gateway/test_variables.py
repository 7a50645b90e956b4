"""What the command's environment gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.tracking.gateway.variables import contradicting, gateway_variables, is_in_netrc


def variables(environ: dict[str, str], target: str = "sqlite:////db") -> dict[str, str]:
    return gateway_variables(
        environ, address="http://127.0.0.1:7", host="127.0.0.1", token="t", target=target
    )


def test_every_way_to_prove_who_asks_bears_the_token() -> None:
    found = variables({})
    assert found["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:7"
    assert found["MLFLOW_TRACKING_TOKEN"] == "t"
    assert found["MLFLOW_TRACKING_PASSWORD"] == "t"
    assert found["MLFLOW_TRACKING_USERNAME"]


@pytest.mark.parametrize(
    ("environ", "user"),
    [
        ({"LOGNAME": "ada"}, "ada"),
        ({"LOGNAME": "ada", "MLFLOW_TRACKING_USERNAME": "team"}, "team"),
        ({"LOGNAME": "dom:ada"}, "dom_ada"),
    ],
)
def test_clients_name_the_user_whom_they_would_name_without_a_gateway(
    environ: dict[str, str], user: str
) -> None:
    assert variables(environ)["MLFLOW_TRACKING_USERNAME"] == user


def test_a_nested_run_finds_address_and_target() -> None:
    found = variables({}, "http://far")
    assert found["MLRUN_GATEWAY_ADDRESS"] == "http://127.0.0.1:7"
    assert found["MLRUN_GATEWAY_TARGET"] == "http://far"


@pytest.mark.parametrize(
    ("environ", "lower", "upper"),
    [
        ({}, "127.0.0.1,localhost", "127.0.0.1,localhost"),
        ({"NO_PROXY": "a"}, "a,127.0.0.1,localhost", "a,127.0.0.1,localhost"),
        ({"no_proxy": "a"}, "a,127.0.0.1,localhost", "a,127.0.0.1,localhost"),
        (
            {"no_proxy": "a", "NO_PROXY": "b"},
            "a,127.0.0.1,localhost",
            "b,127.0.0.1,localhost",
        ),
        ({"no_proxy": "localhost, .x"}, "localhost,.x,127.0.0.1", "localhost,.x,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*", "*"),
    ],
)
def test_no_proxy_is_asked_for_it(environ: dict[str, str], lower: str, upper: str) -> None:
    found = variables(environ)
    assert (found["no_proxy"], found["NO_PROXY"]) == (lower, upper)


def test_a_registry_elsewhere_stays_there() -> None:
    assert "MLFLOW_REGISTRY_URI" not in variables({"MLFLOW_REGISTRY_URI": "http://registry"})
    assert "MLFLOW_REGISTRY_URI" not in variables({})


def test_a_registry_in_the_same_place_is_asked_through_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for uri, target in (
        ("http://far/", "http://far"),
        ("http://me:secret@far", "http://far"),
        ("sqlite:///mlflow.db", f"sqlite:///{tmp_path}/mlflow.db"),
        (f"sqlite:///{tmp_path}/mlflow.db", f"sqlite:///{tmp_path}/mlflow.db"),
    ):
        found = variables({"MLFLOW_REGISTRY_URI": uri}, target)
        assert found["MLFLOW_REGISTRY_URI"] == "http://127.0.0.1:7", uri


def test_workspaces_are_for_servers() -> None:
    assert "MLFLOW_WORKSPACE" in contradicting("sqlite:////db")
    assert "MLFLOW_WORKSPACE" not in contradicting("https://far")
    assert "MLFLOW_TRACKING_AUTH" in contradicting("https://far")


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        (None, False),
        ("machine example.org login a password b", False),
        ("machine example.org login a password b\ndefault login c password d", True),
        ("machine 127.0.0.1 login a password b", True),
        ("machine defaults.org login a password b", False),
        ("default login", False),
        ("machine 127.0.0.1 what", False),
    ],
)
@pytest.mark.parametrize("place", [".netrc", "_netrc", "elsewhere"])
def test_a_user_named_for_every_host_is_noticed(
    tmp_path: Path, text: str | None, is_in: bool, place: str
) -> None:
    path = tmp_path / place
    if text is not None:
        path.write_text(text, encoding="utf-8")
    environ = {"HOME": str(tmp_path)}
    if place == "elsewhere":
        environ["NETRC"] = str(path)
    assert is_in_netrc(environ, "127.0.0.1") is is_in
    if place != "elsewhere":
        assert not is_in_netrc({**environ, "NETRC": str(tmp_path / "none")}, "127.0.0.1")


def test_a_file_that_is_no_text_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_bytes(b"default login \xff password x")
    assert not is_in_netrc({"HOME": str(tmp_path)}, "127.0.0.1")
