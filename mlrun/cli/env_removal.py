"""Removing environments, and saying what became of each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mlrun.cli.narration import say
from mlrun.cli.wording import counted
from mlrun.disk import discard, size_of
from mlrun.environments.store_entries import Entry, Removal, leftovers, remove, tidy
from mlrun.errors import EnvironmentBuildError
from mlrun.sizes import size_in_words


@dataclass
class Done:
    """What has become of the entries to remove."""

    freed: int = 0
    stayed: int = 0
    refused: list[str] = field(default_factory=list)


def remove_entries(found: Iterable[Entry], *, dry_run: bool) -> Done:
    """Remove environments, saying which."""
    done = Done()
    for entry in found:
        size = entry.size()
        if dry_run:
            is_used = entry.builder is not None or entry.is_in_use()
            removal = Removal.IN_USE if is_used else Removal.REMOVED
        else:
            removal = remove(entry)
        if removal is Removal.REMOVED:
            verb = "would remove" if dry_run else "removed"
            say(f"{verb} {_named(entry)} ({size_in_words(size)})")
            done.freed += size
        elif removal is Removal.IN_USE:
            say(f"in use, and stays: {_named(entry)}")
            done.stayed += 1
        else:
            done.refused.append(str(entry.home))
    return done


def remove_leftovers(folder: Path, staying: Iterable[Entry], *, dry_run: bool) -> int:
    """Remove what is no entry, or no part of one that can be used; return the bytes.

    Args:
        folder: The store's.
        staying: The entries to look into for what killed builds have left.
        dry_run: Do nothing.
    """
    if dry_run:
        return 0
    freed = 0
    for gone in leftovers(folder):
        freed += size_of(gone)
        discard(gone)
    return freed + sum(tidy(entry) for entry in staying)


def remove_packages(moment: float, *, dry_run: bool) -> int:
    """Remove conda packages that no environment uses, fetched before a moment; return the bytes."""
    from mlrun.environments.conda.unused_packages import remove_package, unused_packages

    freed = number = 0
    for package in unused_packages(os.environ, moment):
        size = size_of(package)
        if dry_run or remove_package(package):
            number += 1
            freed += size
    if number:
        verb = "would remove" if dry_run else "removed"
        packages = counted(number, "conda package")
        say(f"{verb} {packages} that no environment uses ({size_in_words(freed)})")
    return freed


def remove_images(moment: float, *, dry_run: bool) -> Done:
    """Remove images of mlrun's, built before a moment, that no container uses.

    Raises:
        EnvironmentBuildError: No engine answers.
    """
    from mlrun.environments.docker.built_images import built_images, remove_image

    done = Done()
    for image in built_images(os.environ):
        if image.created >= moment:
            continue
        if dry_run or remove_image(os.environ, image):
            verb = "would remove" if dry_run else "removed"
            say(f"{verb} image {image.name} ({size_in_words(image.size)})")
            done.freed += image.size
        else:
            say(f"in use, and stays: image {image.name}")
            done.stayed += 1
    return done


def sum_up(done: Done, *, dry_run: bool) -> None:
    """Say how much room there is now.

    Raises:
        EnvironmentBuildError: Something may not be removed.
    """
    if done.freed:
        say(f"up to {size_in_words(done.freed)} {'would be ' if dry_run else ''}freed")
    elif not done.stayed and not done.refused:
        say("nothing to remove")
    if done.refused:
        raise EnvironmentBuildError(
            f"not all could be removed of {', '.join(done.refused)}",
            hint="it belongs to another user, or the disk is read-only",
        )


def _named(entry: Entry) -> str:
    whose = f" for {entry.projects[0]}" if entry.projects else ""
    what = "environment" if entry.is_complete else "incomplete environment"
    return f"{what} {entry.key}{whose}"
