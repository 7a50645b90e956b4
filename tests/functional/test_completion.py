"""Completion in real shells, at a real terminal: what is typed, and what the shell makes of it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlrun.cli.completion_words import FILE, text_of_module
from tests.components import missing
from tests.functional.commands import Place
from tests.functional.driven import wait_until
from tests.functional.test_terminal import Screen, screen

PROJECT = """name: named
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5, description: How fast}
      optimizer: {type: string, choices: [adam, sgd, "two words"], default: adam}
      token: {type: string, secret: true}
      data: {type: path, default: .}
      shuffle: {type: bool, default: false}
    command: python train.py
  evaluate:
    description: Looks at a model
    parameters: {only_there: string}
    command: python evaluate.py
  "odd$(touch run)'`touch run`": echo
"""

BEGIN, END = "<<", ">>"
_ESCAPE = re.compile(r"\x1b(\[[0-9;?>]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>])")

STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(mlrun completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit && compinit -D && eval "$(mlrun completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "mlrun completion fish | source"),
}


@pytest.fixture
def project(place: Place) -> Place:
    place.write(PROJECT, setup_py="")
    (place.project / "train.py").write_text("")
    (place.folder / "rows.csv").write_text("")
    programs = place.folder / "bin"
    programs.mkdir()
    (programs / "mlrun").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlrun "$@"\n')
    (programs / "mlrun").chmod(0o755)
    return place


Becomes = Callable[[str, str], None]


@pytest.fixture(params=STARTS)
def becomes(request: pytest.FixtureRequest, project: Place, tmp_path: Path) -> Iterator[Becomes]:
    """Types a line with a Tab in it at a shell, and expects what the shell makes of it."""
    name: str = request.param
    if shutil.which(name) is None:
        missing(name, "a shell")
    command, setup = STARTS[name]
    (tmp_path / "home").mkdir()
    environ = {
        **os.environ,
        "PATH": f"{project.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "TERM": "xterm" if name == "fish" else "dumb",
        "INPUTRC": "/dev/null",
    }
    with screen(command, cwd=project.folder, env=environ) as shown:
        shown.resize(40, 400)
        shown.type(f"{setup}; printf 'set-%s\\n' up\r".encode())
        shown.shows("set-up")

        def expect(line: str, wanted: str) -> None:
            # Nothing says that a shell has completed a word, so a slow one gets further tries.
            for patience in (0.3, 1.0, 4.0, 16.0):
                words = _typed(shown, line, patience)
                if words == wanted.split("|"):
                    return
            assert words == wanted.split("|"), shown.shown

        yield expect


def _typed(shown: Screen, line: str, patience: float) -> list[str]:
    """Type a line, and return the words that the shell reads in the end."""
    _quiet(shown, patience)
    shown.shown = b""
    shown.type(line.encode())
    _quiet(shown, patience)
    # The line becomes words of another command, which shows them as the shell has read them.
    shown.type(f"\x01printf '{BEGIN}%s{END}\\n' \r".encode())

    def text() -> str:
        return _ESCAPE.sub("", shown.shown.decode(errors="replace").replace("\r", ""))

    wait_until(lambda: f"{BEGIN}mlrun{END}\n" in text(), f"words of {line!r}")
    _quiet(shown, patience)
    found = re.findall(rf"^{BEGIN}(.*){END}$", text(), re.MULTILINE)
    return found[found.index("mlrun") + 1 :]


def _quiet(shown: Screen, patience: float) -> None:
    """Wait until the shell has shown nothing for a while."""
    before = None
    while before != shown.shown:
        before = shown.shown
        time.sleep(patience)


def test_words_are_completed(becomes: Becomes) -> None:
    becomes("mlrun desc\t", "describe")
    becomes("mlrun run project --experiment-n\tx", "run|project|--experiment-name|x")
    becomes("mlrun run project --env-manager=vir\t", "run|project|--env-manager=virtualenv")
    becomes("mlrun run ro\t", "run|rows.csv")


def test_names_of_the_project_are_completed(becomes: Becomes) -> None:
    becomes("mlrun run project -e ev\t", "run|project|-e|evaluate")
    becomes("mlrun run project -P opt\tsgd", "run|project|-P|optimizer=sgd")
    becomes("mlrun run project -e evaluate -P on\tx", "run|project|-e|evaluate|-P|only_there=x")


def test_values_are_completed(becomes: Becomes) -> None:
    becomes("mlrun run project -P optimizer=s\t", "run|project|-P|optimizer=sgd")
    becomes("mlrun run project -P optimizer=tw\t", "run|project|-P|optimizer=two words")
    becomes("mlrun run project -P data=ro\t", "run|project|-P|data=rows.csv")


def test_a_name_is_one_word_and_runs_nothing(
    becomes: Becomes, project: Place, request: pytest.FixtureRequest
) -> None:
    # Where a quote is open, fish asks for words that begin with it, and there are none.
    in_fish = request.node.callspec.params["becomes"] == "fish"
    for quote in ("",) if in_fish else ("", '"', "'"):
        line = f"mlrun run project -e {quote}odd\t"
        becomes(line, "run|project|-e|odd$(touch run)'`touch run`")
    assert not (project.folder / "run").exists()


def test_the_words_are_those_of_the_commands() -> None:
    again = "write them anew: python -m mlrun.cli.completion_words"
    assert FILE.read_text(encoding="utf-8") == text_of_module(), again
