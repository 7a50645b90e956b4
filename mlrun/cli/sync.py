"""`mlrun sync`: delivers what a tracking server has not got yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import monotonic
from typing import Any

import click

from mlrun.cli.narration import say
from mlrun.cli.shared_options import FORM
from mlrun.cli.wording import aligned, counted, when
from mlrun.errors import EXIT_UNDELIVERED
from mlrun.sizes import size_in_words
from mlrun.syncing import Sync, Synced, Undelivered, find_undelivered, sync

_PATIENCE = 2.0
"""Seconds after which, and how often, the progress is said."""


@click.command()
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Show what is undelivered, and stop.")
@FORM
def command(runs: tuple[str, ...], *, only_list: bool, form: str) -> int:
    """Deliver what a tracking server has not got yet.

    Takes the records that earlier runs on this machine had to keep, or only those of each RUN: a
    run's id, the beginning of its id, or `last`. The exit code is 123 where something is left.
    """
    found = find_undelivered(runs)
    if only_list:
        _show(found, form)
        return 0
    done = list(_deliver(found))
    left = sum(synced.left for synced in done)
    if form == "json":
        click.echo(json.dumps({"runs": [_result(synced) for synced in done]}, indent=2))
    else:
        _sum_up(done)
    return EXIT_UNDELIVERED if left else 0


def _deliver(found: Sequence[Undelivered]) -> list[Synced]:
    progress = _Progress()
    done = []
    for synced in sync(found, progress):
        done.append(synced)
        if synced.what is Sync.RUNNING:
            say(
                f"run {synced.run.run_id} is still running, or another `mlrun sync` is at it: "
                "that delivers it"
            )
        elif synced.what in (Sync.FAILED, Sync.ELSEWHERE):
            say(f"run {synced.run.run_id} is not delivered: {synced.reason}")
    return done


class _Progress:
    """Says how far it is, when it takes long."""

    def __init__(self) -> None:
        self._next = monotonic() + _PATIENCE

    def __call__(self, run: Undelivered, left: int) -> None:
        if monotonic() >= self._next:
            say(f"run {run.run_id}: {left} of {run.records} records to go")
            self._next = monotonic() + _PATIENCE


def _sum_up(done: Sequence[Synced]) -> None:
    for target in dict.fromkeys(synced.run.target for synced in done):
        of_target = [synced for synced in done if synced.run.target == target]
        sent = sum(s.run.records - s.left - s.refused for s in of_target)
        if sent > 0:
            say(f"{counted(sent, 'record')} delivered to {target}")
        away = [synced for synced in of_target if synced.what is Sync.AWAY]
        if away:
            left = counted(sum(s.left for s in away), "record")
            runs = counted(len(away), "run")
            say(f"{left} of {runs} not delivered to {target}: {away[0].reason}")
    for synced in done:
        if synced.server_run_id is not None:
            say(f"run {synced.run.run_id} is run {synced.server_run_id} on {synced.run.target}")
        if synced.refused:
            path = synced.run.folder.path / "journal" / "refused.jsonl"
            refused = counted(synced.refused, "record")
            say(f"warning: {refused} of run {synced.run.run_id} refused: {path}")
    if not done:
        say("all is delivered")


def _show(found: Sequence[Undelivered], form: str) -> None:
    if form == "json":
        click.echo(json.dumps({"runs": [_document(run) for run in found]}, indent=2))
        return
    if not found:
        say("all is delivered")
        return
    head = ("run", "records", "size", "refused", "since", "target")
    for line in aligned([head, *map(_row, found)]):
        click.echo(line)


def _row(run: Undelivered) -> tuple[str, ...]:
    records = f"{run.records}{' (running)' if run.is_running else ''}"
    return (
        run.run_id,
        records,
        size_in_words(run.size),
        str(run.refused),
        when(run.since),
        run.target,
    )


def _document(run: Undelivered) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "tracking_uri": run.target,
        "records": run.records,
        "bytes": run.size,
        "since": run.since,
        "refused": run.refused,
        "running": run.is_running,
    }


def _result(synced: Synced) -> dict[str, Any]:
    return {
        "run_id": synced.run.run_id,
        "tracking_uri": synced.run.target,
        "result": synced.what.value,
        "records": synced.run.records,
        "left": synced.left,
        "refused": synced.refused,
        "reason": synced.reason,
        "server_run_id": synced.server_run_id,
    }
