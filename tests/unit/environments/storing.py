"""A store to build into, here or from processes of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from mlrun.environments.store.store import BuildPlace, Facts

DRIVER = Path(__file__).with_name("store_driver.py")
KEY = "0123456789abcdef"


def usable(_folder: Path, _facts: Facts) -> bool:
    return True


def simple(place: BuildPlace) -> Facts:
    place.environment.mkdir()
    (place.work / "scratch").touch()
    (place.environment / "content").write_text("x" * 1000)
    return {"made": "well"}


def start(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    """Obtain the environment from the store in `tmp_path`, as `store_driver.py` says."""
    argv = [sys.executable, str(DRIVER), str(tmp_path / "store"), KEY, str(tmp_path / "notes")]
    return subprocess.Popen(
        [*argv, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() or file.stat().st_size == 0:
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.02)
