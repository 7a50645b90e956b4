"""Which proxy a request takes."""

from __future__ import annotations

import pytest

from mlrun.errors import NotSupportedError, UsageError
from mlrun.tracking.proxies import choose_proxy, is_exempt


def test_each_scheme_has_its_own_proxy() -> None:
    environ = {"http_proxy": "http://a:1", "HTTPS_PROXY": "b:2"}
    plain, secure = (choose_proxy(s, "host", 80, environ) for s in ("http", "https"))
    assert plain is not None
    assert secure is not None
    assert (plain.host, plain.port) == ("a", 1)
    assert (secure.host, secure.port) == ("b", 2)


def test_lower_case_wins_and_all_proxy_fills_in() -> None:
    environ = {"HTTP_PROXY": "http://upper", "http_proxy": "http://lower", "ALL_PROXY": "all:9"}
    plain, secure = (choose_proxy(s, "host", 80, environ) for s in ("http", "https"))
    assert plain is not None
    assert secure is not None
    assert (plain.host, plain.port, secure.host) == ("lower", 80, "all")


def test_without_variables_the_way_is_direct() -> None:
    assert choose_proxy("http", "host", 80, {}) is None


def test_the_proxys_credentials_are_used_and_not_shown() -> None:
    proxy = choose_proxy("http", "host", 80, {"http_proxy": "http://ada:hush%21@proxy:3128"})
    assert proxy is not None
    assert proxy.authorization == "Basic YWRhOmh1c2gh"
    assert "YWRh" not in repr(proxy)


@pytest.mark.parametrize("address", ["socks5://h:1", "https://u:hush-hush@h"])
def test_other_proxies_are_refused_by_name(address: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        choose_proxy("http", "host", 80, {"http_proxy": address})
    assert "hush" not in caught.value.message


def test_nonsense_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        choose_proxy("http", "host", 80, {"http_proxy": "http://:port"})


@pytest.mark.parametrize(
    ("host", "no_proxy", "exempt"),
    [
        ("a.example.org", "example.org", True),
        ("a.example.org", ".example.org", True),
        ("a.example.org", "*.example.org", True),
        ("example.org", ".example.org", True),
        ("badexample.org", "example.org", False),
        ("A.Example.ORG", "x, example.org ,y", True),
        ("host", "*", True),
        ("host", "host:80", True),
        ("host", "host:81", False),
        ("127.0.0.1", "127.0.0.0/8", True),
        ("128.0.0.1", "127.0.0.0/8", False),
        ("::1", "::1", True),
        ("host", "", False),
        ("host", ",,", False),
        ("host", "10.0.0.0/99", False),
    ],
)
def test_no_proxy(host: str, no_proxy: str, exempt: bool) -> None:
    assert is_exempt(host, 80, no_proxy) is exempt
    environ = {"http_proxy": "proxy", "no_proxy": no_proxy}
    assert (choose_proxy("http", host, 80, environ) is None) is exempt
