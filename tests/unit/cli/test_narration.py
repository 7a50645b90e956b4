"""Lines that stay, and lines that pass."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from mlrun.cli.narration import inert

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


@pytest.mark.parametrize(
    "text", ["a: '##[add-mask]b'\n", "a\n  ::error::b\n", "::set-output name=a::b"]
)
def test_github_obeys_nothing_that_a_file_says(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    first, *lines, last = inert(text).splitlines()
    token = last.strip(":")
    assert lines == text.splitlines()
    assert (first, last) == (f"::stop-commands::{token}", f"::{token}::")
    assert len(token) == 32
    assert inert(text) != inert(text)
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    assert inert(text) == text


def test_what_is_no_command_of_github_s_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for text in ("", "std::error\n", "a ::error::b\n# [x]\n"):
        assert inert(text) == text
