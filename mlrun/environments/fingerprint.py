"""Hashes of what goes into a Python environment. Reads files, and starts nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mlrun.environments.installing.uv_settings import without_login
from mlrun.environments.python.requirements import RequirementList, read_requirements
from mlrun.errors import Location
from mlrun.hashing import hash_of

_END = 1 << 20
"""Bytes at either end of a big file that stand for all of it.

Such a file is an archive, and an archive ends with checksums of its content.
"""


def digest_of(value: object) -> str:
    """Return the hash of a value that JSON can write, as hexadecimal digits."""
    return hash_of(json.dumps(value, sort_keys=True, separators=(",", ":")))


def file_digest(file: Path) -> str:
    """Return the hash of a file's content; that of nothing where it cannot be read."""
    content = b""
    try:
        with file.open("rb") as stream:
            content = stream.read(_END)
            size = stream.seek(0, os.SEEK_END)
            if size > _END:
                stream.seek(max(_END, size - _END))
                content += b"%d" % size + stream.read()
    except OSError:
        pass
    return hash_of(content)


def list_content(requirements: RequirementList, folder: Path) -> list[object]:
    """Return what a list of requirements says, the same wherever its folder lies.

    Logins in addresses are left out: they may change from day to day. So is the code of folders
    that are required; what they require is not.
    """
    content: list[object] = [portable(line, folder) for line in requirements.lines]
    content += [_constraints(place) for place in requirements.constraints]
    content.append([portable(link, folder) for link in requirements.links])
    content.append([file_digest(archive) for archive in requirements.archives])
    if requirements.projects:
        from mlrun.environments.own_code.digests import packaging_digest

        content.append([packaging_digest(project) for project in requirements.projects])
    return content


def platform_name() -> str:
    """Return what built packages depend on: the system and the processor."""
    if sys.platform == "win32":
        return f"win32-{os.environ.get('PROCESSOR_ARCHITECTURE', '')}"
    return f"{sys.platform}-{os.uname().machine}"


def uv_configuration(folder: Path, environ_config: Iterator[Path]) -> list[str]:
    """Return the hashes of the settings files that uv reads."""
    files = [*environ_config, *_uv_project_files(folder)]
    return [file_digest(file) for file in files if file.is_file()]


def _uv_project_files(folder: Path) -> Iterator[Path]:
    """Yield the nearest file with settings for uv, in the folder or above it."""
    for place in (folder, *folder.parents):
        if (place / "uv.toml").is_file():
            yield place / "uv.toml"
            return
        project = place / "pyproject.toml"
        if project.is_file() and b"[tool.uv" in project.read_bytes():
            yield project
            return


def portable(text: str, folder: Path) -> str:
    """Return a requirement's text without logins, and without the folder's own path."""
    words = " ".join(without_login(word) for word in text.split())
    return words.replace(folder.as_uri(), ".").replace(str(folder), ".")


def _constraints(place: str) -> object:
    if "://" in place:
        return without_login(place)
    file = Path(place)
    read = read_requirements([f"-r {file}"], file.parent, Location(file))
    return [read.lines, [_constraints(further) for further in read.constraints]]
