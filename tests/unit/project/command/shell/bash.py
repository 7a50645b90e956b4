"""What real bash makes of a command, for many values in one process."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlrun.errors import Location
from mlrun.project.command.template import parse_command, render_command

PLACE = Location(Path("MLproject"), 3, 5)
END = "\x02end"

# `show` prints its arguments, `word` its first one without anything after it.
PREAMBLE = """
show() { [ $# = 0 ] || printf '%s\\0' "$@"; }
word() { printf '%s' "$1"; }
export -f show word
V=1; unset U
"""

TRICKY = (
    *[
        "",
        " ",
        "-",
        "--",
        "-n",
        "~",
        "~root",
        "*",
        "?",
        "..",
        ".",
        "1..3",
        ".5",
        "1",
        "2",
        "!",
        "!!",
    ],
    *["#", "$", "\\", "'", "''", '"', "`", "&", ";", "|", "(", ")", "{", "}", "[", "]", "^", "="],
    *["if", "then", "fi", "in", "do", "done", "esac", "time", "function", "[[", "]]", "coproc"],
    *[
        "\n",
        "\n\n",
        "\t",
        "\r",
        "a\nb",
        "a\r\nb",
        "a\\",
        "\\'",
        "\\\\",
        "\\n",
        "\\x41",
        "EOF",
        "a b",
    ],
    *["$(touch x)", "`touch x`", ";touch x;", "'$(touch x)'", '"$(touch x)"', "'`touch x`'"],
    *[
        "{a,b}",
        "'{a,b}",
        '"{a,b}',
        "'\"{a,b}\"'",
        "}{a,b}",
        "{x}",
        "${HOME}",
        "$HOME",
        "$'a'",
        '$"a"',
    ],
    *[
        "<(a",
        ">(a'",
        "(a))",
        "a=b",
        "A=1",
        "a[$(touch x)]",
        "x'y\"z",
        "é",
        "\u3000",
        "😀",
        "\x7f",
        "\x01",
    ],
    *[
        "\udc80\udcff",
        "a/b c",
        "--a=b c",
        "%s",
        "%%",
        "@(a|b)",
        "!(a)",
        "\\\n",
        "'\n'",
        "``",
        "$(",
        "${",
    ],
)
ALPHABET = "ab.fi19_/=:@%+,- \n\t\r'\"\\$`!&|;<>(){}[]*?~#^\x01\x7fé😀"
DANGER = "'\"\\$`{},()<>\n "


def values(count: int, seed: int = 0) -> list[str]:
    """Return that many texts, the same ones for the same seed: tricky ones, then random ones."""
    source = random.Random(seed)
    made = [
        "".join(source.choices(DANGER if number % 3 else ALPHABET, k=source.randint(1, 12)))
        for number in range(count - len(TRICKY))
    ]
    return [*TRICKY, *made][:count]


def shown(command: str, texts: Sequence[str], folder: Path) -> list[list[str]]:
    """Return for each value of `x` what the command's calls of `show` and `word` printed."""
    template = parse_command(command, ["x"], PLACE)
    script = [PREAMBLE]
    for text in texts:
        script += (render_command(template, {"x": text}), f"\nprintf '{END}\\0'\n")
    folder.mkdir(exist_ok=True)
    answer = subprocess.run(
        ["bash", "--norc"],
        input="".join(script).encode("utf-8", "surrogateescape"),
        capture_output=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/home/nobody"},
        timeout=120,
    )
    assert answer.stderr == b"", answer.stderr.decode("utf-8", "replace")[:500]
    records = answer.stdout.decode("utf-8", "surrogateescape").split(f"{END}\0")
    return [record.split("\0")[:-1] for record in records[:-1]]


def assert_exact(command: str, expected: str, texts: Sequence[str], folder: Path) -> None:
    """Check that `show` got the expected words.

    Args:
        command: Has the placeholder `{x}`.
        expected: The words that `show` must get, joined by NUL; `{x}` is the value, `{t}` the
            value as a substitution gives it, without newlines at its end.
        texts: The values.
        folder: Empty, and empty after.
    """
    records = shown(command, texts, folder)
    assert len(records) == len(texts)
    for text, record in zip(texts, records, strict=True):
        words = [
            word.replace("{t}", text.rstrip("\n")) if "{t}" in word else word.replace("{x}", text)
            for word in expected.split("\0")
        ]
        assert record == words, (command, text)
    assert list(folder.iterdir()) == []
