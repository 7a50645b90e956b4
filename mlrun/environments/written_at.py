"""Where in a user's file something is written: for errors, which may take their time.

What a file asks for is kept without the lines that it stands on. When it comes to an error,
the file is read once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mlrun.errors import Location

_COMMENT = re.compile(r"(?:^|\s)#")
_LIST = re.compile(r"(?:-r|--requirements?)[\s=]*([^\s'\",\]]+)")
_MOST_FILES = 20
_MISWRITTEN = re.compile(r"^ +(\S.*)\n +\^+ *$|Invalid requirement: '([^']+)'", re.MULTILINE)
_COMPLAINTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"Because ([\w.-]+) was not found in",
        r"there (?:is|are) no versions? of ([\w.-]+)",
        r"Because ([\w.-]+?)(?:==\S+)? has no ",
        r"[Ff]ailed to (?:download and build|build|download)[:\s]+[`']?([\w.-]+)",
        r"No matching distribution found for ([\w.-]+)",
        r"you require ([\w.-]+)",
    )
)


def written_at(location: Location, text: str) -> Location:
    """Return where a text is written, at or after a place in a file; the place where it is not.

    Args:
        location: Where to begin.
        text: As it is written there.
    """
    return _found(location, re.compile(re.escape(text))) or location


def key_at(location: Location, key: str) -> Location:
    """Return where a key of a YAML or TOML file is written, at or after a place in it."""
    return _found(location, re.compile(rf"(?<![\w-]){re.escape(key)}['\"]?\s*[:=]")) or location


def blamed(location: Location, said: str) -> Location:
    """Return where the package is asked for that an installer complains of.

    Args:
        location: Of the environment; the lists of requirements named there are looked at, too.
        said: The installer's last words.

    Returns:
        The place itself where no package is named, or where it is required by another one only.
    """
    for words in _MISWRITTEN.findall(said):
        place = written_at(location, next(filter(None, words)))
        if place != location:
            return place
    for complaint in _COMPLAINTS:
        for name in complaint.findall(said):
            plain = "[-_.]+".join(map(re.escape, re.split(r"[-_.]+", name.strip("-_."))))
            pattern = re.compile(rf"(?<![\w./-]){plain}(?![\w-]|\.\w)", re.IGNORECASE)
            for place in _places(location):
                found = _found(place, pattern)
                if found is not None:
                    return found
    return location


def _places(location: Location) -> Iterator[Location]:
    """Yield a place, and the lists of requirements that are named at or after it."""
    places = [location]
    for place in places:
        yield place
        for _, line in _lines(place):
            for name in _LIST.findall(line):
                file = Path(place.file).parent / name
                if len(places) < _MOST_FILES and all(file != one.file for one in places):
                    places.append(Location(file, 1))


def _found(location: Location, pattern: re.Pattern[str]) -> Location | None:
    for number, line in _lines(location):
        found = pattern.search(line)
        if found:
            return replace(location, line=number, column=found.start() + 1)
    return None


def _lines(location: Location) -> Iterator[tuple[int, str]]:
    """Yield the lines from a place on, with their numbers and without comments."""
    try:
        text = Path(location.file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if number >= (location.line or 1):
            yield number, _COMMENT.split(line, maxsplit=1)[0]
