"""When the commit of a folder's code was made."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from mlrun.sources.git.process import GitError, GitMissingError, ask_git, looking_environ


def commit_date(folder: Path) -> datetime | None:
    """Return when HEAD was committed, in UTC, by one git process.

    Args:
        folder: A working tree, or a folder in one.

    Returns:
        None where there is no commit, no repository or no git.
    """
    command = ("log", "-1", "--no-show-signature", "--no-color", "--format=%ct", "HEAD", "--")
    try:
        answer = ask_git(*command, folder=folder, environ=looking_environ())
    except (GitError, GitMissingError):
        return None
    text = answer.stdout.strip()
    if answer.returncode != 0 or not text.isdigit():
        return None
    return datetime.fromtimestamp(int(text), timezone.utc)
