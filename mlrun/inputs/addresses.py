"""What the address of data says by itself: its scheme, its name, what it is known by."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlrun.errors import InputError
from mlrun.execution.redact import is_secret_name, mask_url

TRACKING_SCHEMES = frozenset({"runs", "models", "mlflow-artifacts"})
"""What only a tracking server can say more about."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_NAMELESS = "data"
_LONGEST_NAME = 255
"""Bytes of a file's name that all usual file systems take."""

# What a signature in an address consists of, beside the words that are secret in all addresses:
# it differs each time that the same file is handed out.
_SIGNING = re.compile(
    r"x-(amz|goog|oss|cos|obs|ms)-.*|awsaccesskeyid|googleaccessid|ossaccesskeyid|expires|policy"
    r"|key-pair-id",
    re.IGNORECASE,
)
# A shared access signature of Azure's has parameters of two letters, which mean something else
# elsewhere.
_SAS = frozenset(
    {
        *("sv", "ss", "srt", "sp", "se", "st", "spr", "sip", "sr", "si", "sdd", "scid"),
        *("skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid"),
    }
)


def scheme_of(uri: str) -> str:
    """Return the scheme in small letters, empty where there is none."""
    found = _SCHEME.match(uri)
    return found[1].lower() if found else ""


def shown(uri: str) -> str:
    """Return an address as it may be shown and recorded."""
    return mask_url(uri)


def name_of(path: str) -> str:
    """Return what a copy is called: the last part of a path, where that is a file's name.

    A command often prints the name, so nothing is in it that a terminal obeys.
    """
    name = path.rstrip("/").rpartition("/")[2]
    return name if is_name(name) and name.isprintable() else _NAMELESS


def is_name(name: str) -> bool:
    r"""Return whether a text can name one file in a folder, on any system."""
    if name in ("", ".", "..") or any(sign in name for sign in "/\\\0"):
        return False
    try:
        return len(name.encode("utf-8")) <= _LONGEST_NAME
    except UnicodeEncodeError:
        return False


def web_name(url: str) -> str:
    """Return what the file at a web address is called."""
    return name_of(unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]))


def web_key(url: str) -> str:
    """Return what is equal for all addresses of one file: no login, no signature, no fragment."""
    parts = urlsplit(url)
    query = [part for part in parts.query.split("&") if part]
    names = {part.partition("=")[0].lower() for part in query}
    is_sas = {"sig", "sv"} <= names
    kept = [part for part in query if not _is_signing(part.partition("=")[0], is_sas=is_sas)]
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme.lower()}://{host}{parts.path or '/'}?{'&'.join(kept)}"


def local_path(uri: str) -> Path:
    """Return what a `file://` address names on this machine.

    Raises:
        InputError: It names another machine.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.netloc.lower() not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        raise InputError(
            f"{shown(uri)} names no file of this machine",
            hint="write it with three slashes: file:///home/me/data",
        )
    return Path(path)


def _is_signing(name: str, *, is_sas: bool) -> bool:
    plain = unquote(name)
    if is_sas and plain.lower() in _SAS:
        return True
    return _SIGNING.fullmatch(plain) is not None or is_secret_name(plain)
