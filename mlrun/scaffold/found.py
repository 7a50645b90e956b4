"""What was found in scripts: their commands, and the arguments of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlrun.errors import Location, Problem
from mlrun.project.model import Flag
from mlrun.project.parameters.types import ParameterType


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command.

    Attributes:
        name: What its script calls it; not yet the name of a parameter.
        line: Where the script says so, 1-based.
        option: The option that it follows (`--alpha`), None for one that has its place only.
        kind: What its values are.
        default: The text that stands for its default; None where it has none, or one that
            no text given to the script would mean.
        is_required: Whether the script refuses to go without it.
        flag: Its words where it takes no value.
        choices: The texts that it may be; empty for any.
        minimum: The smallest number that it may be, as written.
        maximum: The largest.
        description: In the script's own words, one line.
        exists: Whether a path must be there; None where the script does not say.
        is_several: Whether it takes any number of words.
        is_empty_absent: Whether an empty text is the same as none.
    """

    name: str
    line: int
    option: str | None = None
    kind: ParameterType = ParameterType.STRING
    default: str | None = None
    is_required: bool = False
    flag: Flag | None = None
    choices: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    description: str | None = None
    exists: bool | None = None
    is_several: bool = False
    is_empty_absent: bool = False


@dataclass(frozen=True, slots=True)
class ScriptCommand:
    """One thing that a script does.

    Attributes:
        name: Of the subcommand; None where the script has none.
        words: What follows the script in the command, in order: arguments and words.
        description: In the script's own words, one line.
    """

    name: str | None
    words: tuple[str | Argument, ...]
    description: str | None = None

    def arguments(self) -> Iterator[Argument]:
        """Yield its arguments, in order."""
        return (word for word in self.words if isinstance(word, Argument))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in one script.

    Attributes:
        parser: What parses the arguments (`argparse`, `click`...).
        line: Where, 1-based.
        commands: At least one.
        notes: What could not be understood.
    """

    parser: str
    line: int
    commands: tuple[ScriptCommand, ...]
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A script of the folder, and how it is started.

    Attributes:
        path: Relative to the folder.
        start: The words that start it.
        reading: What it takes; None where nothing was found that parses arguments.
    """

    path: PurePosixPath
    start: tuple[str, ...]
    reading: Reading | None

    def location(self, folder: Path) -> Location:
        """Return where its arguments are parsed."""
        return Location(folder / self.path, self.reading.line if self.reading else None)
