"""Proxies of the user's docker settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlrun.environments.docker.proxies import proxy_variables

ENGINE = "unix:///var/run/docker.sock"


def test_they_are_set_in_both_letter_cases(tmp_path: Path) -> None:
    proxies = {"default": {"httpProxy": "http://p:1", "noProxy": "a,b", "httpsProxy": ""}}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": proxies}))
    assert proxy_variables({"DOCKER_CONFIG": str(tmp_path)}, ENGINE) == {
        "HTTP_PROXY": "http://p:1",
        "http_proxy": "http://p:1",
        "NO_PROXY": "a,b",
        "no_proxy": "a,b",
    }


def test_those_for_one_engine_win(tmp_path: Path) -> None:
    proxies = {"default": {"httpProxy": "http://p:1"}, ENGINE: {"allProxy": "socks5://q:2"}}
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(json.dumps({"proxies": proxies}))
    found = proxy_variables({"HOME": str(tmp_path)}, ENGINE)
    assert found == {"ALL_PROXY": "socks5://q:2", "all_proxy": "socks5://q:2"}


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"proxies": 3}', '{"proxies": {"default": 3}}']
)
def test_without_settings_there_are_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    assert proxy_variables({"DOCKER_CONFIG": str(tmp_path)}, ENGINE) == {}
