"""What installers' last words mean."""

from __future__ import annotations

import pytest

from mlrun.environments.installing.build_failures import cause_of, patience

UV = """error: Failed to fetch: https://index.example/simple/six/
  cause: error sending request for url (https://index.example/simple/six/)
  cause: client error (Connect)
  cause: dns error
"""
PIP = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by"
    " 'NewConnectionError(\"HTTPSConnection(host='index.example', port=443): Failed to establish a"
    " new connection: [Errno -3] Temporary failure in name resolution\")': /simple/six/\n"
    "ERROR: Could not find a version that satisfies the requirement six (from versions: none)"
)


@pytest.mark.parametrize("text", [UV, PIP])
def test_the_host_that_cannot_be_reached_is_named(text: str) -> None:
    cause = cause_of(1, text.splitlines(), {})
    assert cause.is_unreachable
    assert cause.what == "could not reach index.example"
    assert "proxy" not in (cause.hint or "")


def test_build_tools_that_cannot_bind_a_folder() -> None:
    line = "  AttributeError: '_BuildMetaLegacyBackend' object has no attribute 'build_editable'"
    cause = cause_of(1, ["error: The build backend returned an error", line], {})
    assert "cannot bind a folder" in cause.what
    assert "--env-manager virtualenv" in (cause.hint or "")


def test_a_proxy_is_named_without_its_password() -> None:
    environ = {"HTTPS_PROXY": "http://me:secret@proxy.example:8080"}
    hint = cause_of(2, UV.splitlines(), environ).hint or ""
    assert "proxy.example:8080 (HTTPS_PROXY)" in hint
    assert "secret" not in hint


def test_a_login_in_an_address_is_no_host() -> None:
    text = UV.replace("https://index", "https://me:***@index")
    assert cause_of(2, text.splitlines(), {}).what == "could not reach index.example"


@pytest.mark.parametrize(
    ("code", "line", "what"),
    [
        (2, "  cause: No space left on device (os error 28)", "no space left"),
        (1, "OSError: [Errno 122] Disk quota exceeded: '/x'", "no space left"),
        (-9, "Building wheel for big", "SIGKILL"),
        (-11, "", "SIGSEGV"),
        (-200, "", "signal 200"),
        (3, "No solution found when resolving dependencies", "failed with exit code 3"),
        (2, "Network connectivity is disabled, but was needed", "may not use"),
    ],
)
def test_other_causes(code: int, line: str, what: str) -> None:
    cause = cause_of(code, [line], {})
    assert what in cause.what
    assert not cause.is_unreachable
    assert (cause.hint is None) == ("exit code" in what or code in (-11, -200))


def test_what_the_user_says_about_patience_holds() -> None:
    assert patience({}, is_known_unreachable=False)["UV_HTTP_RETRIES"] == "2"
    assert patience({}, is_known_unreachable=True)["UV_HTTP_RETRIES"] == "0"
    mine = {"UV_HTTP_RETRIES": "7", "UV_HTTP_CONNECT_TIMEOUT": "60", "PIP_RETRIES": "9"}
    assert patience(mine, is_known_unreachable=True) == {}
