"""No value runs as code, whatever the command around it looks like."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.errors import CommandError
from mlrun.project.command.template import parse_command, render_command
from tests.unit.project.command.shell.bash import PLACE

PIECES = (
    *["{x}"] * 6, *[" "] * 4, "'", '"', "\\", "$", "$(", ")", "`", "((", "))", "$((", "[[ ", " ]]",
    "${U:-", "}", "${", "\n", ";", "&&", "|", "#", " #", "echo ", "echo ", "a", "a=", "a=(", "a[",
    "<", ">", "<<E\n", "\nE\n", "<<<", "case ", " in ", "esac", ";;", "if ", "then ", "fi", "do ",
    "for i in ", "done", "eval ", "bash -c ", "sh -c ", "$'", '$"', "-eq", "let ", "test -v ", "{",
    "declare ", "f()", "[", "]", "<(", ">(", "*", "~", ",", "..", "!", "==", "$V", "$[", "exec ",
    "command ", "-v ", "bash", "printf ", "trap ", "EXIT", "unset ", "read ", "( ",
)  # fmt: skip

ATTEMPTS = (
    "$(touch P)", "`touch P`", ";touch P;", "\ntouch P\n", "'\ntouch P\n'", '"\ntouch P\n"',
    "';touch P;'", '";touch P;"', "a[$(touch P)]", "x[`touch P`]=1", ")\ntouch P\n(",
    "\\$(touch P)",
    "))\ntouch P\n((", "}\ntouch P\n", "`\ntouch P\n`", "\\`touch P\\`", "'$(touch P)'", "x\\",
    "\"$(touch P)\"", "'\"$(touch P)\"'", "\nE\ntouch P\n", "]]\ntouch P\n[[", "|touch P|", ">P",
    "&touch P&", "<(touch P)", "a[\\$(touch P)]", "'a[$(touch P)]'", "${x:=$(touch P)}",
    "(touch P)",
    "$(echo '$(touch P)')", "{touch,P}", "#\ntouch P\n", "\\\\$(touch P)", "\\\n;touch P",
)  # fmt: skip

# Commands that once let a value run, or that bash reads in a surprising way.
KNOWN = (
    "{x}command \n$if let {x}then *,",
    "$( ]]}\\`>( ))eval b]{x}",
    "a=(\\`echo test -v &&let {x}command ;)!\n\\`",
    "<<E\na=<(#!-v exec ;;\\\nE\n{x}",
    "echo $((a); echo {x})",
    'echo "`echo "{x}"`" "${U:-{x}}" $[{x}] `echo \\`echo {x}\\``',
    "for ((;;)) do eval echo {x}; break; done",
    "[[ a ]] && [[ $(echo {x}) -eq 1 ]] || echo $(( $(echo {x}) ))",
)


def commands(count: int) -> Iterator[str]:
    source = random.Random(7)
    yield from KNOWN
    for _ in range(count):
        yield "".join(source.choices(PIECES, k=source.randint(3, 14)))


def rendered(command: str, attempts: list[str]) -> Iterator[str]:
    try:
        template = parse_command(command, ["x"], PLACE)
    except CommandError:
        return
    for attempt in attempts if template.placeholders else ():
        try:
            yield render_command(template, {"x": attempt})
        except CommandError:
            continue


@pytest.mark.parametrize("part", range(4))
def test_no_value_runs(part: int, tmp_path: Path) -> None:
    source = random.Random(part)
    runs = 0
    for number, command in enumerate(commands(2000)):
        if number % 4 != part:
            continue
        attempts = list(ATTEMPTS) if command in KNOWN else source.sample(ATTEMPTS, 2)
        for text in rendered(command, attempts):
            subprocess.run(
                ["bash", "-c", text],
                cwd=tmp_path,
                env={"PATH": "/usr/bin:/bin", "V": "1", "HOME": str(tmp_path)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=20,
            )
            assert not (tmp_path / "P").exists(), text
            runs += 1
    assert runs > 50
