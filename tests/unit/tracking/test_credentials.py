"""Who mlrun is to a server: the same order as MLflow's client."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mlrun.errors import NotSupportedError, UsageError
from mlrun.tracking.credentials import Credentials, find_credentials, split_address


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def write_credentials(home: dict[str, str], text: str) -> None:
    folder = Path(home["HOME"]) / ".mlflow"
    folder.mkdir()
    (folder / "credentials").write_text(text)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("address", "bare", "user", "secret"),
    [
        ("https://ada:pw@host:5/x", "https://host:5/x", "ada", "pw"),
        ("https://a%40b:p%3A%2Fw@host", "https://host", "a@b", "p:/w"),
        ("https://ada:p@w@host/x@y", "https://host/x@y", "ada", "p@w"),
        ("https://token@host", "https://host", "token", ""),
        ("https://ada:pw@host?a=b@c", "https://host?a=b@c", "ada", "pw"),
    ],
)
def test_an_address_is_split(address: str, bare: str, user: str, secret: str) -> None:
    found, credentials = split_address(address)
    assert found == bare
    assert credentials is not None
    assert (credentials.user, credentials.secret) == (user, secret)


@pytest.mark.parametrize(
    "address", ["https://host/a@b", "https://host?x=a@b", "/a@b", "https://h#@"]
)
def test_an_at_sign_elsewhere_is_no_credential(address: str) -> None:
    assert split_address(address) == (address, None)


def test_nothing_is_found_where_nothing_is(home: dict[str, str]) -> None:
    assert find_credentials("host", home) is None


def test_user_and_password_win_over_the_token(home: dict[str, str]) -> None:
    token = {**home, "MLFLOW_TRACKING_TOKEN": "tok"}
    found = find_credentials("host", token)
    assert found is not None
    assert found.header() == "Bearer tok"
    found = find_credentials(
        "host", {**token, "MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "pä"}
    )
    assert found is not None
    assert found.header() == basic("ada", "pä")
    assert found.variables() == {}


def test_half_a_pair_does_not_count(home: dict[str, str]) -> None:
    assert find_credentials("host", {**home, "MLFLOW_TRACKING_USERNAME": "ada"}) is None


def test_the_file_fills_what_variables_leave_open(home: dict[str, str]) -> None:
    text = "[mlflow]\nmlflow_tracking_username = ada\nmlflow_tracking_password = from-file\n"
    write_credentials(home, text)
    found = find_credentials("host", {**home, "MLFLOW_TRACKING_TOKEN": "tok"})
    assert found is not None
    assert found.header() == basic("ada", "from-file")
    found = find_credentials("host", {**home, "MLFLOW_TRACKING_USERNAME": "eve"})
    assert found is not None
    assert found.header() == basic("eve", "from-file")
    # Clients of MLflow 1.x do not read the file.
    assert found.variables() == {
        "MLFLOW_TRACKING_USERNAME": "eve",
        "MLFLOW_TRACKING_PASSWORD": "from-file",
    }


def test_a_file_without_the_section_is_passed_over(home: dict[str, str]) -> None:
    write_credentials(home, "[other]\nx = 1\n")
    assert find_credentials("host", home) is None


@pytest.mark.parametrize(
    "text", ["hush-hush\n", "[mlflow]\nmlflow_tracking_password = 50%hush-hush\n"]
)
def test_a_broken_file_is_named_and_not_shown(home: dict[str, str], text: str) -> None:
    write_credentials(home, text)
    with pytest.raises(UsageError) as caught:
        find_credentials("host", home)
    assert ".mlflow/credentials" in caught.value.message
    assert "hush" not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"


def test_netrc_comes_last(home: dict[str, str]) -> None:
    file = Path(home["HOME"]) / ".netrc"
    file.write_text("machine host login ada password pw\n")
    file.chmod(0o600)
    found = find_credentials("host", home)
    assert found is not None
    assert found.header() == basic("ada", "pw")
    assert find_credentials("elsewhere", home) is None
    with_token = find_credentials("host", {**home, "MLFLOW_TRACKING_TOKEN": "tok"})
    assert with_token is not None
    assert with_token.source == "MLFLOW_TRACKING_TOKEN"


def test_a_token_with_a_line_break_is_refused(home: dict[str, str]) -> None:
    found = find_credentials("host", {**home, "MLFLOW_TRACKING_TOKEN": "hush\r\nX-Evil: 1"})
    assert found is not None
    with pytest.raises(UsageError, match="MLFLOW_TRACKING_TOKEN"):
        found.header()


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_AUTH"])
def test_foreign_signing_is_refused_by_name(home: dict[str, str], name: str) -> None:
    with pytest.raises(NotSupportedError, match=name):
        find_credentials("host", {**home, name: "true"})
    assert find_credentials("host", {**home, name: "false"}) is None


def test_credentials_do_not_show_themselves() -> None:
    shown = repr(Credentials("the address", "ada", "hush-hush", False))
    assert "hush" not in shown
    assert "the address" in shown
