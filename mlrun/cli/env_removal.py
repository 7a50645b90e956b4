"""Removing environments, and saying what became of each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mlrun.cli.narration import say
from mlrun.cli.removal import Done
from mlrun.cli.wording import counted
from mlrun.disk import Removal, discard, size_of
from mlrun.environments.store.entries import Entry, leftovers, remove, tidy
from mlrun.sizes import size_in_words


def remove_entries(found: Iterable[Entry], *, dry_run: bool) -> Done:
    """Remove environments, saying which."""
    done = Done(dry_run)
    for entry in found:
        size = entry.size()
        if dry_run:
            is_used = entry.builder is not None or entry.is_in_use()
            removal = Removal.IN_USE if is_used else Removal.REMOVED
        else:
            removal = remove(entry)
        done.note(removal, _named(entry), size, str(entry.home))
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


def remove_images(moment: float, done: Done) -> None:
    """Remove images of mlrun's, built before a moment, that no container uses.

    Args:
        moment: Seconds since the epoch.
        done: Takes what became of each.

    Raises:
        EnvironmentBuildError: No engine answers.
    """
    from mlrun.environments.docker.built_images import built_images, remove_image

    for image in built_images(os.environ):
        if image.created < moment:
            is_gone = done.dry_run or remove_image(os.environ, image)
            removal = Removal.REMOVED if is_gone else Removal.IN_USE
            done.note(removal, f"image {image.name}", image.size)


def _named(entry: Entry) -> str:
    whose = f" for {entry.projects[0]}" if entry.projects else ""
    what = "environment" if entry.is_complete else "incomplete environment"
    return f"{what} {entry.key}{whose}"
