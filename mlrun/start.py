"""Where the program begins: with the command line, or with what completes one."""

from __future__ import annotations

import os
import sys

COMPLETION = "MLRUN_COMPLETION"
"""The variable in which a shell's script says that words are to be completed: for which shell."""


_EXIT_CTRL_C = 130


def main() -> None:
    """Answer a shell, or run the command line; and exit."""
    try:
        _begin()
    except KeyboardInterrupt:
        # Before the command line was there to take it: it comes with a good part of the start.
        sys.exit(_EXIT_CTRL_C)


def _begin() -> None:
    shell = os.environ.get(COMPLETION)
    if shell:
        from mlrun.completion.answering import answer

        answer(shell)
        return
    from mlrun.cli.main import main as run_command_line

    run_command_line()
