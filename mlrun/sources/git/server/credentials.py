"""What a `git` process that talks to a server is given: variables and settings.

The user's own configuration stays whole: files, `GIT_CONFIG_*` variables, `GIT_SSH_COMMAND`,
proxies, certificates. Whatever else begins with `GIT_` goes, since it may name another
repository (a hook sets `GIT_DIR`) or make git write what nobody expects.

User name and password of a URI travel in two variables, which a credential helper of one line
reads when git asks for this very host (gitcredentials(7)). The helpers that the user has for the
host are out of the way meanwhile, so that none of them stores what the URI said. What a person
has typed for the first process reaches the next ones in the same way (`answers.py`).

Where nobody can be asked, `GIT_ASKPASS` stays if it is set: on build machines it is how git gets
its password. What opens windows does not: `SSH_ASKPASS`, and the display itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.git.server.answers import with_answers
from mlrun.sources.git.url import TRANSPORTS, GitUrl

_USERNAME = "MLRUN_GIT_USERNAME"
_PASSWORD = "MLRUN_GIT_PASSWORD"  # noqa: S105 - a variable's name

_KEPT = ("GIT_CONFIG_", "GIT_SSH", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_", "GIT_PYTHON_")
_KEPT_NAMES = ("GIT_ASKPASS", "GIT_EXEC_PATH", "GIT_TERMINAL_PROMPT")
_WINDOWS = ("SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY")
_NOBODY_ASKS = {
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
}

# `printf` is a part of the shell itself, so that no process list shows what it prints.
_HELPER = (
    '!f() { test "$1" != get || '
    f'printf \'username=%s\\npassword=%s\\n\' "${_USERNAME}" "${_PASSWORD}"; }}; f'
)
_SETTINGS = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.logAllRefUpdates=false"),
    *("gc.auto=0", "maintenance.auto=false", "fetch.writeCommitGraph=false"),
    *("fetch.prune=false", "fetch.pruneTags=false", "fetch.unpackLimit=1"),
    *("submodule.recurse=false", "fetch.recurseSubmodules=false"),
)
_NO_REPOSITORY = os.devnull


def talking_environ(
    url: GitUrl, *, may_ask: bool, repository: Path | None = None
) -> dict[str, str]:
    """Return the variables of a git process that talks to a server.

    Args:
        url: The server's repository, whose credentials they carry.
        may_ask: Whether a person is there whom git may ask for a password.
        repository: The Git folder that it works in; None for one that needs none, so that no
            repository's configuration is read, wherever the user stands.

    Raises:
        SourceError: User name or password hold what git cannot be given.
    """
    url = with_answers(url)
    environ = {name: value for name, value in os.environ.items() if _is_kept(name, value)}
    environ |= {"LC_ALL": "C", "GIT_DIR": str(repository or _NO_REPOSITORY)}
    environ["GIT_ALLOW_PROTOCOL"] = _protocols(url, os.environ.get("GIT_ALLOW_PROTOCOL"))
    if not may_ask:
        for name in _WINDOWS:
            environ.pop(name, None)
        environ |= _NOBODY_ASKS
    return {**environ, **_credentials(url, environ)}


def talking_options(url: GitUrl) -> tuple[str, ...]:
    """Return the options, after `git`, that go with `talking_environ`; they hold no secret."""
    url = with_answers(url)
    settings = [*_SETTINGS]
    if url.password is not None:
        name = f"credential.{_site(url)}.helper"
        settings += [f"{name}=", f"{name}={_HELPER}"]
    return tuple(word for setting in settings for word in ("-c", setting))


def secrets_of(url: GitUrl) -> tuple[str, ...]:
    """Return what must not be shown of a URL's credentials, as written and as encoded in a URI.

    A short user name is no secret, and may be part of any word; a long one may be a token.
    """
    from urllib.parse import quote

    url = with_answers(url)
    values = [value for value in (url.password,) if value and len(value) >= _SHORTEST_SECRET]
    if url.username and len(url.username) >= _SHORTEST_TOKEN:
        values.append(url.username)
    return tuple(form for value in values for form in (value, quote(value, safe="")))


_SHORTEST_SECRET = 4
_SHORTEST_TOKEN = 12


def _is_kept(name: str, value: str) -> bool:
    if name in (_USERNAME, _PASSWORD):
        return False
    if name.startswith("GIT_TRACE"):
        return value.startswith("/")
    return not name.startswith("GIT_") or name in _KEPT_NAMES or name.startswith(_KEPT)


def _protocols(url: GitUrl, users: str | None) -> str:
    """Return the transports that git may use, whatever a redirect or the user's rewriting says.

    Never from an encrypted one down to HTTP.
    """
    taken = [t for t in TRANSPORTS if t != "http" or url.transport not in ("https", "ssh")]
    allowed = taken if users is None else [t for t in taken if t in users.split(":")]
    return ":".join(allowed) or "none"


def _site(url: GitUrl) -> str:
    return f"{url.transport}://{url.host}"


def _credentials(url: GitUrl, environ: Mapping[str, str]) -> dict[str, str]:
    for value in (url.username, url.password):
        if value is not None and any(character in value for character in "\0\r\n"):
            raise SourceError(
                f"user name or password of {url.address} have a line break in them",
                hint="git takes no such credentials",
            )
    if url.password is not None:
        return {_USERNAME: url.username or "", _PASSWORD: url.password}
    return _with_username(url, environ) if url.username else {}


def _with_username(url: GitUrl, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that tell git a user name, for which it then finds the password.

    They come after those that are there already. Git before 2.31 does not know them, and looks
    for a password of any user.
    """
    count = environ.get("GIT_CONFIG_COUNT") or "0"
    if not count.isascii() or not count.isdigit():
        return {}
    return {
        "GIT_CONFIG_COUNT": str(int(count) + 1),
        f"GIT_CONFIG_KEY_{int(count)}": f"credential.{_site(url)}.username",
        f"GIT_CONFIG_VALUE_{int(count)}": url.username or "",
    }
