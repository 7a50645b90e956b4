"""Locks as files: `lock.json` beside an environment, `mlrun.lock` in a project.

Both are JSON, which is read on the way to the command of every run: a lock of some hundred
packages takes a millisecond that way. A package is one line, and the lines are sorted, so
that a version control system shows what has changed. Schema: `schemas/lock.schema.json`.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlrun.environments.lock.model import EnvironmentLock, LockedPackage, ProjectLock
from mlrun.errors import Location, ProjectError

LOCK_FILE = "mlrun.lock"
_VERSION = 1
_LARGEST = 64 << 20
_KINDS = ("conda", "pypi")
# Names and versions become lines for installers, and parts of files' names.
_WORD = re.compile(r"[^\s/\\\x00-\x1f\x7f]+")
_HASH = re.compile(r"[a-z0-9_]+:[0-9a-f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ABOUT = "Written by `mlrun lock`, which writes it anew; not to be edited."


def read_project_lock(folder: Path) -> ProjectLock | None:
    """Return a project's lock, None where it has none.

    Raises:
        ProjectError: It is there, and cannot be understood.
    """
    file = folder / LOCK_FILE
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise _unreadable(file, "it is no file of a lock's size")
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    try:
        document = json.loads(text)
        _check_version(document, file)
        entries = tuple(_entry(value) for value in document["environments"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(file, _reason(text, error), getattr(error, "lineno", None)) from error
    return ProjectLock(tuple(_placed(entry, folder) for entry in entries))


def write_project_lock(folder: Path, lock: ProjectLock) -> Path:
    """Write a project's lock (atomically, in an order that makes diffs small); return the file.

    Files in the project's folder are named by their place in it.

    Raises:
        ProjectError: The folder cannot be written.
    """
    file = folder / LOCK_FILE
    entries = [_portable(entry, folder) for entry in lock.environments]
    entries.sort(key=lambda entry: (entry.manager, entry.digest, entry.platform))
    try:
        _write(file, _text(entries))
    except OSError as error:
        raise ProjectError(
            f"{file} cannot be written: {error.strerror or error}", location=Location(file)
        ) from error
    return file


def write_lock(file: Path, lock: EnvironmentLock) -> None:
    """Write the lock of one environment, beside it."""
    _write(file, _text([lock]))


def read_lock(file: Path) -> EnvironmentLock | None:
    """Return the lock of one environment, None where it is not there or was cut off."""
    try:
        return _entry(json.loads(file.read_bytes())["environments"][0])
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _check_version(document: Any, file: Path) -> None:
    version = document["version"]
    if isinstance(version, int) and version > _VERSION:
        raise ProjectError(
            f"{file.name} was written by a newer mlrun (its format is {version})",
            location=Location(file),
            hint="use that mlrun, or write it anew: mlrun lock DIR",
        )


def _unreadable(file: Path, reason: str, line: int | None = None) -> ProjectError:
    return ProjectError(
        f"{file.name} cannot be read: {reason}",
        location=Location(file, line),
        hint="write it anew: remove it, then mlrun lock DIR",
    )


def _reason(text: bytes, error: Exception) -> str:
    if b"<<<<<<<" in text and b">>>>>>>" in text:
        return "it has the marks of a merge that is not done"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    return "it is not a lock" if not isinstance(error, UnicodeDecodeError) else "it is not text"


def _entry(value: Any) -> EnvironmentLock:
    return EnvironmentLock(
        manager=_text_of(value["manager"]),
        digest=_text_of(value["digest"]),
        platform=_text_of(value["platform"]),
        python=_text_or_none(value.get("python")),
        packages=tuple(_package(package) for package in value["packages"]),
        as_of=_text_or_none(value.get("as_of")),
        asked=tuple(_text_of(line) for line in value.get("asked", ())),
    )


def _package(value: Any) -> LockedPackage:
    if value["kind"] not in _KINDS:
        raise ValueError
    return LockedPackage(
        value["kind"],
        _of_form(_WORD, value["name"]),
        _of_form(_WORD, value["version"]),
        _text_or_none(value.get("url")),
        tuple(_of_form(_HASH, one) for one in value.get("hashes", ())),
        _text_or_none(value.get("build")),
        _text_or_none(value.get("channel")),
    )


def _text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if _CONTROL.search(value):
        raise ValueError
    return value


def _of_form(form: re.Pattern[str], value: Any) -> str:
    if form.fullmatch(_text_of(value)) is None:
        raise ValueError
    return str(value)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text_of(value)


def _text(entries: list[EnvironmentLock]) -> str:
    lines = ["{", f' "about": {_json(_ABOUT)},', f' "version": {_VERSION},', ' "environments": [']
    for number, entry in enumerate(entries, 1):
        lines += ["  {", *_entry_lines(entry), "  }" + _comma(number, entries)]
    return "\n".join([*lines, " ]", "}"]) + "\n"


def _entry_lines(entry: EnvironmentLock) -> Iterator[str]:
    for name in ("manager", "platform", "python", "as_of", "digest"):
        value = getattr(entry, name)
        if value is not None:
            yield f'   "{name}": {_json(value)},'
    yield from _listed("asked", [_json(line) for line in entry.asked], ",")
    packages = sorted(entry.packages, key=lambda package: (package.kind, package.name))
    yield from _listed("packages", [_json(_fields(package)) for package in packages], "")


def _listed(name: str, items: list[str], end: str) -> Iterator[str]:
    if not items:
        yield f'   "{name}": []{end}'
        return
    yield f'   "{name}": ['
    for number, item in enumerate(items, 1):
        yield f"    {item}{_comma(number, items)}"
    yield f"   ]{end}"


def _comma(number: int, items: list[Any]) -> str:
    return "," if number < len(items) else ""


def _fields(package: LockedPackage) -> dict[str, Any]:
    names = ("kind", "name", "version", "build", "channel", "url", "hashes")
    return {name: value for name in names if (value := getattr(package, name))}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _portable(entry: EnvironmentLock, folder: Path) -> EnvironmentLock:
    base = Path(os.path.abspath(folder)).as_uri() + "/"
    return _with_urls(entry, base, "./")


def _placed(entry: EnvironmentLock, folder: Path) -> EnvironmentLock:
    base = Path(os.path.abspath(folder)).as_uri() + "/"
    return _with_urls(entry, "./", base)


def _with_urls(entry: EnvironmentLock, old: str, new: str) -> EnvironmentLock:
    if not any(package.url and package.url.startswith(old) for package in entry.packages):
        return entry
    packages = (
        replace(package, url=new + package.url.removeprefix(old))
        if package.url and package.url.startswith(old)
        else package
        for package in entry.packages
    )
    return replace(entry, packages=tuple(packages))


def _write(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
