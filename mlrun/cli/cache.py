"""`mlrun cache`: what is kept of fetched projects and data, and making room."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

import click

from mlrun.ages import age
from mlrun.cli.narration import say
from mlrun.cli.removal import Done
from mlrun.cli.shared_options import FORM
from mlrun.cli.wording import aligned, counted
from mlrun.disk import Removal
from mlrun.errors import SourceError
from mlrun.folders import cache_folder, current_folder
from mlrun.sizes import size_in_words
from mlrun.sources.cache.entries import Entry, Kind, entries, remove
from mlrun.sources.cache.selection import named, unused_since
from mlrun.sources.cache.tidying import tidy

_VERSION = 1
_DAY = 86400
_WORDS = {
    Kind.REPOSITORY: "repository",
    Kind.ARCHIVE: "archive",
    Kind.INPUT: "input",
    Kind.WORKING: "working folder",
    Kind.KEPT: "kept folder",
    Kind.LEFT: "leftover folder",
}


@click.group()
def command() -> None:
    """Look after what is kept of fetched projects and data.

    That is projects' repositories and archives, the data of remote paths, and the working
    folders of runs. All but the kept folders is fetched again when it is needed.
    """


@command.command("list")
@FORM
def list_entries(form: str) -> None:
    """List what is there, the last used first."""
    found = [(entry, entry.size()) for entry in entries()]
    total = sum(size for _, size in found)
    if form == "json":
        documents = [_document(entry, size) for entry, size in found]
        document = {"version": _VERSION, "folder": str(cache_folder()), "bytes": total}
        click.echo(json.dumps({**document, "entries": documents}, indent=2))
        return
    if not found:
        say("no project and no data is cached")
        return
    head = ("kind", "size", "last used", "", "address", "folder")
    for line in aligned([head, *(_row(entry, size) for entry, size in found)]):
        click.echo(line)
    say(f"{size_in_words(total)} in {cache_folder()}, besides environments")


@command.command()
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=0),
    metavar="DAYS",
    default=30,
    show_default=True,
    help="Remove what was not used for so long.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def prune(days: int, *, dry_run: bool) -> None:
    """Remove what was not used for long.

    And what killed runs and fetches have left behind. What a run uses stays, and so do kept
    folders.
    """
    found = entries()
    unused = unused_since(found, time.time() - days * _DAY)
    done = _remove(unused, dry_run=dry_run)
    if not dry_run:
        done.freed += _tidy(entry for entry in found if entry not in unused)
    done.sum_up(SourceError)


@command.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--kept", is_flag=True, help="Remove kept folders too.")
def clear(names: tuple[str, ...], *, kept: bool) -> None:
    """Remove all, or only what is named.

    A NAME is the URI of a project or of data as `mlrun run` takes it, a folder in the cache,
    or the beginning of that folder's name. What a run uses stays.
    """
    found: Sequence[Entry] = entries()
    if names:
        found = named(found, names, current_folder())
    staying = [] if kept else [entry for entry in found if entry.kind is Kind.KEPT]
    done = _remove([entry for entry in found if entry not in staying], dry_run=False)
    if staying:
        stay = "stays" if len(staying) == 1 else "stay"
        say(f"{counted(len(staying), 'kept folder')} {stay}; --kept removes those too")
        done.stayed += len(staying)
    done.sum_up(SourceError)


def _remove(found: Iterable[Entry], *, dry_run: bool) -> Done:
    """Remove entries, saying which."""
    done = Done(dry_run)
    for entry in found:
        size = entry.size()
        removal = Removal.REMOVED if dry_run else remove(entry)
        done.note(removal, _named(entry), size, str(entry.folder))
    return done


def _tidy(found: Iterable[Entry]) -> int:
    total = 0
    for entry in found:
        freed = tidy(entry)
        if freed:
            say(f"made {_named(entry)} smaller by {size_in_words(freed)}")
        total += freed
    return total


def _named(entry: Entry) -> str:
    name = entry.uri if entry.is_fetched else ""
    return f"{_WORDS[entry.kind]} {name or entry.folder}"


def _row(entry: Entry, size: int) -> tuple[str, ...]:
    return (
        _WORDS[entry.kind],
        size_in_words(size),
        f"{age(entry.last_used)} ago",
        "in use" if entry.in_use else "",
        entry.uri,
        "" if entry.is_fetched else str(entry.folder),
    )


def _document(entry: Entry, size: int) -> dict[str, Any]:
    return {
        "kind": entry.kind.value,
        "key": entry.key,
        "uri": entry.uri or None,
        "folder": str(entry.folder),
        "bytes": size,
        "last_used": int(entry.last_used * 1000),
        "in_use": entry.in_use,
    }
