"""Parameters that a command names in a form which is no placeholder: `$alpha`, `<alpha>`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlrun.errors import Location, Problem
from mlrun.project.command.places import place_of
from mlrun.project.reading.nodes import shown

_FORMS = (
    r"\{{\{{\s*{name}\s*\}}\}}",
    r"\{{\s*{name}(?:\s+\}}|(?![\w}}-]))",
    r"\$\{{?{name}(?![\w-])\}}?",
    r"<\s*{name}\s*>",
    r"%\({name}\)s|%{name}%",
)
"""Of other languages, and nearly right: Jinja, a blank or no end, the shell, manuals, Python."""


def about_unmarked(
    command: str, unused: Iterable[str], location: Location, text: str | None
) -> Iterator[tuple[str, Problem]]:
    """Yield names of parameters that a command was meant to take, with what to change.

    Args:
        command: As YAML gave it.
        unused: Names of the parameters that it has no placeholder for.
        location: Of the command.
        text: What the project file holds; None for what lies on disk.
    """
    for name in unused:
        forms = "|".join(_FORMS).format(name=re.escape(name))
        found = re.search(forms, command)
        if found is not None:
            source = found[0]
            said = f"{source} is no placeholder, so that nobody gets the value of {shown(name)}"
            place = place_of(location, source, command.count(source, 0, found.start()), text)
            yield name, Problem(said, place, f"write {{{name}}}", "unmarked-placeholder")
