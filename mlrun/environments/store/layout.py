"""How the store of environments meets the disk.

::

    <folder>/<key>/complete.json     what was built, and in which attempt; written last
                   projects.json     who uses it besides the one that it was built for
                   lease             held (shared) by everyone who uses the environment
                   builder           who builds, where, since when, for what
                   build.log         of the last build
                   <attempt>/env     the environment itself
                   <attempt>/work    what the build needs; removed at its end
                   <attempt>/lock.json   exactly what is in it
    <folder>/.locks/<key>            held by the one who builds or removes
    <folder>/.gone-*                 being removed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlrun.disk import is_for_want_of_room, read_json
from mlrun.errors import EnvironmentBuildError
from mlrun.folders import MOVE_CACHE, cache_folder

MARKER = "complete.json"
PROJECTS = "projects.json"
LEASE = "lease"
BUILDER = "builder"
LOG = "build.log"
LOCK = "lock.json"
LOCKS = ".locks"
GONE = ".gone-"

Facts = Mapping[str, Any]
"""What a build wants to be known about its result; JSON values."""


def environments_folder(environ: Mapping[str, str]) -> Path:
    """Return where environments are kept: below MLflow's own root if the user set that."""
    root = environ.get("MLFLOW_ENV_ROOT")
    return Path(root).expanduser().absolute() / "mlrun" if root else cache_folder() / "environments"


def key_lock(folder: Path, key: str) -> Any:
    """Return the lock (of filelock) for building and removing an environment."""
    from filelock import FileLock

    return FileLock(folder / LOCKS / key)


def facts_of(home: Path) -> dict[str, Any]:
    """Return the facts in an environment's folder; empty where it is not complete."""
    facts = read_json(home / MARKER)
    attempt = facts.get("attempt") if isinstance(facts, dict) else None
    return facts if isinstance(attempt, str) and attempt.isalnum() else {}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that names the folder.

    Raises:
        EnvironmentBuildError: In place of an OSError: full, read-only, no permission.
    """
    try:
        yield
    except OSError as error:
        is_full = is_for_want_of_room(error)
        raise EnvironmentBuildError(
            f"the environment cannot be kept in {folder}: {error.strerror or error}",
            hint=f"make room (`mlrun env prune`); {MOVE_CACHE}" if is_full else MOVE_CACHE,
        ) from error
