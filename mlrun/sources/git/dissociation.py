"""Lets a checkout that borrows its history from another repository stand on its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlrun.sources.git.process import GitError, GitMissingError, run_git

_ALTERNATES = Path("objects") / "info" / "alternates"


def dissociate(folder: Path) -> bool:
    """Copy what the repositories in a folder borrow, its own and those of its submodules.

    Never raises: where that fails, for lack of git or of space, a repository goes on borrowing.

    Returns:
        Whether none borrows any more.
    """
    done = [_dissociate(git) for git in _borrowing(folder)]
    return all(done)


def _borrowing(folder: Path) -> Iterator[Path]:
    for root, names, files in os.walk(folder):
        if "HEAD" in files and "objects" in names:
            names.remove("objects")
            if (Path(root) / _ALTERNATES).is_file():
                yield Path(root)


def _dissociate(git: Path) -> bool:
    """Do what `git clone --dissociate` does at its end."""
    try:
        run_git("repack", "-a", "-d", "-q", folder=git)
        (git / _ALTERNATES).unlink()
    except GitMissingError:
        return False
    except GitError:
        # History without all of its objects (a partial clone) cannot be packed anew.
        return _take_over_files(git)
    except OSError:
        return False
    return True


def _take_over_files(git: Path) -> bool:
    """Link or copy all object files of the lender, which are never changed once written."""
    alternates = git / _ALTERNATES
    try:
        for line in alternates.read_text(encoding="utf-8").splitlines():
            _take_over(Path(line), git / "objects")
        alternates.unlink()
    except OSError:
        return False
    return True


def _take_over(lender: Path, objects: Path) -> None:
    from shutil import copyfile

    for root, _, files in os.walk(lender):
        target = objects / Path(root).relative_to(lender)
        if target.name == "info":
            continue
        target.mkdir(exist_ok=True)
        for name in files:
            with suppress(FileExistsError):
                try:
                    os.link(Path(root) / name, target / name)
                except FileExistsError:
                    raise
                except OSError:
                    copyfile(Path(root) / name, target / name)
