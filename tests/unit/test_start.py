"""How the program begins."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

INTERRUPTED = """
import signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
from mlrun.start import main
main()
"""


@pytest.mark.parametrize("module", ["mlrun.cli.main", "click", "mlrun.completion.answering"])
def test_ctrl_c_while_modules_are_imported_says_nothing(module: str) -> None:
    shell = {"MLRUN_COMPLETION": "bash"} if "completion" in module else {}
    answer = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module],
        env={**os.environ, **shell},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (130, "", "")
