"""Reads lists of requirements, with all the files that they name.

The result is flat: what `-r` names is read in, recursively, so that both installers get one file
that says the same in any folder, whatever the encoding of the originals. Local folders are
taken out: they hold code that belongs to a run and to no cache.

The format is pip's: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.errors import Location, ProjectError

# Texts, which are compiled where a line needs one: that takes as long as reading all the rest.
_OPTION = r"(--?[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|$)(.*)"
_SHORT_WITH_VALUE = r"-([rcefi])(\S.*)"
_LONG = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-f": "--find-links",
    "-i": "--index-url",
    "--requirements": "--requirement",
    "--constraints": "--constraint",
}
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
_EXTRAS = r"(.*?)(\[[\w\s.,-]*\])"
_NAMED_FILE = r"[\w.-]+\s*(\[[\w\s.,-]*\])?\s*@\s*file:(?://)?(.*)"
_VARIABLE = r"\$\{([A-Z0-9_]+)\}"
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class LocalProject:
    """A folder that is required as a package.

    Attributes:
        folder: Absolute.
        extras: Such as `[train]`, or empty.
        location: Where it is required.
        marker: Such as ` ; sys_platform == 'linux'`: where else it is not required; or empty.
    """

    folder: Path
    extras: str
    location: Location
    marker: str = ""


@dataclass(slots=True)
class RequirementList:
    """What one list of requirements comes to.

    Attributes:
        lines: Requirements and options that need no file, in order.
        constraints: Constraint files that are named, or addresses of such.
        links: Folders (or pages) to look for archives in.
        archives: Wheels and source archives that are named.
        projects: Folders that are required.
    """

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    projects: list[LocalProject] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to install."""
        return bool(self.lines or self.projects)


def read_requirements(lines: Iterable[str], folder: Path, location: Location) -> RequirementList:
    """Read a list of requirements.

    Args:
        lines: One requirement or option each.
        folder: What relative paths are relative to.
        location: Where the list is written.

    Raises:
        ProjectError: A file that it names is not there, or cannot be read.
    """
    result = RequirementList()
    for line in lines:
        for part in _logical_lines(line.splitlines()):
            _Reader(folder, result, ()).take(part[1], folder, location)
    return result


class _Reader:
    def __init__(self, base: Path, result: RequirementList, reading: tuple[Path, ...]) -> None:
        self._base = base
        self._result = result
        self._reading = reading

    def take(self, line: str, folder: Path, location: Location) -> None:
        """Sort one line in; `folder` is that of the file that it stands in."""
        option, value = _option(line)
        if option == "--requirement":
            self._read_file(value, folder, location)
        elif option == "--constraint":
            self._result.constraints.append(self._named_file(value, folder, location))
        elif option == "--find-links":
            self._result.links.append(_link(value, folder, self._base))
        elif option == "--editable":
            self._take_requirement(value, folder, location)
        elif option is not None:
            self._result.lines.append(f"{option} {value}".strip())
        else:
            self._take_requirement(line, folder, location)

    def _take_requirement(self, text: str, folder: Path, location: Location) -> None:
        path, extras, rest = _local_path(text, (self._base, folder))
        if path is None:
            self._result.lines.append(text)
        elif path.is_dir():
            self._result.projects.append(LocalProject(path, extras, location))
        elif path.is_file():
            self._result.archives.append(path)
            place = f"{path}{extras}" if extras else path.as_uri()
            self._result.lines.append(text if re.match(_NAMED_FILE, text) else f"{place}{rest}")
        else:
            raise ProjectError(
                f"the requirement {text!r} names a file that is not there: {path}",
                location=_written_at(location, text),
                hint=_near(path),
            )

    def _read_file(self, name: str, folder: Path, location: Location) -> None:
        if "://" in name and not name.startswith("file:"):
            self._result.lines.append(f"--requirement {name}")
            return
        file = Path(self._named_file(name, folder, location))
        if file in self._reading or len(self._reading) > _DEEPEST:
            raise ProjectError(f"{file.name} requires itself", location=location)
        reader = _Reader(self._base, self._result, (*self._reading, file))
        for number, line in _logical_lines(read_text(file, location).splitlines()):
            reader.take(line, file.parent, Location(file, number))

    def _named_file(self, name: str, folder: Path, location: Location) -> str:
        """Return the absolute path of a file that an option names; an address as it is."""
        if "://" in name and not name.startswith("file:"):
            return name
        path = _absolute(name, folder)
        if path.is_file():
            return str(path)
        elsewhere = (self._base / path.name).is_file()
        raise ProjectError(
            f"the list of requirements {name!r} is not there: {path}",
            location=_written_at(location, name),
            hint=f"there is one in {self._base}" if elsewhere else _near(path),
        )


def read_text(file: Path, location: Location) -> str:
    """Return a file's text; its byte-order mark tells UTF-16, else it is UTF-8 or Latin-1.

    Raises:
        ProjectError: It cannot be read.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ProjectError(f"{file} cannot be read: {error.strerror}", location=location) from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _logical_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield lines with their number: joined at a trailing backslash, comments and blanks out."""
    begun, start = "", 0
    for number, line in enumerate(lines, 1):
        start = start if begun else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            begun += line[:-1] + " "
            continue
        text = re.sub(r"(^|\s+)#.*$", "", begun + line).strip()
        begun = ""
        if text:
            yield start, text
    if begun.strip():
        yield start, begun.strip()


def _option(line: str) -> tuple[str | None, str]:
    if not line.startswith("-"):
        return None, line
    short = re.fullmatch(_SHORT_WITH_VALUE, line)
    if short and not line.startswith("--"):
        return _LONG[f"-{short[1]}"], _unquoted(short[2].lstrip("="))
    found = re.fullmatch(_OPTION, line)
    if found is None:
        return None, line
    return _LONG.get(found[1], found[1]), _unquoted(found[2])


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _local_path(text: str, folders: tuple[Path, ...]) -> tuple[Path | None, str, str]:
    """Return the file or folder that a requirement names, None where it names none.

    With it come its extras, and what follows: a marker, hashes.
    """
    plain = re.split(r"\s+;\s|\s+--hash", text)[0].strip()
    rest = text[len(plain) :]
    named = re.fullmatch(_NAMED_FILE, plain) if "file:" in plain else None
    if named:
        return _absolute(f"file:{named[2]}", folders[0]), (named[1] or ""), rest
    found = re.fullmatch(_EXTRAS, plain) if plain.endswith("]") else None
    path, extras = (found[1], found[2]) if found else (plain, "")
    if path.startswith("file:"):
        return _absolute(path, folders[0]), extras, rest
    if "://" in path or "@" in path or not _looks_local(path):
        return None, "", rest
    places = [_absolute(path, folder) for folder in folders]
    return next((place for place in places if place.exists()), places[0]), extras, rest


def _looks_local(path: str) -> bool:
    return (
        path.startswith((".", "~", "/", "\\"))
        or "/" in path
        or os.sep in path
        or path.lower().endswith(_ARCHIVES)
    )


def _written_at(location: Location, text: str) -> Location:
    from mlrun.environments.written_at import written_at

    return written_at(location, text)


def _near(missing: Path) -> str | None:
    from mlrun.near_miss import nearest_file

    near = nearest_file(missing)
    return f"did you mean {near!r}?" if near else None


def _link(value: str, folder: Path, base: Path) -> str:
    if "://" in value:
        return value
    places = [_absolute(value, place) for place in (folder, base)]
    return str(next((place for place in places if place.exists()), places[0]))


def _absolute(name: str, folder: Path) -> Path:
    name = re.sub(_VARIABLE, lambda found: os.environ.get(found[1], found[0]), name)
    if name.startswith("file:"):
        from urllib.parse import unquote

        name = unquote(name.partition("#")[0].removeprefix("file:"))
        name = re.sub(r"^//(localhost)?(?=/)", "", name)
    return Path(os.path.abspath(folder / Path(name).expanduser()))
