"""Tokens for channels that conda and Anaconda's client keep in files, one a server.

`conda token set` and `anaconda login` write them: the file's name is the server's address, quoted,
its content the token. conda puts it into the address of a channel there: `HOST/t/TOKEN/CHANNEL`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

_SUFFIX = ".token"


def read_tokens(environ: Mapping[str, str]) -> dict[str, str]:
    """Return tokens by the address of their server; what cannot be read is left out."""
    tokens = {}
    try:
        files = sorted(_folder(environ).iterdir())
    except OSError:
        return {}
    for file in files:
        if file.name.endswith(_SUFFIX):
            address = _unquoted(file.name[: -len(_SUFFIX)]).rstrip("/")
            text = _text(file)
            if text and "://" in address:
                tokens[address] = text
    return tokens


def with_token(url: str, tokens: Mapping[str, str]) -> str:
    """Return a channel's address with the token of its server; as it is where it has one."""
    if "/t/" in url:
        return url
    for address, token in tokens.items():
        if url == address or url.startswith(f"{address}/"):
            scheme, _, rest = url.partition("://")
            host, slash, path = rest.partition("/")
            return f"{scheme}://{host}/t/{token}{slash}{path}"
    return url


def _folder(environ: Mapping[str, str]) -> Path:
    if environ.get("BINSTAR_CONFIG_DIR"):
        return Path(environ["BINSTAR_CONFIG_DIR"]).expanduser() / "data"
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "binstar"
    data = environ.get("XDG_DATA_HOME")
    return (Path(data) if data else home / ".local" / "share") / "binstar"


def _unquoted(name: str) -> str:
    from urllib.parse import unquote_plus

    return unquote_plus(name)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
