"""Lets a checkout that borrows its history from another repository stand on its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    """Yield the `.git` folders that borrow.

    No commit has files in a folder of that name. One of any other name that is laid out as a
    repository may have come with the project: what it says that it borrows is not taken.
    """
    for root, names, _ in os.walk(folder):
        if ".git" in names:
            names.remove(".git")
            git = Path(root) / ".git"
            if not git.is_symlink() and (git / _ALTERNATES).is_file():
                yield git


def _dissociate(git: Path) -> bool:
    """Do what `git clone --dissociate` does at its end."""
    try:
        run_git("--bare", "repack", "-a", "-d", "-q", folder=git)
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
        lenders = [Path(os.fsdecode(line)) for line in alternates.read_bytes().splitlines()]
        if not all(_is_simple(lender) for lender in lenders):
            return False
        for lender in lenders:
            _take_over(lender, git / "objects")
        alternates.unlink()
    except OSError:
        return False
    return True


def _is_simple(lender: Path) -> bool:
    """Return whether a folder of objects is there, and has all of them itself."""
    return lender.is_absolute() and lender.is_dir() and not (lender / "info/alternates").exists()


def _take_over(lender: Path, objects: Path) -> None:
    for root, names, files in os.walk(lender):
        if Path(root) == lender:
            names[:] = [name for name in names if name != "info"]
        target = objects / Path(root).relative_to(lender)
        target.mkdir(exist_ok=True)
        for name in files:
            if not (target / name).exists():
                _link_or_copy(Path(root) / name, target / name)


def _link_or_copy(file: Path, target: Path) -> None:
    from shutil import copyfile

    try:
        os.link(file, target)
    except OSError:
        copyfile(file, target)
