"""What the command line says: calm lines on standard error, documents on standard output."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlrun.cli.narration import end_passing, narrate, printable, say, say_styled
from mlrun.cli.streams import print_document
from mlrun.cli.style import style_of
from mlrun.errors import MlrunError, Problem, UsageError
from mlrun.events import Event, EventKind
from mlrun.outcome import Outcome
from mlrun.plan import Plan
from mlrun.tracking.target import resolve_target

RESULT_VERSION = 1

_ALWAYS = frozenset({EventKind.WARNING, EventKind.PROGRESS})


class Output:
    """Says what happens in one run.

    Args:
        form: `text`, `json` (one document at the end) or `json-lines` (each event).
        result_file: A further place for the final document.
        quiet: Say nothing but errors.
        verbose: Say each step.
    """

    def __init__(self, form: str, result_file: Path | None, *, quiet: bool, verbose: bool) -> None:
        self._form = form
        self._result_file = result_file
        self._quiet = quiet
        self._verbose = verbose

    def listen(self, event: Event) -> None:
        """Take an event of the run."""
        if self._form == "json-lines":
            _write_line(event.to_dict())
        if self._quiet:
            return
        if event.kind is EventKind.WARNING:
            say(f"warning: {_with_place(event)}")
        elif event.kind in _ALWAYS or self._verbose:
            narrate(event.message, passing=bool(event.data.get("passing")))
        elif event.kind is EventKind.PREPARED:
            end_passing()

    def begin(self) -> None:
        """Find out before anything starts whether the result can be written.

        What an earlier run has left in the file is removed.

        Raises:
            UsageError: It cannot.
        """
        path = self._result_file
        if path is None:
            return
        try:
            if path.is_file() or not path.exists():
                path.write_bytes(b"")
        except OSError as error:
            self._result_file = None
            raise UsageError(
                f"the result file '{path}' cannot be written: {error.strerror}"
            ) from None

    def finished(self, outcome: Outcome) -> None:
        """Say how the run ended."""
        self._document({"version": RESULT_VERSION, "outcome": outcome.to_dict(), "error": None})
        if not self._quiet:
            say(_summary(outcome))

    def failed(self, error: MlrunError) -> None:
        """Say, in the documents only, why the command could not be brought to run."""
        self._error(error.message, error_document(error))

    def interrupted(self, exit_code: int) -> None:
        """Say that the command was not brought to run, because someone asked for the end."""
        message = "interrupted before the command started"
        problem = {"message": message, "at": None, "hint": None}
        document = {"phase": "internal", "code": "interrupted", "exit_code": exit_code}
        self._error(message, {**document, "problems": [problem]})

    def _error(self, message: str, document: dict[str, Any]) -> None:
        if self._form == "json-lines":
            _write_line(Event(EventKind.ERROR, message, document).to_dict())
        self._document({"version": RESULT_VERSION, "outcome": None, "error": document})

    def planned(self, plan: Plan) -> None:
        """Print a plan, for a dry run. The event stream has it already."""
        if self._form != "json-lines":
            print_document(json.dumps(plan.to_dict(), indent=2) + "\n")

    def _document(self, document: Mapping[str, Any]) -> None:
        if self._form == "json":
            print_document(json.dumps(document, indent=2) + "\n")
        if self._result_file is not None:
            _write_file(self._result_file, document)


def print_error(error: MlrunError) -> None:
    """Print an error: what, where and what to do, for each problem."""
    for problem in error.problems:
        print_problem("error", problem)


def error_document(error: MlrunError) -> dict[str, Any]:
    """Return an error as `result.schema.json` describes it."""
    return {
        "phase": error.phase,
        "code": error.code,
        "exit_code": error.exit_code,
        "problems": [
            {
                "message": problem.message,
                "at": str(problem.location) if problem.location else None,
                "hint": problem.hint,
            }
            for problem in error.problems
        ],
    }


def print_problem(kind: str, problem: Problem) -> None:
    """Print one problem: what and where, and on a line of its own what to do.

    On a terminal the line of the file that it is about comes between the two.
    """
    place = f"{problem.location}: " if problem.location else ""
    style = style_of(2)
    if style is None:
        say(f"{kind}: {place}{problem.message}")
    else:
        from mlrun.cli.excerpt import excerpt

        message = style.strong(printable(problem.message))
        say_styled(f"{style.kind(kind)}: {printable(place)}{message}")
        for line in excerpt(problem, style=style, indent=len("mlrun:   ")):
            say_styled(f"  {line}")
    if problem.hint:
        say(f"  hint: {problem.hint}")


def _with_place(event: Event) -> str:
    place = event.data.get("at")
    hint = event.data.get("hint")
    return f"{place}: " * bool(place) + event.message + f" ({hint})" * bool(hint)


def _summary(outcome: Outcome) -> str:
    there = f" (on the server {outcome.server_run_id})" if outcome.server_run_id else ""
    recorded = "recorded in" if outcome.delivered else "its end is not recorded yet in"
    return (
        f"{outcome.status.value.lower()}{_cause(outcome)} in {_duration(outcome.seconds)}, "
        f"run {outcome.run_id}{there}, {recorded} {_where(outcome)}"
    )


def _where(outcome: Outcome) -> str:
    """Return where a person can look at the run."""
    if outcome.web_url is not None:
        return outcome.web_url
    if outcome.tracking_uri is None:
        return "its folder only"
    if outcome.tracking_uri.startswith(("http:", "https:")):
        return outcome.tracking_uri
    place = _short_path(outcome.tracking_uri)
    return f"{place} (look: {_ui_command(outcome.tracking_uri)})"


def _short_path(uri: str) -> str:
    """Return a local store's path as a person names it where they stand."""
    from urllib.parse import unquote

    path = Path(unquote("/" + uri.partition(":")[2].lstrip("/")))
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _ui_command(uri: str) -> str:
    """Return the command that shows what is recorded there, as short as it can be here."""
    try:
        is_in_force = resolve_target(None, Path.cwd(), os.environ) == uri
    except (OSError, MlrunError):
        is_in_force = False
    return "mlrun ui" if is_in_force else f"mlrun ui --tracking-uri {shlex.quote(uri)}"


def _cause(outcome: Outcome) -> str:
    details = [*_ending(outcome), *([outcome.reason] if outcome.reason is not None else [])]
    return f" ({': '.join(details)})" if details else ""


def _ending(outcome: Outcome) -> list[str]:
    if outcome.command_signal is not None:
        import signal

        try:
            return [signal.Signals(outcome.command_signal).name]
        except ValueError:
            return [f"signal {outcome.command_signal}"]
    return [f"exit code {outcome.command_exit_code}"] if outcome.command_exit_code else []


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _write_line(document: Mapping[str, Any]) -> None:
    print_document(json.dumps(document) + "\n")


def _write_file(path: Path, document: Mapping[str, Any]) -> None:
    """Write the result. The run is over: what fails here changes nothing of it."""
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        say(f"warning: the result cannot be written to '{path}': {error.strerror}")
