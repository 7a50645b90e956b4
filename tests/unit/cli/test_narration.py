"""Lines that stay, and lines that pass."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

CODE = """
from mlrun.cli.narration import narrate
narrate("10 %", passing=True)
narrate("20 %\\x1b[31m", passing=True)
narrate("done")
narrate("next")
"""


def test_without_a_terminal_only_few_passing_lines_are_printed() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    assert answer.stderr == "mlrun: done\nmlrun: next\n"


def test_on_a_terminal_a_passing_line_is_replaced() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb") as screen:
        subprocess.run([sys.executable, "-c", CODE], stderr=theirs, check=True)
        os.close(theirs)
        shown = screen.read1(4096).decode()
    erase = "\r\x1b[2K"
    expected = f"mlrun: 10 %{erase}mlrun: 20 %\\x1b[31m{erase}mlrun: done\r\nmlrun: next\r\n"
    assert shown == expected
