"""Conda packages in a lock: from what was solved to a lock, and back without solving."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mlrun.environments.conda.channels import ChannelUrl
from mlrun.environments.conda.settings import without_login
from mlrun.environments.lock.model import LockedPackage
from mlrun.errors import ProjectError

if TYPE_CHECKING:
    from rattler.repo_data.record import RepoDataRecord

# A channel's folder, a platform's, and a file whose name leads to no other folder.
_FILE = re.compile(r"^[a-z][a-z0-9+]*:.*/[\w-]+/(?!.*%(?:2[fF]|5[cC]|00))[^/?#\\]+$")
_FREE_THREADED = re.compile(r"_cp(\d)(\d+)t$")


def locked_packages(records: Iterable[RepoDataRecord]) -> tuple[LockedPackage, ...]:
    """Return packages as a lock names them, in their order."""
    return tuple(
        LockedPackage(
            kind="conda",
            name=record.name.normalized,
            version=str(record.version),
            url=without_login(record.url),
            hashes=_hashes(record),
            build=str(record.build),
            channel=without_login(record.channel or "").rstrip("/") or None,
        )
        for record in records
    )


def records_of(
    packages: Iterable[LockedPackage], channels: Sequence[ChannelUrl]
) -> list[RepoDataRecord]:
    """Return the conda packages of a lock as rattler installs them.

    Args:
        packages: Others than conda's are left out.
        channels: Those of the specification; they tell the logins, and where a folder lies now.

    Raises:
        ProjectError: A package of the lock is none that can be installed.
    """
    return [_record_of(one, channels) for one in packages if one.kind == "conda"]


def file_of(record: RepoDataRecord) -> Path | None:
    """Return where a package of a folder lies, None for one that has to be fetched."""
    parts = urlsplit(record.url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _record_of(package: LockedPackage, channels: Sequence[ChannelUrl]) -> RepoDataRecord:
    from rattler.exceptions import InvalidPackageNameError, InvalidVersionError

    try:
        return _record(package, channels)
    except (ValueError, InvalidPackageNameError, InvalidVersionError) as error:
        raise ProjectError(
            f"the lock's conda package {package.name!r} cannot be installed: {error}",
            hint="write it anew: mlrun lock DIR",
        ) from error


def _record(package: LockedPackage, channels: Sequence[ChannelUrl]) -> RepoDataRecord:
    from rattler import BuildString, PackageRecord, RepoDataRecord

    if _FILE.search(package.url or "") is None:
        raise ValueError("it has no address, or one of something else")
    url = _with_login(package.url or "", channels)
    *_, subdir, file_name = urlsplit(url).path.split("/")
    digests = dict(text.split(":", 1) for text in package.hashes)
    record = PackageRecord(
        package.name,
        package.version,
        BuildString(package.build or ""),
        _build_number(package.build or ""),
        subdir,
        sha256=bytes.fromhex(digests["sha256"]) if "sha256" in digests else None,
        md5=bytes.fromhex(digests["md5"]) if "md5" in digests else None,
        python_site_packages_path=_site_packages(package),
    )
    return RepoDataRecord(record, unquote(file_name), url, url.rsplit("/", 2)[0] + "/")


def _with_login(url: str, channels: Sequence[ChannelUrl]) -> str:
    *_, subdir, file_name = url.split("/")
    for channel in channels:
        plain = without_login(channel.url)
        if plain != channel.url and url.startswith(f"{plain}/"):
            return channel.url + url[len(plain) :]
    folders = [c.url for c in channels if url.startswith("file:") and c.url.startswith("file:")]
    for folder in folders:
        there = f"{folder}/{subdir}/{file_name}"
        if Path(unquote(urlsplit(there).path)).exists():
            return there
    return url


def _hashes(record: RepoDataRecord) -> tuple[str, ...]:
    named = (("sha256", record.sha256), ("md5", record.md5))
    return tuple(f"{name}:{digest.hex()}" for name, digest in named if digest)


def _build_number(build: str) -> int:
    found = re.search(r"(?:^|_)(\d+)(?:_|$)", build)
    return int(found[1]) if found else 0


def _site_packages(package: LockedPackage) -> str | None:
    found = _FREE_THREADED.search(package.build or "") if package.name == "python" else None
    return f"lib/python{found[1]}.{found[2]}t/site-packages" if found else None
