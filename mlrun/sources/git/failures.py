"""What `git` wrote when it failed, as one error: what failed, and what to do about it.

Git, curl and ssh speak English here (`LC_ALL=C`). A rule fits if its pattern is found in what
git itself wrote; lines that the server sent (`remote: ...`) are looked at by rules that say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlrun.errors import (
    SourceError,
    SourceRefusedError,
    SourceUnavailableError,
    VersionNotFoundError,
)
from mlrun.execution.redact import mask_text
from mlrun.sources.git.credentials import secrets_of
from mlrun.sources.git.url import GitUrl

_LONGEST = 300


class ShallowRefusedError(Exception):
    """The server gives no commit by itself: all must be fetched."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """How git says something, and how mlrun does.

    Attributes:
        pattern: A regular expression, of which named groups can be used in message and hint.
        error: What is raised.
        message: With `{where}` for the address, `{site}` for scheme and host.
        hint: The same.
    """

    pattern: str
    error: type[SourceError]
    message: str
    hint: str | None = None


_CREDENTIALS_HINT = (
    "give git the credentials (a credential helper, or GIT_ASKPASS), or put them into the URI: "
    "https://USER:PASSWORD@HOST/..."
)
_SSH_HINT = "try `ssh -T {login}`; keys come from ssh-agent and ~/.ssh/config, or GIT_SSH_COMMAND"
_AGAIN = "run it again: what is complete stays in the cache"
_CERTIFICATE_HINT = "name your authority's certificates in GIT_SSL_CAINFO, or git's http.sslCAInfo"
_ROOM = "make room (`mlrun cache prune`); MLRUN_CACHE_DIR moves the cache to another place"
_NOT_THERE = "there is no repository {where}, or it is private"
_SPELLING = "check the spelling, and whether the credentials that git has may read it"

_SHALLOW = re.compile(
    r"not allow request for unadvertised object|not our ref|does not support shallow"
    r"|dumb http transport does not support|no such remote ref [0-9a-f]{40}"
    r"|couldn't find remote ref [0-9a-f]{40}|Server does not support --"
    r"|filtering not recognized"
)

_LOCAL_RULES = (
    _Rule(
        r"No space left on device|Out of diskspace",
        SourceError,
        "the disk is full while {where} is fetched",
        _ROOM,
    ),
    _Rule(
        r"[Qq]uota exceeded",
        SourceError,
        "your disk quota is used up while {where} is fetched",
        _ROOM,
    ),
    _Rule(
        r"Read-only file system",
        SourceError,
        "the cache cannot be written: read-only file system",
        "MLRUN_CACHE_DIR moves the cache to another place",
    ),
    _Rule(
        r"cannot run ssh: No such file|ssh: (?:command )?not found",
        SourceError,
        "{where} is reached by SSH, and there is no program `ssh` on this machine",
        "install an SSH client (openssh-client)",
    ),
    _Rule(
        r"(?:[Uu]nable to find remote helper for|is not a git command.*remote-)'?(?P<what>https?)?",
        SourceError,
        "the git of this machine cannot speak HTTP(S), which {where} is reached by",
        "install git's HTTP support (git-remote-https)",
    ),
    _Rule(
        r"mismatched algorithms: client (?P<here>\w+); server (?P<there>\w+)",
        SourceError,
        "{where} has hashes of another kind ({there}) than what is cached of it ({here})",
        "remove it from the cache: `mlrun cache clear`",
    ),
)

_NAME_RULES = (
    _Rule(
        r"[Cc]ould not resolve proxy:? ?(?P<host>[^\s;()]*)",
        SourceUnavailableError,
        "the proxy {host} is not known to the network (wanted for {where})",
        "check http.proxy in git's configuration, and the variable https_proxy",
    ),
    _Rule(
        r"(?:[Cc]ould not resolve host(?:name)?:? |[Uu]nable to look up )(?P<host>[^\s:;()]+)",
        SourceUnavailableError,
        "there is no host {host} (wanted for {where})",
        "check the spelling and your network; behind a proxy, set https_proxy",
    ),
)

_TLS_RULES = (
    _Rule(
        r"(?i)SSL: no alternative certificate subject name|certificate subject name .* not match",
        SourceRefusedError,
        "the certificate of {site} is one of another host",
        "check the address: somebody may stand in between",
    ),
    _Rule(
        r"(?i)certificate (?:has )?expired|certificate is expired",
        SourceRefusedError,
        "the certificate of {site} has expired",
    ),
    _Rule(
        r"(?i)error setting certificate|problem with the SSL CA cert|error reading CA",
        SourceError,
        "git cannot read the certificates that it is to check {site} with",
        "check GIT_SSL_CAINFO, and git's http.sslCAInfo",
    ),
    _Rule(
        r"(?i)certificate problem:? ?(?P<why>[^\n]*)|certificate verification failed",
        SourceRefusedError,
        "the certificate of {site} is not trusted",
        _CERTIFICATE_HINT,
    ),
    _Rule(
        r"(?i)gnutls_handshake|SSL_connect|SSL routines|SSL_ERROR|TLS connect error|TLS alert",
        SourceUnavailableError,
        "no encrypted connection to {site} comes about: {line}",
    ),
)

_REDIRECT_RULES = (
    _Rule(
        r"Protocol \"?(?P<to>\w+)\"? (?:not supported or )?(?:is )?disabled",
        SourceRefusedError,
        "{site} redirects to {to}, which is not followed",
        "if that is what you want, give the address that it redirects to",
    ),
    _Rule(
        r"transport '(?P<to>[^']*)' not allowed",
        SourceRefusedError,
        "git may not use the transport {to} for {where}",
        "see url.*.insteadOf in git's configuration, and the variable GIT_ALLOW_PROTOCOL",
    ),
    _Rule(
        r"unable to update url base from redirection|[Mm]aximum \(\d+\) redirects",
        SourceRefusedError,
        "{where} redirects to what is no Git repository (a login page, perhaps)",
        _SPELLING,
    ),
)

_SSH_RULES = (
    _Rule(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
        SourceRefusedError,
        "the SSH host key of {host} has changed: somebody may stand in between",
        "if the change is right, remove the old key: `ssh-keygen -R '{known}'`",
    ),
    _Rule(
        r"Host key verification failed|No \S+ host key is known|authenticity of host",
        SourceRefusedError,
        "the SSH host key of {host} is not known here",
        "connect once by `ssh -T {login}` and check the key, or add it to ~/.ssh/known_hosts",
    ),
    _Rule(
        r"(?m)^(?P<who>\S+@\S+): Permission denied \((?P<ways>[\w,-]+)\)",
        SourceRefusedError,
        "{who} does not let you in ({ways}): none of your SSH keys is accepted",
        _SSH_HINT,
    ),
    _Rule(
        r"Too many authentication failures",
        SourceRefusedError,
        "{host} does not let you in: too many SSH keys were tried",
        "set IdentityFile and IdentitiesOnly for this host in ~/.ssh/config",
    ),
    _Rule(
        r"Bad owner or permissions on (?P<file>\S+)",
        SourceError,
        "ssh does not take {file}: others may write it",
        "chmod 600 {file}",
    ),
)

_ACCESS_RULES = (
    _Rule(
        r"could not read Username for",
        SourceRefusedError,
        "git has no user name and password for {site} (or there is no repository {where})",
        _CREDENTIALS_HINT,
    ),
    _Rule(
        r"could not read Password for",
        SourceRefusedError,
        "git has a user name but no password for {site}",
        _CREDENTIALS_HINT,
    ),
    _Rule(
        r"Authentication failed for|returned error: 401|HTTP Basic: Access denied",
        SourceRefusedError,
        "{site} does not accept the user name and password for {where}",
        "they may have expired, or the host wants a token in place of the password",
    ),
    _Rule(
        r"HTTP code 407|returned error: 407",
        SourceRefusedError,
        "the proxy wants a user name and password (wanted for {where})",
        "put them into https_proxy, or git's http.proxy",
    ),
    _Rule(
        r"returned error: 403",
        SourceRefusedError,
        "{site} does not let you read {where}",
        "the credentials are accepted, but may not read this repository",
    ),
    _Rule(
        r"returned error: (?:404|410)|repository '[^']*' not found|[Rr]epository not found"
        r"|repository not exported|project you were looking for could not be found"
        r"|does not appear to be a git repository|no such repository",
        SourceRefusedError,
        _NOT_THERE,
        _SPELLING,
    ),
    _Rule(
        r"detected dubious ownership in repository at '(?P<folder>[^']*)'"
        r"|unsafe repository \('(?P<older>[^']*)'",
        SourceRefusedError,
        "git does not read {where}: the repository belongs to another user",
        "if you trust it: git config --global --add safe.directory '{folder}'",
    ),
    _Rule(
        r"returned error: (?P<status>429|5\d\d)",
        SourceUnavailableError,
        "{site} answers with error {status}",
        "the server is overloaded or out of order: try again later",
    ),
    _Rule(
        r"returned error: (?P<status>\d+)",
        SourceRefusedError,
        "{site} answers {where} with error {status}",
    ),
)

_NO_REPOSITORY_RULES = (
    _Rule(
        r"not valid: (?:is this a git repository|could not determine hash)"
        r"|invalid server response|bad line length character: (?:<|HTTP)|unexpected content-type",
        SourceRefusedError,
        "what answers at {where} is no Git repository",
        "check the address: a page about a repository is not the repository itself",
    ),
    _Rule(
        r"couldn't find remote ref (?P<ref>\S+)",
        VersionNotFoundError,
        "{where} has no {ref} any more",
    ),
    _Rule(
        r"does not point to a valid object|remote did not send all necessary objects",
        SourceRefusedError,
        "the repository {where} is damaged: {line}",
        "that is for those to repair who keep it",
    ),
)

_CONNECTION_RULES = (
    _Rule(
        r"[Cc]onnection refused|[Cc]ouldn't connect to server|Failed to connect to",
        SourceUnavailableError,
        "nothing answers at {host} (wanted for {where})",
        "check the address and port, and whether the server runs",
    ),
    _Rule(
        r"(?i)timed out|timeout|operation too slow",
        SourceUnavailableError,
        "{host} does not answer in time (wanted for {where})",
        "check your network, a firewall or a proxy",
    ),
    _Rule(
        r"(?i)no route to host|network is (?:unreachable|down)|host is (?:unreachable|down)",
        SourceUnavailableError,
        "{host} cannot be reached (wanted for {where})",
        "check your network, a firewall or a proxy",
    ),
    _Rule(
        r"(?i)early eof|rpc failed|hung up|unexpected disconnect|connection reset|broken pipe"
        r"|connection (?:to \S+ )?closed|kex_exchange_identification|empty reply"
        r"|invalid index-pack output|index-pack (?:failed|died)|transfer closed"
        r"|bad line length|unexpected flush|expected (?:flush|'?packfile)|recv failure",
        SourceUnavailableError,
        "{host} broke the connection off while {where} was read",
        _AGAIN,
    ),
)

# The first that fits is the one. What says most stands first: "hung up" comes with many.
_RULES = (
    *(*_LOCAL_RULES, *_NAME_RULES, *_TLS_RULES, *_REDIRECT_RULES, *_SSH_RULES),
    *(*_ACCESS_RULES, *_NO_REPOSITORY_RULES, *_CONNECTION_RULES),
)
# Of what the server says, only that is believed which it alone can know.
_SERVERS_RULES = _ACCESS_RULES


def failure(url: GitUrl, text: str, code: int = 128) -> SourceError | ShallowRefusedError:
    """Return what to raise for a `git` that failed.

    Args:
        url: What it talked to.
        text: What it wrote to standard error.
        code: Its exit code, negative for a signal.
    """
    if _SHALLOW.search(text):
        return ShallowRefusedError(_last_line(text, url))
    lines = text.splitlines()
    own = "\n".join(line for line in lines if not line.startswith("remote:"))
    servers = "\n".join(line for line in lines if line.startswith("remote:"))
    for rules, said in ((_SERVERS_RULES, servers), (_RULES, own)):
        for rule in rules:
            found = re.search(rule.pattern, said)
            if found is not None:
                return _explained(rule, found, url, text)
    if code < 0:
        return SourceError(f"git was ended by signal {-code} while it read {_shown(url)}")
    return SourceError(f"git cannot read {_shown(url)}: {_last_line(text, url)}")


def stalled(url: GitUrl, seconds: float, progress: str | None = None) -> SourceUnavailableError:
    """Return the error of a server that stands still.

    Args:
        url: What was read.
        seconds: For how long nothing came.
        progress: How far it was; None if nothing came at all.
    """
    from mlrun.sources.timeouts import FETCH_TIMEOUT

    hint = f"{FETCH_TIMEOUT} sets how many seconds a server may be silent"
    if progress is None:
        message = f"{_host(url)} has not answered for {seconds:g} s (wanted for {_shown(url)})"
        return SourceUnavailableError(message, hint=hint)
    message = f"fetching {_shown(url)} stands still for {seconds:g} s, at {progress}"
    return SourceUnavailableError(message, hint=hint)


def _explained(rule: _Rule, found: re.Match[str], url: GitUrl, text: str) -> SourceError:
    host = _host(url)
    name, _, port = host.partition(":") if host.count(":") == 1 else (host, "", "")
    login, at, _ = url.address.removeprefix("ssh://").partition("@")
    facts = {
        "where": _shown(url),
        "site": f"{url.transport}://{host}" if url.host else _shown(url),
        "host": host,
        "known": f"[{name}]:{port}" if port else name,
        "login": (f"-p {port} " if port else "") + (f"{login}@{name}" if at else name),
        "line": _last_line(text, url),
    }
    groups = {name: value for name, value in found.groupdict().items() if value}
    if "older" in groups:
        groups["folder"] = groups.pop("older")
    facts |= {name: _plain(value, url) for name, value in groups.items()}
    hint = rule.hint.format(**facts) if rule.hint else None
    return rule.error(rule.message.format(**facts), hint=hint)


def _host(url: GitUrl) -> str:
    return url.host or "the repository"


def _shown(url: GitUrl) -> str:
    return _plain(url.address, url)


def _last_line(text: str, url: GitUrl) -> str:
    """Return the line that most probably says why: the first `fatal:`, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "it gave no reason"
    reasons = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    line = reasons[0] if reasons else lines[-1]
    return _plain(line.removeprefix("fatal: ").removeprefix("error: "), url)


def _plain(text: str, url: GitUrl) -> str:
    """Return text that can be shown: one line, no control characters, no credentials."""
    masked = mask_text(text, secrets_of(url))
    shown = "".join(character if character.isprintable() else " " for character in masked)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
