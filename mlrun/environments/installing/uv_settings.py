"""The user's settings for pip, said to uv.

They go through variables, for a command line is seen by everybody on the machine and an address
may hold a password. What the user said to uv itself (`UV_*`) is stronger, setting by setting.

Where pip is given further indexes, it takes the best version of all of them; uv by itself takes
the first index that knows a package. uv is asked to do as pip does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlrun.environments.installing.pip_settings import PipSettings

# uv's variable, further names by which a user may have said the same.
_SAID_TO_UV: dict[str, tuple[str, ...]] = {
    "UV_DEFAULT_INDEX": ("UV_INDEX_URL",),
    "UV_INDEX": ("UV_EXTRA_INDEX_URL",),
}
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INDEX_STRATEGY")
_CHOOSING = ("index-url", "extra-index-url", "find-links", "no-index", "pre", "prefer-binary")
_CHOOSING_PACKAGES = ("no-binary", "only-binary", "constraint")
_UV_CHOOSING = (
    *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    *("UV_INDEX_STRATEGY", "UV_PRERELEASE", "UV_RESOLUTION", "UV_EXCLUDE_NEWER"),
    *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_NO_BINARY", "UV_ONLY_BINARY"),
    *("UV_NO_BUILD", "UV_TORCH_BACKEND", "UV_CONFIG_FILE", "UV_NO_CONFIG", "UV_NO_SOURCES"),
)


def uv_variables(settings: PipSettings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add to the user's own for uv."""
    wanted = {
        "UV_DEFAULT_INDEX": settings.text("index-url"),
        "UV_INDEX": " ".join(settings.words("extra-index-url")),
        "UV_FIND_LINKS": ",".join(map(_link, settings.words("find-links"))),
        "UV_INDEX_STRATEGY": "unsafe-best-match" if settings.text("extra-index-url") else None,
        "UV_INSECURE_HOST": " ".join(settings.words("trusted-host")),
        "UV_CONSTRAINT": " ".join(map(_link, settings.words("constraint"))),
        "UV_PRERELEASE": "allow" if settings.is_on("pre") else None,
        "UV_KEYRING_PROVIDER": _keyring(settings),
        "UV_HTTP_TIMEOUT": _seconds(settings),
        "SSL_CERT_FILE": settings.text("cert"),
        "SSL_CLIENT_CERT": settings.text("client-cert"),
    }
    proxy = settings.text("proxy")
    wanted |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy}
    if _has_own_indexes(environ):
        wanted = {name: value for name, value in wanted.items() if name not in _INDEXES}
    return {
        name: value
        for name, value in wanted.items()
        if value and not _is_said(name, environ) and name.lower() not in environ
    }


def uv_flags(settings: PipSettings) -> tuple[str, ...]:
    """Return the options for `uv pip install` that have no variable."""
    flags = ["--no-index"] if settings.is_on("no-index") else []
    for option in ("no-binary", "only-binary"):
        for name in settings.names(option):
            flags += [f"--{option}", name]
    return tuple(flags)


def choosing_settings(settings: PipSettings, environ: Mapping[str, str]) -> list[str]:
    """Return all that decides which packages are chosen, without logins, for a key.

    Proxies, certificates and time limits do not belong to it: they decide whether packages
    can be had, not which. A login may change from day to day.
    """
    chosen = [
        f"{name}={' '.join(map(without_login, settings.words(name)))}"
        for name in (*_CHOOSING, *_CHOOSING_PACKAGES)
        if settings.text(name)
    ]
    chosen += [
        f"{name}={' '.join(map(without_login, environ[name].split()))}"
        for name in _UV_CHOOSING
        if environ.get(name)
    ]
    return chosen


def uv_config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files in which uv's settings for the user and the system are looked for."""
    if environ.get("UV_CONFIG_FILE"):
        yield Path(environ["UV_CONFIG_FILE"])
        return
    if environ.get("UV_NO_CONFIG"):
        return
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if os.name == "nt":
        yield Path(environ.get("APPDATA", home)) / "uv" / "uv.toml"
    else:
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml"
        yield Path("/etc/uv/uv.toml")


def _has_own_indexes(environ: Mapping[str, str]) -> bool:
    """Return whether the user told uv itself, in a file, where packages come from."""
    files = (file for file in uv_config_files(environ) if file.is_file())
    return any(b"index" in file.read_bytes() for file in files)


def without_login(address: str) -> str:
    """Return an address without user name and password."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _is_said(name: str, environ: Mapping[str, str]) -> bool:
    return any(environ.get(said) for said in (name, *_SAID_TO_UV.get(name, ())))


def _link(place: str) -> str:
    """Return a path or an address so that commas and spaces in it separate nothing."""
    if "://" in place:
        return place.replace(",", "%2C")
    path = Path(place).expanduser().absolute()
    return path.as_uri() if set(str(path)) & set(", ") else str(path)


def _keyring(settings: PipSettings) -> str | None:
    provider = settings.text("keyring-provider")
    return "subprocess" if provider in ("subprocess", "import") else None


def _seconds(settings: PipSettings) -> str | None:
    try:
        return str(max(1, int(float(settings.text("timeout") or ""))))
    except ValueError:
        return None
