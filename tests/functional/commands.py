"""Running mlrun as a user does: a process of its own, in some folder."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MLRUN = (sys.executable, "-m", "mlrun")


@dataclass(frozen=True)
class RecordedRun:
    """A run in a local database, read without mlrun.

    Attributes:
        database: The file.
        name: The run's id.
    """

    database: Path
    name: str


@dataclass(frozen=True)
class Place:
    """A folder to stand in, with a project to run and a database to record in."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def store(self) -> Path:
        """Where a file store would be, and where the artifacts of a database's runs are."""
        return self.folder / "mlruns"

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    def write(self, mlproject: str, **files: str) -> None:
        """Write the project file, and other files by name (`train_py` is `train.py`)."""
        self.project.mkdir(exist_ok=True)
        (self.project / "MLproject").write_text(mlproject)
        for name, text in files.items():
            (self.project / name.replace("_", ".")).write_text(text)

    def mlrun(
        self,
        *words: str | Path,
        env: dict[str, str] | None = None,
        stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run mlrun with these words, and return what it printed and its exit code."""
        return subprocess.run(
            [*MLRUN, *map(str, words)],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run_project(
        self, *words: str | Path, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the project."""
        return self.mlrun("run", "project", *words, env=env)

    def runs(self, experiment: str = "0") -> list[RecordedRun]:
        """Return the recorded runs, the oldest first."""
        query = "SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, rowid"
        if not self.database.exists():
            return []
        found = _rows(self.database, query, experiment)
        return [RecordedRun(self.database, run_id) for (run_id,) in found]

    def run_folders(self) -> list[Path]:
        """Return mlrun's own folders of the runs."""
        runs = Path(os.environ["MLRUN_STATE_DIR"]) / "runs"
        return [path for path in runs.iterdir() if not path.name.startswith(".")]


def recorded(run: RecordedRun, kind: str) -> dict[str, str]:
    """Return the `params` or `tags` of a run, by name."""
    return dict(_rows(run.database, f"SELECT key, value FROM {kind} WHERE run_uuid = ?", run.name))


def status(run: RecordedRun) -> str:
    """Return the status of a run."""
    ((found,),) = _rows(run.database, "SELECT status FROM runs WHERE run_uuid = ?", run.name)
    return str(found)


def _rows(database: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()
