"""`mlrun env`: the environments that are kept, building them before a run, and making room."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import click

from mlrun.cli.env_options import request_of, with_choosing
from mlrun.cli.env_removal import (
    remove_entries,
    remove_images,
    remove_leftovers,
    remove_packages,
)
from mlrun.cli.env_view import DOCUMENT_VERSION, document_of, facts_of_entry, lines_of, row_of
from mlrun.cli.narration import end_passing, narrate, say, say_passing
from mlrun.cli.output import print_problem
from mlrun.cli.settings import Settled
from mlrun.cli.shared_options import ENV_LIMIT, FORM
from mlrun.cli.size import Size
from mlrun.cli.wording import aligned
from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.errand import Errand, on_errand
from mlrun.environments.store.entries import Entry, entries, short_keys
from mlrun.environments.store.layout import environments_folder
from mlrun.environments.store.pruning import beyond, left_behind, named, unused_since
from mlrun.errors import EnvironmentBuildError, EnvironmentNotBuiltError, UsageError
from mlrun.execution.interruption import signals_raise
from mlrun.preparing import chosen_for
from mlrun.request import RunRequest
from mlrun.sizes import size_in_words

_DAY = 86400
_USUAL_AGE = 30


@click.group()
def command() -> None:
    """Look after the environments that projects run in.

    Each is built once, and used by all projects that ask for the same. One that a run uses is
    never removed.
    """


@command.command("list")
@FORM
def list_environments(form: str) -> None:
    """List what is there, the last used first."""
    folder = environments_folder(os.environ)
    found = entries(folder)
    sizes = {entry.key: entry.size() for entry in found}
    total = sum(sizes.values())
    if form == "json":
        documents = [document_of(entry, sizes[entry.key]) for entry in found]
        document = {"version": DOCUMENT_VERSION, "folder": str(folder), "bytes": total}
        click.echo(json.dumps({**document, "environments": documents}, indent=2))
        return
    if not found:
        say("no environment is kept")
        return
    short = short_keys(found)
    head = ("key", "manager", "python", "size", "last used", "", "for")
    rows = [row_of(entry, short[entry.key], sizes[entry.key]) for entry in found]
    for line in aligned([head, *rows]):
        click.echo(line)
    say(f"{size_in_words(total)} in {folder}, at most: files shared with package caches count too")


@command.command(cls=Settled)
@click.argument("what", metavar="KEY|URI")
@with_choosing
@FORM
def show(what: str, form: str, **words: Any) -> None:
    """Show one environment: of a key, or of a project."""
    entry = _entry(what, words)
    if form == "json":
        document = {**document_of(entry, entry.size()), **facts_of_entry(entry)}
        click.echo(json.dumps({"version": DOCUMENT_VERSION, **document}, indent=2))
        return
    for line in lines_of(entry):
        click.echo(line)


@command.command(cls=Settled)
@click.argument("what", metavar="KEY|URI")
@with_choosing
def path(what: str, **words: Any) -> None:
    """Print the folder of an environment: of a key, or of a project."""
    folder = _entry(what, words).folder
    if folder is None:
        raise EnvironmentNotBuiltError(
            f"the environment {what} is not complete", hint="it is built when a project needs it"
        )
    click.echo(folder)


@command.command(cls=Settled)
@click.argument("uri", default=".")
@with_choosing
@click.option("--dry-run", is_flag=True, help="Print the key only, and build nothing.")
@ENV_LIMIT
@FORM
def build(uri: str, dry_run: bool, env_limit: int | None, form: str, **words: Any) -> None:
    """Build a project's environment, and print its key.

    Nothing is run. The key is the same wherever the same environment is asked for, so that a CI
    job can keep the environment under it.
    """
    errand = Errand(
        may_build=not dry_run, offline=words["offline"], limit=env_limit, progress=say_passing
    )
    with signals_raise():
        is_any = words["entry_point"] is None
        document = _build(request_of(uri, words), errand, any_entry_point=is_any)
        for chore in errand.chores:
            chore.join()
    if form == "json":
        click.echo(json.dumps(document, indent=2))
    elif document["key"] is not None:
        click.echo(document["key"])


@command.command()
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help=f"Remove what was not used for so long [default: {_USUAL_AGE}, without --max-size].",
)
@click.option(
    "--max-size", "limit", type=Size(), metavar="SIZE", help="Remove the least used beyond this."
)
@click.option(
    "--images", is_flag=True, help="Remove Docker images that mlrun built so long ago, too."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def prune(days: int | None, limit: int | None, *, images: bool, dry_run: bool) -> None:
    """Remove what was not used for long, the least used first.

    And what builds that failed, or were killed, have left; and conda packages that no
    environment uses. What a run uses stays.
    """
    folder = environments_folder(os.environ)
    found = entries(folder)
    if days is None and limit is None:
        days = _USUAL_AGE
    moment = time.time() - days * _DAY if days is not None else None
    going = left_behind(found)
    going += unused_since(found, moment) if moment is not None else []
    rest = [entry for entry in found if entry not in going]
    going += beyond(rest, limit) if limit is not None else []
    done = remove_entries(going, dry_run=dry_run)
    staying = [entry for entry in rest if entry not in going]
    done.freed += remove_leftovers(folder, staying, dry_run=dry_run)
    if moment is not None:
        done.freed += remove_packages(moment, dry_run=dry_run)
    if images:
        remove_images(moment if moment is not None else time.time(), done)
    done.sum_up(EnvironmentBuildError, at_most=True)


@command.command()
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Remove all that no run uses.")
def remove(keys: tuple[str, ...], *, everything: bool) -> None:
    """Remove environments, named by the beginnings of their keys."""
    if everything == bool(keys):
        raise UsageError("say which environments to remove: their keys, or --all for all of them")
    folder = environments_folder(os.environ)
    found = entries(folder)
    done = remove_entries(found if everything else named(found, keys), dry_run=False)
    if everything:
        done.freed += remove_leftovers(folder, (), dry_run=False)
    done.sum_up(EnvironmentBuildError, at_most=True)


def _build(request: RunRequest, errand: Errand, *, any_entry_point: bool) -> dict[str, Any]:
    """Prepare a project's environment; return what is printed of it."""
    with chosen_for(request, narrate, any_entry_point=any_entry_point) as (checkout, kind):
        end_passing()
        errand.project = checkout.known_as
        if kind.manager == "docker" and not errand.may_build:
            say("whether the container's image is here is not looked at")
            prepared = PreparedEnvironment(manager=kind.manager, digest=kind.digest())
            return _built(errand, "unknown", prepared)
        try:
            with on_errand(errand):
                prepared = kind.prepare(say)
        except EnvironmentNotBuiltError:
            say("the environment is not built yet")
            return _built(errand, "missing", PreparedEnvironment(manager=kind.manager))
        finally:
            end_passing()
        prepared.release()
    if prepared.manager is None or not (errand.keys or prepared.digest):
        say("the project runs in an environment that mlrun does not build: nothing to do")
        return _built(errand, "none", prepared)
    for warning in prepared.warnings:
        print_problem("warning", warning)
    state = "built" if errand.built else "hit"
    what = "built" if errand.built else "the environment is there already"
    say(f"{what}: {prepared.folder}" if prepared.folder is not None else what)
    return _built(errand, state, prepared)


def _built(errand: Errand, state: str, prepared: PreparedEnvironment) -> dict[str, Any]:
    """Return what is printed of an environment that was prepared, or only looked for.

    Where one environment lies on another, the key is that of the lower one: the upper one is
    bound to this machine's folders.
    """
    return {
        "version": DOCUMENT_VERSION,
        "key": errand.keys[0] if errand.keys else prepared.digest,
        "state": state,
        "manager": prepared.manager or "local",
        "python": prepared.python_version,
        "folder": str(prepared.folder) if prepared.folder is not None else None,
        "lock": str(prepared.lock) if prepared.lock is not None else None,
        "cache": str(environments_folder(os.environ)),
    }


def _entry(what: str, words: dict[str, Any]) -> Entry:
    """Return the entry that a key names, or the one of a project.

    Raises:
        UsageError: There is no such key.
        EnvironmentNotBuiltError: The project's environment is not built.
        EnvironmentBuildError: The project has none that is kept here.
    """
    found = entries(environments_folder(os.environ))
    if not _is_place(what):
        return named(found, [what])[0]
    errand = Errand(may_build=False)
    request, is_any = request_of(what, words), words["entry_point"] is None
    with chosen_for(request, narrate, any_entry_point=is_any) as (_, kind):
        end_passing()
        _refuse_unkept(kind.manager)
        with on_errand(errand):
            prepared = kind.prepare(say)
        prepared.release()
    key = errand.keys[-1] if errand.keys else None
    fitting = [entry for entry in found if entry.key == key]
    if not fitting:
        _refuse_unkept("local")
    return fitting[0]


def _is_place(what: str) -> bool:
    """Return whether words name a project, not a key."""
    return Path(what).exists() or not what.isalnum()


def _refuse_unkept(manager: str) -> None:
    if manager not in ("local", "docker"):
        return
    is_docker = manager == "docker"
    raise EnvironmentBuildError(
        "the project runs in a container, which has no folder here"
        if is_docker
        else "the project runs in an environment that mlrun does not build: none is kept here",
        hint="`docker image ls` shows its image" if is_docker else None,
    )
