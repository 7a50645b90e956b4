from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.errors import LaunchError
from mlrun.execution.command import Command
from mlrun.execution.process import Streams, start


def command(folder: Path, *argv: str, cwd: Path | None = None) -> Command:
    return Command(argv=argv, cwd=cwd or folder, env=dict(os.environ), mark="m", log=folder / "log")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("no-such-program",), "no-such-program was not found"),
        (("./not-executable",), "permission denied"),
        (("echo", "x" * 10_000_000), "longer than the system allows"),
        (("echo", "a\0b"), "a character that no program can be given"),
    ],
)
def test_what_cannot_be_started_says_why(tmp_path: Path, argv: tuple[str, ...], told: str) -> None:
    (tmp_path / "not-executable").write_text("#!/bin/sh\n")
    with pytest.raises(LaunchError, match=told):
        start(command(tmp_path, *argv), Streams(None, 1, 2))


def test_missing_folder_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(LaunchError, match=f"no folder {gone}"):
        start(command(tmp_path, "echo", cwd=gone), Streams(None, 1, 2))


def test_program_is_looked_up_on_the_path_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="bash was not found"):
        start(
            Command(("bash",), tmp_path, {"PATH": str(tmp_path)}, "m", tmp_path / "log"),
            Streams(None, 1, 2),
        )
