"""Folders of scripts, what is proposed for them, and what that comes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlrun.lint.check import lint_paths
from mlrun.lint.rules.rule import Severity
from mlrun.planning import bind_run
from mlrun.project.load import load_project
from mlrun.project.model import Parameter, Project
from mlrun.request import RunRequest
from mlrun.scaffold.entry_points import Proposal
from mlrun.scaffold.scaffolding import Scaffold, scaffold, write

GUARD = "\nif __name__ == '__main__':\n    main()\n"


def filled(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files by name, and return the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def proposed(folder: Path, **files: str) -> Scaffold:
    """Propose a project for a folder with these files (`train_py` is `train.py`)."""
    return scaffold(filled(folder, {n.replace("_", "."): text for n, text in files.items()}))


def entry_point(folder: Path, script: str, name: str = "main") -> Proposal:
    """Return what is proposed for a folder whose one script this is."""
    found = proposed(folder, train_py=script)
    return next(one for one in found.entry_points if one.name == name)


def parameters(folder: Path, script: str, name: str = "main") -> dict[str, Parameter]:
    """Return the parameters that are proposed for a script, by name."""
    return {one.name: one for one in entry_point(folder, script, name).parameters}


def written(folder: Path) -> Project:
    """Write what is proposed for a folder, and return what it loads as, without a finding."""
    write(scaffold(folder), replaces=True)
    findings = [finding for report in lint_paths([folder]) for finding in report.findings]
    worse = [one.problem for one in findings if one.severity is not Severity.NOTE]
    assert worse == [], (folder / "MLproject").read_text()
    return load_project(folder)


def ran(folder: Path, entry_point: str = "main", **values: str) -> Any:
    """Run an entry point's command as mlrun would, and return the JSON that it prints."""
    request = RunRequest(
        uri=str(folder), entry_point=entry_point, parameters=values, env_manager="local",
        cwd=folder,
    )  # fmt: skip
    bound = bind_run(request, {})
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    answer = subprocess.run(
        ["bash", "-c", bound.render()], cwd=folder, env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    bound.checkout.release()
    assert answer.returncode == 0, f"{bound.render()}\n{answer.stderr}"
    return json.loads(answer.stdout)
