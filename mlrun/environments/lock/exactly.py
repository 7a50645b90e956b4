"""What a lock says, in the words of installers.

uv takes the files of an index as a `pylock.toml` (PEP 751): nothing is resolved then, each file
is fetched from its address, and its hash compared. What has no hash, or no address, is asked
for one by one, without what it requires. pip is asked for all that way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from mlrun.environments.lock.model import COMPARED, LockedPackage


def pylock_text(packages: Iterable[LockedPackage]) -> str:
    """Return a `pylock.toml` with packages for which `has_file` holds."""
    lines = ['lock-version = "1.0"', 'created-by = "mlrun"']
    for package in packages:
        address = package.url or ""
        hashes = ", ".join(f"{name} = {_text(value)}" for name, value in _hashes(package))
        file = f"{{ url = {_text(address)}, hashes = {{ {hashes} }} }}"
        is_wheel = _path(address).endswith(".whl")
        lines += ["", "[[packages]]", f"name = {_text(package.name)}"]
        lines += [f"version = {_text(package.version)}"]
        lines.append(f"wheels = [{file}]" if is_wheel else f"sdist = {file}")
    return "\n".join(lines) + "\n"


def has_file(package: LockedPackage) -> bool:
    """Return whether a package is one file whose content is known."""
    address = package.url or ""
    return bool(_hashes(package)) and address.startswith(("https://", "http://", "file:"))


def requirement(package: LockedPackage) -> str:
    """Return the line that asks for exactly this package, with its hashes."""
    if package.url is None:
        return f"{package.name}=={package.version}"
    hashes = "".join(f" --hash={name}:{value}" for name, value in _hashes(package))
    return f"{package.name} @ {package.url}{hashes}"


def _hashes(package: LockedPackage) -> list[tuple[str, str]]:
    split = (one.partition(":") for one in package.hashes)
    return [(name, value) for name, _, value in split if name in COMPARED]


def _path(address: str) -> str:
    return address.partition("#")[0].partition("?")[0]


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
