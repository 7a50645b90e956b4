"""How git, curl and ssh say what failed, in English (`LC_ALL=C`), and how mlrun says it."""

from __future__ import annotations

from dataclasses import dataclass

from mlrun.errors import (
    SourceError,
    SourceRefusedError,
    SourceUnavailableError,
    VersionNotFoundError,
)
from mlrun.folders import MAKE_ROOM, MOVE_CACHE


@dataclass(frozen=True, slots=True)
class Rule:
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
_NOT_THERE = "there is no repository {where}{or_private}"
_SPELLING = "check the spelling, and whether the credentials that git has may read it"

SHALLOW = (
    r"not allow request for unadvertised object|not our ref|does not support shallow"
    r"|dumb http transport does not support|no such remote ref [0-9a-f]{40}"
    r"|couldn't find remote ref [0-9a-f]{40}|Server does not support --"
    r"|filtering not recognized"
)

_LOCAL_RULES = (
    Rule(
        r"No space left on device|Out of diskspace",
        SourceError,
        "the disk is full while {where} is fetched",
        MAKE_ROOM,
    ),
    Rule(
        r"[Qq]uota exceeded",
        SourceError,
        "your disk quota is used up while {where} is fetched",
        MAKE_ROOM,
    ),
    Rule(
        r"Read-only file system",
        SourceError,
        "the cache cannot be written: read-only file system",
        MOVE_CACHE,
    ),
    Rule(
        r"cannot run ssh: No such file|ssh: (?:command )?not found",
        SourceError,
        "{where} is reached by SSH, and there is no program `ssh` on this machine",
        "install an SSH client (openssh-client)",
    ),
    Rule(
        r"[Uu]nable to find remote helper for|'remote-https?' is not a git command",
        SourceError,
        "the git of this machine cannot speak HTTP(S), which {where} is reached by",
        "install git's HTTP support (git-remote-https)",
    ),
    Rule(
        r"index-pack died of signal (?P<number>\d+)",
        SourceError,
        "git was ended by signal {number} while it unpacked {where}",
        "signal 9 is what ends a program when memory runs out",
    ),
    Rule(
        r"mismatched algorithms: client (?P<here>\w+); server (?P<there>\w+)",
        SourceError,
        "{where} has hashes of another kind ({there}) than what is cached of it ({here})",
        "remove it from the cache: `mlrun cache clear`",
    ),
)

_NAME_RULES = (
    Rule(
        r"[Cc]ould not resolve proxy:? ?(?P<host>[^\s;()]*)",
        SourceUnavailableError,
        "the proxy {host} is not known to the network (wanted for {where})",
        "check http.proxy in git's configuration, and the variable https_proxy",
    ),
    Rule(
        r"(?:[Cc]ould not resolve host(?:name)?:? |[Uu]nable to look up )(?P<host>[^\s:;()]+)",
        SourceUnavailableError,
        "there is no host {host} (wanted for {where})",
        "check the spelling and your network; behind a proxy, set https_proxy",
    ),
)

_TLS_RULES = (
    Rule(
        r"(?i)SSL: no alternative certificate subject name|certificate subject name .* not match",
        SourceRefusedError,
        "the certificate of {site} is one of another host",
        "check the address: somebody may stand in between",
    ),
    Rule(
        r"(?i)certificate (?:has )?expired|certificate is expired",
        SourceRefusedError,
        "the certificate of {site} has expired",
    ),
    Rule(
        r"(?i)error setting certificate|problem with the SSL CA cert|error reading CA",
        SourceError,
        "git cannot read the certificates that it is to check {site} with",
        "check GIT_SSL_CAINFO, and git's http.sslCAInfo",
    ),
    Rule(
        r"(?i)certificate problem:? ?(?P<why>[^\n]*)|certificate verification failed",
        SourceRefusedError,
        "the certificate of {site} is not trusted",
        _CERTIFICATE_HINT,
    ),
    Rule(
        r"(?i)gnutls_handshake|SSL_connect|SSL routines|SSL_ERROR|TLS connect error|TLS alert",
        SourceUnavailableError,
        "no encrypted connection to {site} comes about: {line}",
        "check the port, and whether the server speaks TLS there",
    ),
)

_REDIRECT_RULES = (
    Rule(
        r"Protocol \"?(?P<to>\w+)\"? (?:not supported or )?(?:is )?disabled",
        SourceRefusedError,
        "{site} redirects to {to}, which is not followed",
        "if that is what you want, give the address that it redirects to",
    ),
    Rule(
        r"transport '(?P<to>[^']*)' not allowed",
        SourceRefusedError,
        "git may not use the transport {to} for {where}",
        "see url.*.insteadOf in git's configuration, and the variable GIT_ALLOW_PROTOCOL",
    ),
    Rule(
        r"unable to update url base from redirection|[Mm]aximum \(\d+\) redirects",
        SourceRefusedError,
        "{where} redirects to what is no Git repository (a login page, perhaps)",
        _SPELLING,
    ),
)

_SSH_RULES = (
    Rule(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S+ has changed",
        SourceRefusedError,
        "the SSH host key of {host} has changed: somebody may stand in between",
        "if the change is right, remove the old key: `ssh-keygen -R '{known}'`",
    ),
    Rule(
        r"Host key verification failed|No \S+ host key is known|authenticity of host",
        SourceRefusedError,
        "the SSH host key of {host} is not known here",
        "connect once by `ssh -T {login}` and check the key, or add it to ~/.ssh/known_hosts",
    ),
    Rule(
        r"(?m)^(?P<who>\S{1,256}@[^\s@]{1,256}): Permission denied \((?P<ways>[\w,-]+)\)",
        SourceRefusedError,
        "{who} does not let you in ({ways}): none of your SSH keys is accepted",
        _SSH_HINT,
    ),
    Rule(
        r"Too many authentication failures",
        SourceRefusedError,
        "{host} does not let you in: too many SSH keys were tried",
        "set IdentityFile and IdentitiesOnly for this host in ~/.ssh/config",
    ),
    Rule(
        r"Bad owner or permissions on (?P<file>\S+)",
        SourceError,
        "ssh does not take {file}: others may write it",
        "chmod 600 {file}",
    ),
)

_ACCESS_RULES = (
    Rule(
        r"could not read Username for",
        SourceRefusedError,
        "git has no user name and password for {site} (or there is no repository {where})",
        _CREDENTIALS_HINT,
    ),
    Rule(
        r"could not read Password for",
        SourceRefusedError,
        "git has a user name but no password for {site}",
        _CREDENTIALS_HINT,
    ),
    Rule(
        r"Authentication failed for|returned error: 401|HTTP Basic: Access denied",
        SourceRefusedError,
        "{site} does not accept the user name and password for {where}",
        "they may have expired, or the host wants a token in place of the password",
    ),
    Rule(
        r"HTTP code 407|returned error: 407|CONNECT tunnel failed, response 407",
        SourceRefusedError,
        "the proxy wants a user name and password (wanted for {where})",
        "put them into https_proxy, or git's http.proxy",
    ),
    Rule(
        r"(?:CONNECT tunnel failed, response|Received HTTP code) (?P<status>\d+)",
        SourceRefusedError,
        "the proxy does not connect to {host} (its answer: {status})",
        "check http.proxy in git's configuration, and the variable https_proxy",
    ),
    Rule(
        r"returned error: 403",
        SourceRefusedError,
        "{site} does not let you read {where}",
        "the credentials are accepted, but may not read this repository",
    ),
    Rule(
        r"returned error: (?:404|410)|repository '[^']*' not found|[Rr]epository not found"
        r"|repository not exported|project you were looking for could not be found"
        r"|does not appear to be a git repository|[Nn]o such repository|[Cc]annot find repository"
        r"|repository does not exist|does not exist or you do not have permission",
        SourceRefusedError,
        _NOT_THERE,
        _SPELLING,
    ),
    Rule(
        r"detected dubious ownership in repository at '(?P<folder>[^']*)'"
        r"|unsafe repository \('(?P<older>[^']*)'",
        SourceRefusedError,
        "git does not read {where}: the repository belongs to another user",
        "if you trust it: git config --global --add safe.directory '{folder}'",
    ),
    Rule(
        r"returned error: (?P<status>429|5\d\d)",
        SourceUnavailableError,
        "{site} answers with error {status}",
        "the server is overloaded or out of order: try again later",
    ),
    Rule(
        r"returned error: (?P<status>\d+)",
        SourceRefusedError,
        "{site} answers {where} with error {status}",
    ),
)

_NO_REPOSITORY_RULES = (
    Rule(
        r"not valid: (?:is this a git repository|could not determine hash)"
        r"|invalid server response|bad line length character: (?:<|HTTP)|unexpected content-type",
        SourceRefusedError,
        "what answers at {where} is no Git repository",
        "check the address: a page about a repository is not the repository itself",
    ),
    Rule(
        r"couldn't find remote ref (?P<ref>\S+)",
        VersionNotFoundError,
        "{where} has no {ref} any more",
    ),
    Rule(
        r"does not point to a valid object|remote did not send all necessary objects",
        SourceRefusedError,
        "the repository {where} is damaged: {line}",
        "that is for those to repair who keep it",
    ),
)

_CONNECTION_RULES = (
    Rule(
        r"(?i)timed out|timeout|operation too slow",
        SourceUnavailableError,
        "{host} does not answer in time (wanted for {where})",
        "check your network, a firewall or a proxy",
    ),
    Rule(
        r"(?i)no route to host|network is (?:unreachable|down)|host is (?:unreachable|down)",
        SourceUnavailableError,
        "{host} cannot be reached (wanted for {where})",
        "check your network, a firewall or a proxy",
    ),
    Rule(  # It may be a proxy that does not answer.
        r"Failed to connect to (?P<name>[^\s:]+) port (?P<port>\d+)",
        SourceUnavailableError,
        "nothing answers at {name}:{port} (wanted for {where})",
        "check the address and port, whether the server runs, and your settings for a proxy",
    ),
    Rule(
        r"[Cc]onnection refused|[Cc]ouldn't connect to server|Failed to connect to",
        SourceUnavailableError,
        "nothing answers at {host} (wanted for {where})",
        "check the address and port, and whether the server runs",
    ),
    Rule(
        r"(?i)early eof|rpc failed|hung up|unexpected disconnect|connection reset|broken pipe"
        r"|connection (?:to \S+ )?closed|kex_exchange_identification|empty reply"
        r"|invalid index-pack output|index-pack failed|transfer closed"
        r"|bad line length|unexpected flush|expected (?:flush|'?packfile)|recv failure",
        SourceUnavailableError,
        "{host} broke the connection off while {where} was read",
        _AGAIN,
    ),
)

# The first that fits is the one. What says most stands first: "hung up" comes with many.
RULES = (
    *(*_LOCAL_RULES, *_NAME_RULES, *_TLS_RULES, *_REDIRECT_RULES, *_SSH_RULES),
    *(*_ACCESS_RULES, *_NO_REPOSITORY_RULES, *_CONNECTION_RULES),
)
# Of what the server says, only that is believed which it alone can know.
SERVERS_RULES = _ACCESS_RULES
