"""Running mlrun as a user does: a process of its own, in some folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MLRUN = (sys.executable, "-m", "mlrun")


@dataclass(frozen=True)
class Place:
    """A folder to stand in, with a project to run and a file store to record in."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def store(self) -> Path:
        return self.folder / "mlruns"

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

    def runs(self, experiment: str = "0") -> list[Path]:
        """Return the folders of the recorded runs, the oldest first."""
        found = [p.parent for p in (self.store / experiment).glob("*/meta.yaml")]
        return sorted(found, key=lambda path: (path / "meta.yaml").stat().st_mtime)

    def run_folders(self) -> list[Path]:
        """Return mlrun's own folders of the runs."""
        runs = Path(os.environ["MLRUN_STATE_DIR"]) / "runs"
        return [path for path in runs.iterdir() if not path.name.startswith(".")]


def recorded(run: Path, kind: str) -> dict[str, str]:
    """Return the parameters or tags of a run in a file store, by name."""
    return {p.name: p.read_text() for p in (run / kind).iterdir()}


def status(run: Path) -> str:
    """Return the status of a run in a file store (mlflow.protos.service_pb2.RunStatus)."""
    import yaml

    number = yaml.safe_load((run / "meta.yaml").read_text())["status"]
    return {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}[number]
