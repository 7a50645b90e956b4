"""Masks credentials in whatever is printed, logged or recorded.

Masking never changes what is used, only what is shown: callers keep the original and show
the masked form. Masking twice gives the same as masking once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

MASK = "***"

_SHORTEST_SECRET = 4
"""Values shorter than this are not searched for in text: `KEY=1` must not mask every 1."""

# In these schemes the part before @ names a login or a container, and is needed to understand
# the address; a password after it is masked all the same.
_OPEN_USER_SCHEMES = ("ssh", "sftp", "wasb", "wasbs", "abfs", "abfss", "hdfs")

_SECRET_WORDS = frozenset(
    {
        *("apikey", "auth", "authorization", "credential", "credentials", "key", "keys"),
        *("passphrase", "passwd", "password", "passwords", "pat", "pwd", "sas", "secret"),
        *("secrets", "sig", "signature", "token", "tokens"),
    }
)
_SECRET_ENDINGS = ("password", "passwd", "secret", "token", "apikey")
_OPEN_NAMES = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK"})

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# An address ends its authority at the first of "/?#"; a password that contains one of these
# unencoded is caught by the second form: what follows the colon is no port.
_USER_INFO = re.compile(
    r"(?<=://)(?:[^\s/?#\"'<>`]+|[^\s/?#@:\[\"'<>`]*:(?!\d*(?:[/?#\s]|$))[^\s@]{1,256})@"
)
# A conda channel takes a token as a part of its path.
_PATH_TOKEN = re.compile(r"(://[^\s?#\"'<>`]*?/t/)(?!\*\*\*/)[^\s/?#\"'<>`]{4,}(?=/)")
_QUERY_VALUE = re.compile(r"(?<=[?&;#])([A-Za-z][\w.\-]{0,63})=([^\s&;#\"'<>`]+)")
_AUTHORIZATION = re.compile(r"(?i)\b((?:authorization|proxy-authorization)\s*[:=]\s*)([^\r\n\"']+)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/\-]{8,}=*")


def mask_url(url: str) -> str:
    """Return the address with user name, password, conda's token and secret query values masked.

    What has no `scheme://` (a path, `git@host:repo`) is returned as it is, except for secret
    query values. A login name without a password stays where it is no secret (`ssh://git@host`).
    """
    return _mask_urls(url)


def mask_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return text with credentials in addresses and authorisation headers masked.

    Args:
        text: Any text: a message, a command, the tail of a log.
        secrets: Exact values to mask wherever they stand; empty ones are skipped.
    """
    for secret in sorted({s for s in secrets if s}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    if "://" in text or "?" in text:
        text = _mask_urls(text)
    text = _AUTHORIZATION.sub(rf"\1{MASK}", text)
    return _BEARER.sub(rf"\1\2{MASK}", text)


def is_secret_name(name: str) -> bool:
    """Return whether a variable, option or query parameter of this name holds a secret.

    A name is read as words (`awsAccessKeyId`, `X-Amz-Signature`, `MLFLOW_TRACKING_TOKEN`);
    one that ends in a word of this kind counts too (`PGPASSWORD`).
    """
    if name in _OPEN_NAMES:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    return any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words)


def secret_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in an environment that must not be shown, the longest first.

    They are meant for `mask_text`; those too short to be searched for are left out.
    """
    values = {
        v for name, v in environ.items() if len(v) >= _SHORTEST_SECRET and is_secret_name(name)
    }
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def mask_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of an environment that may be shown."""
    return {
        name: MASK if value and is_secret_name(name) else mask_text(value)
        for name, value in environ.items()
    }


def mask_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """Return a command line that may be shown.

    Masked are `--token=value`, `--token value`, `NAME=value` of a secret name, and
    credentials in addresses.
    """
    shown: list[str] = []
    secret_next = False
    for word in argv:
        if secret_next and not word.startswith("-"):
            shown.append(MASK)
            secret_next = False
            continue
        name, equals, value = word.partition("=")
        is_secret = name.isprintable() and " " not in name and is_secret_name(name)
        shown.append(f"{name}={MASK}" if equals and value and is_secret else mask_text(word))
        secret_next = is_secret and not equals and name.startswith("-")
    return tuple(shown)


def _mask_urls(text: str) -> str:
    text = _USER_INFO.sub(_masked_user_info, text)
    if "/t/" in text:
        text = _PATH_TOKEN.sub(rf"\1{MASK}", text)
    return _QUERY_VALUE.sub(_masked_query_value, text)


def _masked_user_info(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 24) : found.start() - len("://")]
    scheme = re.split(r"[^A-Za-z0-9]", before)[-1].lower()
    if ":" not in found[0] and scheme in _OPEN_USER_SCHEMES:
        return found[0]
    return f"{MASK}@"


def _masked_query_value(found: re.Match[str]) -> str:
    return f"{found[1]}={MASK}" if is_secret_name(found[1]) else found[0]
