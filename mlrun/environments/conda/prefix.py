"""What stands in a conda environment about itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlrun.environments.conda.settings import without_login
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.version import parse_version


def is_prefix(folder: Path) -> bool:
    """Return whether a folder is a conda environment."""
    return (folder / "conda-meta" / "history").exists()


def conda_records(prefix: Path) -> Iterator[dict[str, Any]]:
    """Yield what is known of each conda package in an environment."""
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        value = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(value, dict) and "name" in value:
            yield value


def interpreter(prefix: Path) -> Interpreter | None:
    """Return the Python of an environment, None where it has none."""
    for file in (prefix / "conda-meta").glob("python-*.json"):
        numbers = parse_version(file.name.removeprefix("python-"))
        if len(numbers) == 3:
            program = prefix / ("python.exe" if os.name == "nt" else "bin/python")
            return Interpreter(program, (numbers[0], numbers[1], numbers[2]))
    return None


def forget_logins(prefix: Path) -> None:
    """Take user names, passwords and tokens out of what is kept about packages."""
    for file in (prefix / "conda-meta").glob("*.json"):
        text = file.read_text(encoding="utf-8")
        value = json.loads(text)
        for key in ("url", "channel"):
            if isinstance(value.get(key), str):
                value[key] = without_login(value[key])
        plain = json.dumps(value, indent=1)
        file.unlink()  # It may be a hard link into the cache.
        file.write_text(plain, encoding="utf-8")


def note_history(prefix: Path, specs: list[str]) -> None:
    """Say in conda's own words what was asked for, so that conda can go on from it."""
    import time

    file = prefix / "conda-meta" / "history"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    moment = time.strftime("%Y-%m-%d %H:%M:%S")
    quoted = ", ".join(repr(spec) for spec in specs)
    head = f"==> {moment} <==\n# cmd: mlrun\n# update specs: [{quoted}]\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before or head, encoding="utf-8")
