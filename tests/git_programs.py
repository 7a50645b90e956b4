"""git's own programs, as servers start them."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

from tests.components import missing

# The settings of the one who runs the tests are not the server's.
SERVER_VARIABLES = {
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


@functools.cache
def git_program(name: str, component: str) -> str:
    """Return the path of one of git's own programs, or end the test that needs it."""
    done = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip(), name)
    if done.returncode != 0 or not path.exists():
        missing(component, f"git has no program {name} here")
    return str(path)
