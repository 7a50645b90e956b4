"""Continued and folded lines mean what their authors meant; everything else stays."""

from __future__ import annotations

from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.project.command.continuation import join_lines


@pytest.mark.parametrize(
    ("command", "joined"),
    [
        ("python a.py\n  --b {b}\n  -c {c}\n", "python a.py --b {b} -c {c}"),
        ("python a.py\n--b 1", "python a.py --b 1"),
        (
            "python a.py \\\n  --b {b}\n  --c {c} \\\n  --d",
            "python a.py \\\n  --b {b} --c {c} \\\n  --d",
        ),
        ("python a.py\n\n  --b 1", "python a.py --b 1"),
        ("python a.py --b \\\n", "python a.py --b"),
        ("python a.py --b \\  ", "python a.py --b"),
        ("python a.py \\  \n  b", "python a.py  b"),
        ("python a.py \\\r\n  b", "python a.py  b"),
        ("python a.py \\ --a {a}", "python a.py  --a {a}"),
        ("python a.py \\               --fold 3", "python a.py                --fold 3"),
        ("python a.py \\ {a}", "python a.py  {a}"),
        ("python a.py\n  | tee log", "python a.py | tee log"),
        ("python a.py\n  && python b.py", "python a.py && python b.py"),
        ("python a.py # why\n  --b 1", "python a.py  --b 1"),
        ("a\n\n# one\n  # two\n  --b 1\n  # three\n  -c 2", "a --b 1 -c 2"),
        (
            "for i in 1 2; do\n  python a.py\n    --b $i\ndone",
            "for i in 1 2; do\n  python a.py --b $i\ndone",
        ),
        ("$(cat x\n  -n)", "$(cat x -n)"),
    ],
)
def test_continued_line_is_joined(command: str, joined: str) -> None:
    assert join_lines(command) == joined


@pytest.mark.parametrize(
    "command",
    [
        "python a.py",
        "python a.py --x 1\npython b.py\npython c.py",
        "for i in a b; do\n  echo $i\n  {program} $i\ndone",
        "if true; then\n  python a.py\nfi",
        "f() {\n  python a.py\n}\nf",
        "cat <<END\n  --not an option\nEND\ncat",
        "echo 'a\n  --b'",
        'echo "a\n  --b \\ "x',
        "case $x in\n  -a) echo a;;\n  -b)\n    echo b;;\nesac",
        "cd src\n  python a.py",
        "cd src\n  python a.py\n    2",
        "A=(\n  --a\n  --b\n)",
        "[[ a\n  -eq 1 ]]",
        "python a.py \\\n  b \\\n  c",
        "cut -d \\  -f1",
        "cut -d\\ -f1",
        "echo my\\ file",
        "echo '\\ '\\ b",
        "echo \\\\ b",
        "python a.py # --b\npython b.py",
    ],
)
def test_everything_else_stays(command: str) -> None:
    assert join_lines(command) == command


@pytest.mark.parametrize(
    ("block", "joined"),
    [
        (
            "python a.py\n  {data}/*.nc\n  -m {mode}\n  -b {size}",
            "python a.py {data}/*.nc -m {mode} -b {size}",
        ),
        ("python a.py\n  train\n  -m {mode}", "python a.py train -m {mode}"),
        (
            "python a.py\n  {data}\n  {model}\npython b.py",
            "python a.py {data} {model}\npython b.py",
        ),
        ("cd src\npython a.py\n  {data}", "cd src\npython a.py {data}"),
        ("cd src &&\n  {program}", "cd src &&\n  {program}"),
    ],
)
def test_indented_arguments_belong_to_the_line_above(block: str, joined: str) -> None:
    assert join_lines(block) == joined


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        (">\n  python a.py\n    --b {b}\n    --c {c}\n", "python a.py --b {b} --c {c}"),
        (">-\n  python a.py\n  --b {b}\n\n  python b.py\n\n  python c.py\n", None),
        (">-\n  python a.py \\\n  --b {b} \\\n  --c {c}\n", "python a.py --b {b} --c {c}"),
        (">\n  python a.py \\\n    --b {b} \\\n    --c {c}\n", "python a.py --b {b} --c {c}"),
        ("python a.py \\\n  --b {b} \\\n  --c {c} \\\n", "python a.py --b {b} --c {c}"),
        ("|\n  python a.py \\\n    --b {b}\n    --c {c}\n", "python a.py --b {b} --c {c}"),
        ('"python a.py \\\n  --b {b}"\n', "python a.py --b {b}"),
    ],
)
def test_every_style_of_yaml_gives_one_command(text: str, joined: str | None) -> None:
    command = yaml.safe_load(f"command: {text}")["command"]
    expected = joined or "python a.py --b {b}\npython b.py\npython c.py"
    words = join_lines(command).replace("\\\n", " ")
    assert [line.split() for line in words.split("\n")] == [
        line.split() for line in expected.split("\n")
    ]


def test_what_bash_cannot_read_is_left_to_bash() -> None:
    assert join_lines(" echo 'a\n --b ") == "echo 'a\n --b"


@given(st.text(alphabet="a -\n\\'\"{}#|&;$()`\t\r", max_size=40))
def test_joining_twice_is_joining_once(command: str) -> None:
    once = join_lines(command)
    assert join_lines(once) == once


@given(st.lists(st.sampled_from(["--a 1", "-b", "--c={x}"]), min_size=1), st.integers(0, 6))
def test_options_never_run_on_their_own(options: list[str], indent: int) -> None:
    lines = "".join(f"\n{' ' * indent}{option}" for option in options)
    assert join_lines(f"python a.py{lines}\n") == " ".join(["python a.py", *options])


def test_lines_of_a_block_are_kept_as_they_are_indented() -> None:
    block = dedent(
        """\
        set -e
        if [ -f x ]; then
            python a.py
        else
            python b.py
        fi"""
    )
    assert join_lines(block) == block
