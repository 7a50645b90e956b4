"""Exactly what an installer put into an environment: packages with their addresses and hashes.

The environment itself names its packages, with the tags of the wheel each was made from. Where the
files came from is asked of uv, which has just fetched that and answers from its cache; and
the index is asked where it was pip that installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mlrun.environments.installing.installers import Building, private_file
from mlrun.environments.installing.uv_settings import uv_flags, uv_variables, without_login
from mlrun.environments.lock.model import LockedPackage
from mlrun.environments.python.requirements import RequirementList
from mlrun.execution.redact import mask_url

_SOURCES = (
    *("--index-url", "--extra-index-url", "--find-links", "--no-index"),
    *("--no-binary", "--only-binary"),
)
"""Options in a list of requirements that say where packages come from."""

_SEEDS = frozenset(("pip", "setuptools", "wheel"))
"""What virtualenv brings along, so that an index need not have it."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed package, as its own metadata has it.

    Attributes:
        name: Normalised.
        version: As its metadata says.
        tags: Of the wheel that it was installed from (`py3-none-any`); empty for other forms.
        direct: What it was asked for by, where that was an address (`direct_url.json`).
    """

    name: str
    version: str
    tags: frozenset[str]
    direct: Mapping[str, Any] | None


def metadata_folders(packages: Path) -> frozenset[str]:
    """Return the names of the folders with packages' metadata in a `site-packages` folder."""
    try:
        return frozenset(n for n in os.listdir(packages) if n.endswith(".dist-info"))
    except OSError:
        return frozenset()


def distributions(packages: Path, without: Collection[str] = ()) -> Iterator[Distribution]:
    """Yield what is installed in a `site-packages` folder, by name.

    Args:
        packages: The folder.
        without: Metadata folders to leave out (what another installer put there).
    """
    for folder in sorted(metadata_folders(packages).difference(without)):
        fields = _header(packages / folder / "METADATA")
        if fields.get("name") and fields.get("version"):
            yield Distribution(
                normalised(fields["name"][0]),
                fields["version"][0],
                frozenset(_header(packages / folder / "WHEEL").get("tag", ())),
                _direct(packages / folder / "direct_url.json"),
            )


def installed_packages(
    packages: Path,
    python: Path,
    uv: Path | None,
    build: Building,
    lists: Sequence[RequirementList] = (),
    *,
    without: Collection[str] = (),
) -> tuple[LockedPackage, ...]:
    """Return exactly what was installed from indexes and addresses, by name.

    Folders with code that were installed are left out: they belong to a run. An address that
    cannot be found out, and one that holds a secret, is None.

    Args:
        packages: The environment's `site-packages` folder.
        python: Its interpreter.
        uv: Finds the addresses; None leaves them out.
        build: The build; its work folder gets files.
        lists: What was asked for: their options say where packages come from.
        without: Metadata folders (see `metadata_folders`) that belong to another installer.
    """
    found = [d for d in distributions(packages, without) if not _is_folder(d)]
    looked_up = [d for d in found if d.direct is None or "archive_info" in d.direct]
    files = _looked_up(looked_up, python, uv, build, lists) if uv and looked_up else {}
    return tuple(locked_package(one, files.get(one.name, {})) for one in found)


def normalised(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_folder(distribution: Distribution) -> bool:
    return distribution.direct is not None and "dir_info" in distribution.direct


def _header(file: Path) -> dict[str, list[str]]:
    """Return the fields before a metadata file's first empty line."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    fields: dict[str, list[str]] = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        name, mark, value = line.partition(":")
        if mark and not line.startswith((" ", "\t")):
            fields.setdefault(name.lower(), []).append(value.strip())
    return fields


def _direct(file: Path) -> Mapping[str, Any] | None:
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("url"), str) else None


def _looked_up(
    found: list[Distribution],
    python: Path,
    uv: Path,
    build: Building,
    lists: Sequence[RequirementList],
) -> dict[str, Mapping[str, Any]]:
    """Return uv's answer for each package: what files there are of exactly that version."""
    own = [one for one in found if one.name not in _SEEDS]
    attempts = [(found, True), (found, False)]
    if len(own) < len(found):
        attempts.append((own, False))
    for wanted, offline in attempts:
        answer = _ask(wanted, python, uv, build, lists, offline=offline)
        if answer is not None:
            return {normalised(package["name"]): package for package in answer["packages"]}
    return {}


def _ask(
    wanted: list[Distribution],
    python: Path,
    uv: Path,
    build: Building,
    lists: Sequence[RequirementList],
    *,
    offline: bool,
) -> Any:
    lines = [*_source_lines(lists), *map(_exactly, wanted)]
    target = build.work / "pylock.installed.toml"
    target.unlink(missing_ok=True)
    argv = [str(uv), "pip", "compile", "--quiet", "--no-deps", "--python", str(python)]
    argv += ["--no-header", "--format", "pylock.toml", "--output-file", str(target)]
    argv += [*uv_flags(build.settings), *(["--offline"] if offline else [])]
    if any(line.startswith("--extra-index-url") for line in lines):
        argv += ["--index-strategy", "unsafe-best-match"]
    variables = uv_variables(build.settings, build.environ)
    # All is pinned: what narrows the choice can only be in the way.
    dropped = ("UV_EXCLUDE_NEWER", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_REQUIRE_HASHES")
    env = {k: v for k, v in build.variables(variables).items() if k not in dropped}
    argv.append(str(private_file(build.work, lines)))
    try:
        subprocess.run(
            argv, env=env, cwd=build.folder, stdin=subprocess.DEVNULL, capture_output=True,
            check=True,
        )  # fmt: skip
        return _read_toml(target)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def _source_lines(lists: Sequence[RequirementList]) -> Iterator[str]:
    for one in lists:
        yield from (line for line in one.lines if line.startswith(_SOURCES))
        yield from (f"--find-links {place}" for place in one.links)


def _exactly(distribution: Distribution) -> str:
    if distribution.direct is not None:
        return f"{distribution.name} @ {distribution.direct['url']}"
    return f"{distribution.name}=={distribution.version}"


def _read_toml(file: Path) -> Any:
    from importlib import import_module

    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return toml.loads(file.read_text(encoding="utf-8"))


def locked_package(distribution: Distribution, known: Mapping[str, Any]) -> LockedPackage:
    """Return an installed package with the file that it was installed from.

    Args:
        distribution: As it is installed.
        known: The files that there are of that version, in the form of a `pylock.toml`; empty
            where none is known.
    """
    direct = distribution.direct
    file: Mapping[str, Any] = {}
    if direct is not None and "vcs_info" in direct:
        file = {"url": _repository(direct)}
    elif direct is not None:
        file = {"url": direct["url"], "hashes": known.get("archive", {}).get("hashes", {})}
    elif known:
        file = _file_of(distribution, known)
    hashes = tuple(f"{name}:{value}" for name, value in sorted(file.get("hashes", {}).items()))
    return LockedPackage(
        "pypi", distribution.name, distribution.version, _shareable(file.get("url")), hashes
    )


def _repository(direct: Mapping[str, Any]) -> str:
    about = direct["vcs_info"]
    address = f"{about['vcs']}+{direct['url']}@{about['commit_id']}"
    folder = direct.get("subdirectory")
    return f"{address}#subdirectory={folder}" if folder else address


def _file_of(distribution: Distribution, known: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return which of a version's files was installed: the wheel with its tags, or the source."""
    wheels: list[Mapping[str, Any]] = known.get("wheels", [])
    same = [wheel for wheel in wheels if _tags(wheel) == distribution.tags]
    alike = [wheel for wheel in wheels if _tags(wheel) & distribution.tags]
    source = known.get("sdist")
    chosen = [*same, *alike, *([source] if source else []), *wheels]
    return chosen[0] if chosen else {}


def _tags(wheel: Mapping[str, Any]) -> frozenset[str]:
    name = wheel.get("name") or unquote(urlsplit(wheel.get("url", "")).path).rpartition("/")[2]
    parts = name.removesuffix(".whl").split("-")[-3:]
    if len(parts) != 3:
        return frozenset()
    return frozenset(
        f"{python}-{abi}-{platform}"
        for python in parts[0].split(".")
        for abi in parts[1].split(".")
        for platform in parts[2].split(".")
    )


def _shareable(address: str | None) -> str | None:
    """Return an address without its login; None where more than the login is secret."""
    if address is None:
        return None
    plain = without_login(address)
    return plain if mask_url(plain) == plain else None
