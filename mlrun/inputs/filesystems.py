"""From an address to the data that lies there."""

from __future__ import annotations

from pathlib import Path

from mlrun.errors import InputError
from mlrun.inputs.addresses import TRACKING_SCHEMES, local_path, scheme_of, shown
from mlrun.inputs.base import RemoteData, Resolve

_MOST_MEANINGS = 4
"""How often an address may mean another one: a model means a run's artifact, that a bucket."""
_WEB = ("http", "https")


def open_data(uri: str, resolve: Resolve) -> RemoteData | Path:
    """Return what an address names; nothing but a tracking server is asked yet.

    Args:
        uri: As given, with credentials if it has any.
        resolve: Says what an address of the tracking server's means.

    Returns:
        A path for what lies on this machine.

    Raises:
        InputError: The scheme is not known, or its package is missing.
    """
    for _ in range(_MOST_MEANINGS):
        scheme = scheme_of(uri)
        if scheme not in TRACKING_SCHEMES:
            return open_remote(uri)
        meaning = resolve(uri)
        if not isinstance(meaning, str):
            return meaning
        uri = meaning
    raise InputError(f"{shown(uri)} means another address over and over")


def open_remote(uri: str) -> RemoteData | Path:
    """Return what an address names that needs no tracking server.

    Raises:
        InputError: The scheme is not known, or its package is missing.
    """
    from mlrun.inputs.stores import store_of

    scheme = scheme_of(uri)
    store = store_of(scheme)
    if store is not None:
        from mlrun.inputs.object_store import StoredData

        return StoredData(uri, store)
    if scheme in _WEB:
        from mlrun.inputs.web_file import WebFile

        return WebFile(uri)
    if scheme == "file":
        return local_path(uri)
    if not scheme:
        return Path(uri).absolute()
    raise _unknown(scheme, uri)


def _unknown(scheme: str, uri: str) -> InputError:
    from mlrun.inputs.stores import schemes
    from mlrun.near_miss import near_miss

    known = (*_WEB, *schemes(), "file", *sorted(TRACKING_SCHEMES))
    near = near_miss(scheme, known)
    hint = f"did you mean {near}?" if near else f"it can be {', '.join(known)}"
    return InputError(f"nothing is fetched from {scheme}: {shown(uri)}", hint=hint)
