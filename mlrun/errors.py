"""Every error that a user can meet, as one tree.

::

    MlrunError                       125  could not bring the command to run
    ├── UsageError                     2  the request itself contradicts itself
    ├── NotSupportedError            125  named, and refused, before anything starts
    ├── SourceError                  125  fetch: no such folder, not readable, unsafe
    │   ├── SourceUnavailableError   125  no answer of a server, a stalled or cut-off transfer
    │   ├── SourceRefusedError       125  credentials missing or not accepted, no such repository
    │   └── VersionNotFoundError     125  no such branch, tag or commit
    ├── ProjectError                 125  load: the project file or a file that it names
    ├── ParameterError               125  bind: one or several values, all reported at once
    ├── CommandError                 125  bind: the command's template, quoting
    ├── InputError                   125  gather: a remote path that cannot be had
    │   └── InputUnavailableError    125  no answer of a server, a stalled or cut-off transfer
    ├── EnvironmentBuildError        125  prepare: no such Python, a failed build
    │   └── EnvironmentNotBuiltError 125  `mlrun env`: it is not built, and was not to be
    ├── TrackingError                125  track
    │   ├── TrackingUnavailableError 125  no answer, or 5xx after all retries
    │   └── TrackingRefusedError     125  the store answered no: 401, 404, a rule broken
    ├── LaunchError                  125  launch: the command could not be started
    ├── RunNotFoundError             125  `mlrun runs`: no such run
    └── RunFailedError               the command's own code (Python API only)

Library code raises these; only `mlrun.cli.main` prints one and exits. Anything else that
escapes is a bug of mlrun's and keeps its traceback.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import NamedTuple

from mlrun.light_dataclass import dataclass

EXIT_USAGE = 2
EXIT_UNDELIVERED = 123
EXIT_NOT_STARTED = 125


@dataclass(frozen=True)
class Location:
    """A place in a file that a user wrote.

    Attributes:
        file: The file, as the user would name it.
        line: 1-based line, or None for the file as a whole.
        column: 1-based column, in characters, or None for the line as a whole.
        of: What was fetched that has the file, where there is no such file on this machine.
        end_column: The column after the last character that is meant, on the same line; None
            where that is not known. Two places are equal without it.
        source_line: The line itself, where the file is gone when somebody reads of it; empty
            where it must not be shown.
    """

    file: Path
    line: int | None = None
    column: int | None = None
    of: str | None = None
    end_column: int | None = field(default=None, compare=False, repr=False)
    source_line: str | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return `file:line:column`, the form that editors and terminals make clickable."""
        parts = (self.file, self.line, self.column)
        place = ":".join(str(part) for part in parts if part is not None)
        return place if self.of is None else f"{place} of {self.of}"


class Edit(NamedTuple):
    """A change of a text.

    Attributes:
        start: Offset of the first character that goes, 0-based, without a byte order mark.
        end: Offset after the last one; `start` where nothing goes.
        text: What comes in its place.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (or, as a warning, suspicious): what, where, what to do.

    Attributes:
        message: What is wrong, one sentence without a full stop.
        location: Where, if it is in a file.
        hint: What to do about it, if more than the message says.
        rule: The rule of `mlrun lint` that finds it, None where there is none.
        edits: The changes of the file that mend it, where nobody needs to think about them;
            they do not overlap.
    """

    message: str
    location: Location | None = None
    hint: str | None = None
    rule: str | None = field(default=None, compare=False)
    edits: tuple[Edit, ...] = field(default=(), compare=False, repr=False)


class MlrunError(Exception):
    """The root of the tree; never raised itself.

    Attributes:
        exit_code: What the process exits with when this error ends it.
        phase: The step of the line that it belongs to, as `--output json` names it.
        code: A stable name of the kind of error, for machines.
        problems: One or several problems; never empty.
    """

    exit_code: int = EXIT_NOT_STARTED
    phase: str = "internal"
    code: str = "error"

    def __init__(
        self,
        message: str,
        *,
        location: Location | None = None,
        hint: str | None = None,
        rule: str | None = None,
        edits: tuple[Edit, ...] = (),
    ) -> None:
        self.problems: tuple[Problem, ...] = (Problem(message, location, hint, rule, edits),)
        super().__init__(message)

    @property
    def message(self) -> str:
        """What is wrong; several problems are separated by a semicolon."""
        return "; ".join(problem.message for problem in self.problems)

    @property
    def hint(self) -> str | None:
        """What to do about the first problem that says so."""
        return next((p.hint for p in self.problems if p.hint), None)

    @property
    def location(self) -> Location | None:
        """Where the first problem with a place is."""
        return next((p.location for p in self.problems if p.location), None)


class UsageError(MlrunError):
    """The request contradicts itself: two flags that exclude each other, a bad `-P`."""

    exit_code = EXIT_USAGE
    phase = "request"
    code = "usage"


class NotSupportedError(MlrunError):
    """Something that mlrun knows by name and does not do."""

    phase = "request"
    code = "not_supported"


class SourceError(MlrunError):
    """The project could not be reached."""

    phase = "fetch"
    code = "source"


class SourceUnavailableError(SourceError):
    """A server did not answer, or a transfer stalled or was cut off."""

    code = "source_unavailable"


class SourceRefusedError(SourceError):
    """A server answered no: credentials are missing or wrong, or nothing is there."""

    code = "source_refused"


class VersionNotFoundError(SourceError):
    """The repository has no such branch, tag or commit."""

    code = "version_not_found"


class ProjectError(MlrunError):
    """The project file, or a file that it names, is wrong."""

    phase = "load"
    code = "project"


class ParameterError(MlrunError):
    """Values that the entry point cannot take. All mistakes are reported at once.

    Args:
        problems: One entry a mistake; at least one.
    """

    phase = "bind"
    code = "parameter"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class CommandError(MlrunError):
    """The command's template cannot be rendered, or not safely."""

    phase = "bind"
    code = "command"


class InputError(MlrunError):
    """A remote path among the values cannot be had."""

    phase = "gather"
    code = "input"


class InputUnavailableError(InputError):
    """No answer of a server, or a transfer that stalled or was cut off, after all tries."""

    code = "input_unavailable"


class EnvironmentBuildError(MlrunError):
    """The environment that the project asks for could not be made."""

    phase = "prepare"
    code = "environment"


class EnvironmentNotBuiltError(EnvironmentBuildError):
    """The environment is not there, and was only looked for."""

    code = "environment_not_built"


class TrackingError(MlrunError):
    """The tracking store could not be used."""

    phase = "track"
    code = "tracking"


class TrackingUnavailableError(TrackingError):
    """No answer from the tracking server, or only 429 and 5xx, after all retries."""

    code = "tracking_unavailable"


class TrackingRefusedError(TrackingError):
    """The tracking store answered, and the answer was no."""

    code = "tracking_refused"


class LaunchError(MlrunError):
    """The command could not be started."""

    phase = "launch"
    code = "launch"


class RunNotFoundError(MlrunError):
    """No run of that name is known here."""

    phase = "request"
    code = "run_not_found"


class RunFailedError(MlrunError):
    """The command ran and failed. Raised by the Python API only.

    Args:
        message: What ended, and how.
        run_id: The run that failed.
        exit_code: The command's own exit code, or 128+n for signal n.
    """

    phase = "run"
    code = "run_failed"

    def __init__(self, message: str, *, run_id: str | None, exit_code: int) -> None:
        super().__init__(message)
        self.run_id = run_id
        self.exit_code = exit_code
