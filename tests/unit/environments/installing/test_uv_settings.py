"""What pip was told, said to uv."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.installing.uv_settings import (
    choosing_settings,
    uv_flags,
    uv_variables,
    without_login,
)
from tests.components import missing
from tests.unit.environments.wheels import make_wheel

NOTHING = {"UV_NO_CONFIG": "1"}


def test_indexes_and_access() -> None:
    settings = PipSettings(
        {
            "index-url": "https://me:secret@host.example/simple",
            "extra-index-url": "https://a.example\n  https://b.example",
            "trusted-host": "a.example b.example:8080",
            "cert": "/ca.pem",
            "client-cert": "/me.pem",
            "proxy": "http://proxy.example:3128",
            "timeout": "7.5",
            "pre": "1",
            "keyring-provider": "import",
        }
    )
    assert uv_variables(settings, NOTHING) == {
        "UV_DEFAULT_INDEX": "https://me:secret@host.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "a.example b.example:8080",
        "UV_PRERELEASE": "allow",
        "UV_KEYRING_PROVIDER": "subprocess",
        "UV_HTTP_TIMEOUT": "7",
        "SSL_CERT_FILE": "/ca.pem",
        "SSL_CLIENT_CERT": "/me.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
    }


def test_what_was_said_to_uv_is_stronger_setting_by_setting() -> None:
    settings = PipSettings({"index-url": "a", "extra-index-url": "b", "proxy": "c", "cert": "d"})
    environ = {"UV_INDEX_URL": "x", "https_proxy": "y", "HTTP_PROXY": "z", "SSL_CERT_FILE": "w"}
    said = uv_variables(settings, NOTHING | environ)
    assert set(said) == {"UV_INDEX", "UV_INDEX_STRATEGY"}


def test_indexes_in_a_file_of_uv_are_stronger(tmp_path: Path) -> None:
    file = tmp_path / "uv.toml"
    file.write_text('index-url = "https://own.example"\n')
    settings = PipSettings({"index-url": "a", "find-links": "/b", "timeout": "3"})
    assert set(uv_variables(settings, {"UV_CONFIG_FILE": str(file)})) == {"UV_HTTP_TIMEOUT"}


def test_a_time_limit_that_is_none_is_left_out() -> None:
    assert uv_variables(PipSettings({"timeout": "soon"}), NOTHING) == {}


def test_flags() -> None:
    settings = PipSettings({"no-index": "true", "no-binary": "a,b", "only-binary": ":all:"})
    expected = ["--no-index", "--no-binary", "a", "--no-binary", "b", "--only-binary", ":all:"]
    assert list(uv_flags(settings)) == expected


def test_a_key_knows_no_login() -> None:
    one = PipSettings({"index-url": "https://me:one@host.example/simple", "proxy": "http://a"})
    two = PipSettings({"index-url": "https://me:two@host.example/simple", "timeout": "3"})
    other = PipSettings({"index-url": "https://other.example/simple"})
    assert choosing_settings(one, {}) == choosing_settings(two, {})
    assert choosing_settings(one, {}) != choosing_settings(other, {})
    assert "me" not in "".join(choosing_settings(one, {}))
    told = {"UV_INDEX": "https://t:k@a.example https://b.example"}
    assert choosing_settings(one, told) != choosing_settings(one, {})
    assert "t:k" not in "".join(choosing_settings(one, told))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a:b@host/path@x", "https://host/path@x"),
        ("https://host", "https://host"),
        ("/a/path@x", "/a/path@x"),
        ("https://a:b@host", "https://host"),
    ],
)
def test_without_login(address: str, expected: str) -> None:
    assert without_login(address) == expected


@pytest.mark.parametrize("name", ["wheels", "my wheels", "a,b"])
def test_uv_finds_what_lies_in_the_folders(tmp_path: Path, name: str) -> None:
    uv = find_uv(os.environ)
    if uv is None:
        missing("uv", "it is not installed")
        return
    make_wheel(tmp_path / name, "mlruntestone")
    settings = PipSettings({"find-links": f"{tmp_path}/none {(tmp_path / name).as_uri()}"})
    (tmp_path / "none").mkdir()
    env = {**os.environ, **uv_variables(settings, NOTHING)}
    argv = [str(uv), "pip", "install", "--no-index", "--dry-run", "--target", str(tmp_path / "t")]
    subprocess.run([*argv, "mlruntestone"], env=env, check=True, capture_output=True)
