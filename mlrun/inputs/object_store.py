"""A file or a folder in an object store, read through fsspec.

Of fsspec only the file systems are used, each made anew: no caches, no chained addresses, no
patterns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlrun.errors import InputError
from mlrun.inputs.addresses import name_of, scheme_of, shown
from mlrun.inputs.base import RemoteFile
from mlrun.inputs.failures import ChangedError
from mlrun.inputs.store_failures import store_failures
from mlrun.inputs.stores import Store

_BLOCK = 4 << 20
"""Bytes a request. Eight files are fetched at a time, and each may take this twice."""
_TALKATIVE = ("adlfs", "aiobotocore", "asyncio", "azure", "botocore", "fsspec", "gcsfs", "google")
_VERSIONS = ("ETag", "etag", "e_tag", "md5Hash", "generation")


class StoredData:
    """What lies at an address of an object store.

    Args:
        uri: As given; a slash at its end means a folder.
        store: What kind of store it is.

    Raises:
        InputError: The package that it takes is not installed.
    """

    def __init__(self, uri: str, store: Store) -> None:
        options = store.options(uri)
        plain = uri.partition("?")[0] if "sas_token" in options else uri
        self.shown = shown(plain)
        self._store = store
        with store_failures(self.shown, store):
            kind = _file_system_class(store, self.shown)
            options.update(kind._get_kwargs_from_urls(plain))
            self._system = kind(skip_instance_cache=True, **options)
            self._path = str(kind._strip_protocol(plain))
        if not self._path.strip("/"):
            raise InputError(f"{self.shown} names no bucket")
        self._is_folder = plain.endswith("/")
        self.name = name_of(self._path.partition("?")[0])
        self.key = f"{store.protocol}|{store.place(options)}|{self._path}"

    def files(self) -> tuple[RemoteFile, ...]:
        """Return the file, or all files below the folder.

        Where a file and a folder have the same name, the file is meant, unless a slash follows.
        """
        with store_failures(self.shown, self._store):
            if not self._is_folder:
                found = self._system.info(self._path)
                if found.get("type") == "file":
                    return (RemoteFile("", _size(found), _version(found)),)
            below = self._system.find(self._path, detail=True)
        prefix = f"{self._path}/"
        return tuple(
            RemoteFile(name[len(prefix) :], _size(found), _version(found))
            for name, found in below.items()
            if name.startswith(prefix) and not name.endswith("/") and found.get("type") == "file"
        )

    @contextmanager
    def read(self, file: RemoteFile, offset: int) -> Iterator[Iterator[bytes]]:
        """Return the content from an offset, one request a block."""
        path = f"{self._path}/{file.path}" if file.path else self._path
        yield self._blocks(path, file, offset)

    def _blocks(self, path: str, file: RemoteFile, offset: int) -> Iterator[bytes]:
        size = file.size if file.size is not None else offset
        while offset < size:
            end = min(offset + _BLOCK, size)
            with store_failures(self.shown, self._store):
                block: bytes = self._system.cat_file(path, start=offset, end=end)
            if len(block) > end - offset:
                raise ChangedError(f"{self.shown} has changed while it was fetched")
            yield block
            if len(block) < end - offset:
                return
            offset = end


def _file_system_class(store: Store, address: str) -> Any:
    _quieten()
    try:
        from fsspec import get_filesystem_class  # type: ignore[import-untyped]

        return get_filesystem_class(store.protocol)
    except ImportError as error:
        raise InputError(
            f"{scheme_of(address)}:// needs the package {store.package}, which cannot be "
            f"imported: {error.name or store.package}",
            hint=f"pip install 'mlproject-runner[{store.extra}]'",
        ) from error


def _quieten() -> None:
    """Keep what libraries log of failures from the terminal, unless a program asks for it.

    Python prints warnings for which nobody has set up logging.
    """
    import logging

    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _size(found: Mapping[str, Any]) -> int | None:
    size = found.get("size")
    return int(size) if size is not None else None


def _version(found: Mapping[str, Any]) -> str | None:
    """Return the first that the store says of what changes with the content."""
    for name in _VERSIONS:
        if found.get(name):
            return str(found[name])
    return None
