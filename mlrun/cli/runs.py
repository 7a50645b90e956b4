"""`mlrun runs`: what ran on this machine, how it ended, its output."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from mlrun import run_folder
from mlrun.cli.narration import say
from mlrun.cli.shared_options import FORM
from mlrun.cli.wording import when
from mlrun.errors import RunNotFoundError
from mlrun.finishing import LOCK
from mlrun.recovery import settle_shortly
from mlrun.run_folder import RunFolder


@click.group()
def command() -> None:
    """Look at the runs that were started on this machine.

    A run is named by its id, the beginning of its id, or `last`.
    """


@command.command("list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    default=20,
    show_default=True,
    help="How many to show.",
)
@FORM
def list_runs(limit: int, form: str) -> None:
    """List the newest runs."""
    settle_shortly()
    documents = [_document(folder) for folder in run_folder.newest_first()[:limit]]
    if form == "json":
        click.echo(json.dumps({"runs": documents}, indent=2))
        return
    if not documents:
        say("no run was started on this machine yet")
    for document in documents:
        words = [document["run_id"], f"{document['status']:8}", when(document["start_time"])]
        click.echo("  ".join([*words, document["entry_point"] or ""]).rstrip())


@command.command()
@click.argument("run", default="last")
@FORM
def show(run: str, form: str) -> None:
    """Show what a run was, and how it ended."""
    settle_shortly()
    document = _document(run_folder.find(run))
    if form == "json":
        click.echo(json.dumps(document, indent=2))
        return
    for line in _lines(document):
        click.echo(line)


@command.command()
@click.argument("run", default="last")
def log(run: str) -> None:
    """Print a run's output, as it was."""
    folder = run_folder.find(run)
    try:
        file = folder.log.open("rb")
    except FileNotFoundError:
        raise RunNotFoundError(
            f"run {folder.path.name} has no output: its command never started",
            hint=f"mlrun runs show {folder.path.name}",
        ) from None
    with file:
        shutil.copyfileobj(file, sys.stdout.buffer)


def _document(folder: RunFolder) -> dict[str, Any]:
    """Return all that is known of a run."""
    plan = folder.read("plan.json") or {}
    outcome = folder.read("outcome.json") or {}
    owner = folder.read("owner.json") or {}
    work = plan.get("work", {})
    return {
        "run_id": owner.get("run_id", folder.path.name),
        "status": outcome.get("status", "RUNNING"),
        "server_run_id": outcome.get("server_run_id"),
        "reason": outcome.get("reason"),
        "exit_code": outcome.get("command_exit_code"),
        "signal": outcome.get("command_signal"),
        "delivered": outcome.get("delivered"),
        "undelivered_records": _waiting(folder),
        "start_time": outcome.get("start_time") or owner.get("start_time"),
        "end_time": outcome.get("end_time"),
        "host": owner.get("host"),
        "pid": owner.get("pid"),
        "entry_point": work.get("entry_point"),
        "command": work.get("command"),
        "parameters": work.get("parameters", []),
        "source": work.get("source"),
        "environment": work.get("environment"),
        "lock": _existing(folder.path / LOCK),
        "tracking_uri": plan.get("delivery", {}).get("tracking_uri"),
        "log": _existing(folder.log),
        "warnings": [e["message"] for e in folder.events() if e.get("event") == "warning"],
    }


def _existing(file: Path) -> str | None:
    return str(file) if file.exists() else None


def _environment(planned: dict[str, Any]) -> str | None:
    details = [
        *([str(planned["image"])] if planned.get("image") else []),
        *([f"packages as of {planned['as_of']}"] if planned.get("as_of") else []),
        *(["as in mlrun.lock"] if planned.get("locked") else []),
    ]
    manager = planned.get("manager")
    return f"{manager} ({', '.join(details)})" if manager and details else manager


def _waiting(folder: RunFolder) -> int:
    """Return how many records the run's tracking server has not got yet."""
    journal = folder.path / "journal"
    if not journal.is_dir():
        return 0
    from mlrun.tracking.gateway.journal import look

    return look(journal).records


def _lines(document: dict[str, Any]) -> list[str]:
    source = document["source"] or {}
    commit = source.get("commit")
    changed = " with uncommitted changes" if source.get("dirty") else ""
    changed += f" (branch {source['branch']})" if source.get("branch") else ""
    rows: list[tuple[str, str | None]] = [
        ("run", document["run_id"]),
        ("there", document["server_run_id"]),
        ("status", _status(document)),
        ("started", f"{when(document['start_time'])} on {document['host']}"),
        ("ended", when(document["end_time"]) if document["end_time"] else None),
        ("project", source.get("uri")),
        ("commit", f"{commit}{changed}" if commit else None),
        ("entry point", document["entry_point"]),
        ("command", document["command"]),
        *(
            ("parameter", f"{p['name']} = {p['value']}  ({p['origin']})")
            for p in document["parameters"]
        ),
        ("environment", _environment(document["environment"] or {})),
        ("lock", document["lock"]),
        ("recorded in", document["tracking_uri"] or "this folder only"),
        *(("warning", warning) for warning in document["warnings"]),
        ("output", document["log"]),
    ]
    return [f"{name:12} {text}" for name, text in rows if text is not None]


def _status(document: dict[str, Any]) -> str:
    details = []
    if document["exit_code"]:
        details.append(f"exit code {document['exit_code']}")
    if document["signal"]:
        details.append(f"ended by signal {document['signal']}")
    if document["reason"]:
        details.append(document["reason"])
    if document["undelivered_records"]:
        details.append(f"{document['undelivered_records']} records wait for `mlrun sync`")
    elif document["delivered"] is False:
        details.append("not yet delivered to the tracking store")
    return f"{document['status']}" + (f" ({', '.join(details)})" if details else "")
