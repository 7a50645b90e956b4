"""What `git` wrote when it failed, as one error: what failed, and what to do about it.

A rule fits if its pattern is found in what git itself wrote; lines that the server sent
(`remote: ...`) are looked at by the rules of what only a server can know.
"""

from __future__ import annotations

import re

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.execution.redact import mask_text
from mlrun.sources.git.server.credentials import secrets_of
from mlrun.sources.git.server.failure_rules import RULES, SERVERS_RULES, SHALLOW, Rule
from mlrun.sources.git.url import GitUrl

_LONGEST = 300
_REMOTE = "remote:"

# Said by git after whatever it was that really failed.
_SAYS_NOTHING = (
    "Could not read from remote repository",
    "Please make sure you have",
    "and the repo",
)


class ShallowRefusedError(Exception):
    """The server gives no commit by itself: all must be fetched."""


def failure(url: GitUrl, text: str, code: int = 128) -> SourceError | ShallowRefusedError:
    """Return what to raise for a `git` that failed.

    Args:
        url: What it talked to.
        text: What it wrote to standard error.
        code: Its exit code, negative for a signal.
    """
    if re.search(SHALLOW, text):
        return ShallowRefusedError(_reason(text, url))
    lines = text.splitlines()
    own = "\n".join(line for line in lines if not line.startswith(_REMOTE))
    servers = "\n".join(line for line in lines if line.startswith(_REMOTE))
    for rules, said in ((SERVERS_RULES, servers), (RULES, own)):
        for rule in rules:
            found = re.search(rule.pattern, said)
            if found is not None:
                return _explained(rule, found, url, text)
    if code < 0:
        return SourceError(f"git was ended by signal {-code} while it read {_shown(url)}")
    return SourceError(f"git cannot read {_shown(url)}: {_reason(text, url)}")


def stalled(url: GitUrl, seconds: float, progress: str | None = None) -> SourceUnavailableError:
    """Return the error of a server that stands still.

    Args:
        url: What was read.
        seconds: For how long nothing came.
        progress: How far it was; None if nothing came at all.
    """
    from mlrun.web.timeouts import FETCH_TIMEOUT

    hint = f"{FETCH_TIMEOUT} sets how many seconds a server may be silent"
    if progress is None:
        message = f"{_host(url)} has not answered for {seconds:g} s (wanted for {_shown(url)})"
        return SourceUnavailableError(message, hint=hint)
    message = f"fetching {_shown(url)} stands still for {seconds:g} s, at {progress}"
    return SourceUnavailableError(message, hint=hint)


def _explained(rule: Rule, found: re.Match[str], url: GitUrl, text: str) -> SourceError:
    facts = _facts(url) | {"line": _reason(text, url)}
    groups = {name: value for name, value in found.groupdict().items() if value}
    if "older" in groups:
        groups["folder"] = groups.pop("older")
    facts |= {name: _plain(value, url) for name, value in groups.items()}
    hint = rule.hint.format(**facts) if rule.hint else None
    says = _server_says(text, url) if issubclass(rule.error, SourceRefusedError) else None
    return rule.error(
        rule.message.format(**facts), hint="; ".join(part for part in (hint, says) if part) or None
    )


def _facts(url: GitUrl) -> dict[str, str]:
    """Return what can stand in every message."""
    host = _host(url)
    name, _, port = host.partition(":") if host.count(":") == 1 else (host, "", "")
    user, at, _ = url.address.removeprefix("ssh://").partition("@")
    return {
        "where": _shown(url),
        "site": f"{url.transport}://{host}" if url.host else _shown(url),
        "host": host,
        "known": f"[{name}]:{port}" if port else name,
        "login": (f"-p {port} " if port else "") + (f"{user}@{name}" if at else name),
        "or_private": "" if url.transport == "file" else ", or it is private",
    }


def _server_says(text: str, url: GitUrl) -> str | None:
    """Return what the server wrote beside its refusal, such as where to ask for access."""
    lines = [line.removeprefix(_REMOTE).strip() for line in text.splitlines() if _REMOTE in line]
    said = _plain(" ".join(line for line in lines if line), url)
    return f"the server says: {said}" if said else None


def _host(url: GitUrl) -> str:
    return url.host or "the repository"


def _shown(url: GitUrl) -> str:
    return _plain(url.address, url)


def _reason(text: str, url: GitUrl) -> str:
    """Return the line that most probably says why: the first `fatal:`, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not any(empty in line for empty in _SAYS_NOTHING)] or lines
    reasons = [line for line in telling if line.startswith(("fatal: ", "error: "))]
    line = (reasons or telling[-1:] or ["it gave no reason"])[0]
    line = line.removeprefix("fatal: ").removeprefix("error: ")
    return _plain(re.sub(r"^unable to access '[^']*': ", "", line), url)


def _plain(text: str, url: GitUrl) -> str:
    """Return text that can be shown: one line, no control characters, no credentials."""
    masked = mask_text(text, secrets_of(url))
    shown = "".join(character if character.isprintable() else " " for character in masked).strip()
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
