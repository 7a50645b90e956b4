"""Commands that need no shell."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlrun.project.command.shell.plain import plain_words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python train.py", ("python", "train.py")),
        ("python train.py --a 'x y' --b=\"q z\"", ("python", "train.py", "--a", "x y", "--b=q z")),
        ("  python  train.py\n", ("python", "train.py")),
        ("python a\\ b.py 'it'\\''s'", ("python", "a b.py", "it's")),
        ("python x.py '' é", ("python", "x.py", "", "é")),
        ("python 'a;b' \"c|d\"", ("python", "a;b", "c|d")),
        ("train 'two\nlines'", ("train", "two\nlines")),
    ],
)
def test_a_program_and_its_arguments_are_words(command: str, words: tuple[str, ...]) -> None:
    assert plain_words(command) == words


@pytest.mark.parametrize(
    "command",
    [
        "python train.py && ls",
        "python train.py; ls",
        "python a.py | tee log",
        "python a.py > log",
        "python a.py &",
        "FOO=1 python a.py",
        "echo $HOME",
        'echo "$HOME"',
        "echo `date`",
        "echo $(date)",
        "cd folder",
        "source env.sh",
        "export A=1",
        "if true",
        "ls *.py",
        "ls ?.py [ab].py",
        "ls ~/x",
        "ls {a,b}",
        "python a.py # remark",
        "one\ntwo",
        "! true",
        "'open",
        "",
        "  ",
        "''",
    ],
)
def test_whatever_a_shell_would_understand_takes_a_shell(command: str) -> None:
    assert plain_words(command) is None


PIECES = st.text("ab1 \t\n'\"$`\\!*?[]{}()<>|&;#~=%+,./:@^-é", max_size=12)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=4))
@example(["a", "=b"])
@example(["~"])
@example(["%1"])
def test_words_are_those_that_bash_makes_of_them(pieces: list[str]) -> None:
    command = "printf '%s|' " + " ".join(pieces)
    words = plain_words(command)
    if words is None or "\0" in command:
        return
    by_shell = subprocess.run(["bash", "-c", command], capture_output=True, check=True, cwd="/")
    alone = subprocess.run(words, capture_output=True, check=True, cwd="/")
    assert by_shell.stdout == alone.stdout
