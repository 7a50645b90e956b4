"""What is said of a folder or a file that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from mlrun.errors import SourceError
from mlrun.sources.addresses.parts import has_control_characters
from mlrun.sources.archive.endings import split_ending


def no_such_folder(missing: Path, text: str) -> SourceError:
    """Return the error for a path that does not exist.

    Args:
        missing: The path, absolute.
        text: As the user gave it, to see whether something else was meant.
    """
    if has_control_characters(str(missing)):
        return SourceError("the project's name has a line break or a control character")
    kind = "file" if split_ending(missing.name) else "folder"
    hint = _near(missing) or _meant(text)
    return SourceError(f"there is no {kind} '{missing}'", hint=hint)


def _near(missing: Path) -> str | None:
    import difflib

    try:
        names = [entry.name for entry in missing.parent.iterdir() if _may_be_a_project(entry)]
    except (OSError, ValueError):
        return None
    near = difflib.get_close_matches(missing.name, names, n=1)
    return f"did you mean '{missing.parent / near[0]}'?" if near else None


def _may_be_a_project(entry: Path) -> bool:
    return split_ending(entry.name) is not None or entry.is_dir()


def _meant(text: str) -> str | None:
    """Recognise the address of a repository that lacks something."""
    if found := re.fullmatch(r"(\w[\w.-]*@[\w.-]+)/([^:]+)", text):
        return f"did you mean '{found[1]}:{found[2]}'?"
    if found := re.fullmatch(r"(https?|ssh|git)//?([\w-]+(?:\.[\w-]+)+/.+)", text):
        return f"did you mean '{found[1]}://{found[2]}'?"
    if found := re.fullmatch(r"(gh|github|gl|gitlab|bb|bitbucket|codeberg)/(\w.*/.+)", text):
        return f"did you mean '{found[1]}:{found[2]}'?"
    if re.fullmatch(r"\w[\w-]*/\w[\w.-]*", text):
        return f"a repository on GitHub is named 'gh:{text}'"
    if found := re.match(r"[\w-]+(?:\.[\w-]+)+/[\w.-]+/[\w.-]+", text):
        return f"did you mean 'https://{text}'?"
    return None
