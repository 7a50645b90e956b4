"""Arguments that are left out and secrets: real bash says what a program sees of them."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlrun.errors import CommandError, Location
from mlrun.project.command.gaps import check_flags
from mlrun.project.command.template import parse_command, render_command
from mlrun.project.command.values import CommandValue, LeftOut, Variable

PLACE = Location(Path("MLproject"), 3, 5)
ARGUMENT, OPTION = LeftOut.ARGUMENT, LeftOut.OPTION
SECRET = "TOP_SECRET"
SHOW = """
show() { { [ $# = 0 ] || printf '%s\\0' "$@"; printf '\\1\\0'; } >> "$RECORD"; }
export -f show
export V='v w'
"""


def render(
    command: str,
    values: Mapping[str, CommandValue],
    extra: Sequence[tuple[str, str]] = (),
) -> str:
    return render_command(parse_command(command, tuple(values), PLACE), values, extra)


def without(command: str, kind: LeftOut = OPTION) -> str:
    return render(command, {"x": kind, "y": "v w"})


def refused(command: str, value: CommandValue) -> CommandError:
    with pytest.raises(CommandError) as caught:
        render(command, {"x": value, "y": "v w"})
    return caught.value


def calls(command: str, secret: str = "") -> list[list[str]]:
    """Return the arguments of each call of `show`."""
    with NamedTemporaryFile() as record:
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        answer = subprocess.run(
            ["bash", "-c", SHOW + command],
            capture_output=True,
            env={**environ, SECRET: secret, "RECORD": record.name},
            check=False,
        )
        assert answer.stderr == b"", answer.stderr
        text = Path(record.name).read_bytes().decode("utf-8", "surrogateescape")
    return [call.split("\0")[:-1] for call in text.split("\1\0")[:-1]]


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("train --limit {x} --b {y}", "train --b 'v w'"),
        ("train --limit '{x}'", "train"),
        ("train --limit={x} -n{x} --b", "train --b"),
        ("train --limit={y} {x} b", "train --limit='v w' b"),
        ("train - {x} -- {x}", "train - --"),
        ("train a/{x}/{y}.csv b", "train b"),
        ("train --a {y} {x}", "train --a 'v w'"),
        ("train --a > log {x} --b", "train > log --b"),
        ("A={x} B=2 train", " B=2 train"),
        ("for i in {x} a; do train $i -q {x}; done", "for i in a; do train $i; done"),
        ("A=(--limit {x} b)", "A=( b)"),
        ("(train {x})|cat", "(train)|cat"),
        ("train 2 {x}>log", "train 2 >log"),
        ("train a\\  {x} b", "train a\\  b"),
        ("train # {x}", "train # ..."),
        ("train $(list -n {x} {y})", "train $(list 'v w')"),
        ("train \"$(list -n {x})\"", 'train "$(list)"'),
        ("train `list -n {x} \\`a {x}\\``", "train `list \\`a\\``"),
        ("bash -c 'train --limit {x} --b'", "bash -c 'train --b'"),
        ('bash -c "train --a \\"{x}\\" --b \'{y}\'"', "bash -c \"train --b 'v w'\""),
        ("bash -c 'train '\"--limit\"' {x} b'", "bash -c 'train'\"\"' b'"),
        ("eval train --limit '{x}' b", "eval train  '' b"),
        ("bash -c \"bash -c 'train -n {x} b'\"", "bash -c \"bash -c 'train b'\""),
        ("train\n  --limit {x}\n  --b {y}\n", "train --b 'v w'"),
        ("train \\\n  --limit {x} \\\n  --b {y}", "train \\\n  \\\n  --b 'v w'"),
        ("train --limit \\\n{x}\nshow", "train \\\n\nshow"),
    ],
)  # fmt: skip
def test_word_goes_with_the_option_in_front(command: str, left: str) -> None:
    assert without(command) == left


def test_flag_goes_alone() -> None:
    assert without("train --b {x} c", ARGUMENT) == "train --b c"
    assert without("bash -c 'train --b {x} c'", ARGUMENT) == "bash -c 'train --b c'"


@pytest.mark.parametrize("command", ["train a{x}", "train --a={x}", "A={x} train", "t '{x} b'"])
def test_flag_is_a_word_of_its_own(command: str) -> None:
    error = refused(command, ARGUMENT)
    assert "a flag is a word of its own" in error.message
    assert error.problems[0].rule == "kept-argument"


@pytest.mark.parametrize("command", ["train a{x}", "bash -c 'train --a={x}'", "A={x} train"])
def test_flag_that_is_on_is_a_word_of_its_own_too(command: str) -> None:
    template = parse_command(command, ("x",), PLACE)
    check_flags(template, ["y"])
    with pytest.raises(CommandError, match="must be a word of its own"):
        check_flags(template, ["x"])


def test_flag_may_stand_in_code() -> None:
    for command in ("train '{x}'", "bash -c 'train {x}'", "ssh host train {x}", "train # a{x}"):
        check_flags(parse_command(command, ("x",), PLACE), ["x"])


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("{x} a", "the program"),
        ("A=1 {x} a", "the program"),
        ("A={x}; train", "a command of its own"),
        ("A={x}", "a command of its own"),
        ("export A={x}", "export needs it"),
        ("declare -x A={x}", "declare needs it"),
        ("train > {x}", "a redirection"),
        ("train <<< {x}", "a redirection"),
        ("case {x} in a) ;; esac", "syntax"),
        ("case a in {x}) ;; esac", "syntax"),
        ("for {x} in a; do :; done", "a loop"),
        ("[[ -n {x} ]]", "syntax"),
        ("train $((1 + {x}))", "arithmetic"),
        ("train ${V:-{x}}", "syntax"),
        ("A[{x}]=1", "subscript"),
        ("ssh host train {x}", "ssh runs"),
        ("python -c 'print({x})'", "code of python"),
        ("bash -c {x}", "run as code"),
        ('bash -c "$V {x}"', "not known yet"),
        ('bash -c "train {x}$V"', "not known"),
        ("echo {x} | bash", "code"),
    ],
)
def test_what_cannot_be_left_out_is_refused(command: str, reason: str) -> None:
    error = refused(command, OPTION)
    assert error.message.startswith("{x} has no value")
    assert reason in error.message
    assert "give x a value" in (error.hint or "")


def test_options_are_appended_to_what_is_left() -> None:
    rendered = render("show a --limit {x} # note", {"x": OPTION}, [("key", "v w")])
    assert calls(rendered) == [["a", "--key", "v w"]]


WORDS = st.sampled_from(
    [
        ("a", ["a"]),
        ("{y}", ["v w"]),
        ("--b={y}", ["--b=v w"]),
        ("'q  {y}'\\ r", ["q  v w r"]),
        ('"$V"\\"', ['v w"']),
        ("$V", ["v", "w"]),
        ("-q", ["-q"]),
        ("2", ["2"]),
        ("a\\\\", ["a\\"]),
        ("$(echo {y})", ["v", "w"]),
        ("--", ["--"]),
        ("$'\\t'", ["\t"]),
        ("é\\\nb", ["éb"]),
    ]
)
LOST = st.sampled_from(
    ["--limit {x}", "'--limit' \"{x}\"", "-n  {x}", "--limit \\\n {x}", "--limit={x}", "-n{x}",
     "a{x}b", "{y}/{x}", "$V{x}", "\\{x}", "'{x} c'", "\"$(echo {x})\"{x}", "--l\\imit\t{x}",
     "--limit \\\n{x}\\\n"]
)  # fmt: skip
GAPS = st.sampled_from([" ", "  ", "\t", " \\\n", " \\\n  ", "\\\n "])


IN_BACKTICKS = "\\`$"
IN_QUOTES = IN_BACKTICKS + '"'


def escaped(command: str, special: str) -> str:
    return "".join(f"\\{c}" if c in special else c for c in command)


WRAPS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "listed": lambda command: f"true && ({command}); :",
    "substituted": lambda command: f': "$({command})"',
    "backticks": lambda command: f": `{escaped(command, IN_BACKTICKS)}`",
    "quoted backticks": lambda command: f': "`{escaped(command, IN_QUOTES)}`"',
    "single": lambda command: f"bash -c {shlex.quote(command)}",
    "double": lambda command: f'bash -c "{escaped(command, IN_QUOTES)}"',
    "evaluated": lambda command: f"eval {shlex.quote(command)}",
    "twice": lambda command: f"bash -c {shlex.quote('bash -c ' + shlex.quote(command))}",
}


@st.composite
def commands(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a command of `show`, and the arguments that stay."""
    text = "show"
    kept: list[str] = []
    is_after_option = False
    for word in draw(st.lists(st.one_of(WORDS, LOST), min_size=1, max_size=7)):
        is_lost = isinstance(word, str)
        source = word if isinstance(word, str) else word[0]
        takes_option = is_lost and is_after_option and not source.startswith(("-", "'--"))
        if takes_option:
            kept.pop()
        kept += [] if isinstance(word, str) else word[1]
        is_after_option = source == "-q"
        text += draw(GAPS) + source
    return text, kept


@contextlib.contextmanager
def entangled() -> Iterator[None]:
    """Bear that quotes within quoted backticks are refused."""
    with contextlib.suppress(CommandError):
        yield


@given(commands(), st.sampled_from(sorted(WRAPS)))
def test_program_sees_its_other_arguments(drawn: tuple[str, list[str]], wrap: str) -> None:
    command, kept = drawn
    assume("\\{x}" not in command or wrap in ("plain", "listed", "substituted"))
    template = parse_command(WRAPS[wrap](command), ("x", "y"), PLACE)
    rendered = None
    with contextlib.nullcontext() if wrap != "quoted backticks" else entangled():
        rendered = render_command(template, {"x": OPTION, "y": "v w"})
    assert rendered is None or calls(rendered) == [kept]


@pytest.mark.parametrize(
    "command",
    [
        'export A={x}; show "$A"',
        'declare -x A={x}; show "$A"',
        'A={x}; show "$A"',
        "A='{x}'; show \"$A\"",
        'A="{x}"; show "$A"',
        "A=$'{x}'; show \"$A\"",
        "A={x} bash -c 'show \"$A\"'",
        "$(A={x} bash -c 'show \"$A\"')",
        'show "$(A={x} bash -c \'printf %s "$A"\')"',
    ],
)
@pytest.mark.parametrize("secret", ["plain", 'it\'s $(a) `b` "c" \\ * {d,e}', "é\nx", "-n"])
def test_secret_reaches_a_variable_exactly(command: str, secret: str) -> None:
    rendered = render(command, {"x": Variable(SECRET)})
    assert f"${{{SECRET}}}" in rendered
    assert calls(rendered, secret) == [[secret]]


@pytest.mark.parametrize(
    ("assigned", "seen"),
    [
        ("pre{x}post", "pre{}post"),
        ("'pre {x} post'", "pre {} post"),
        ('"pre $V{x}post"', "pre v w{}post"),
        ('"\\{x}"', "\\{}"),
        ("$'\\t{x}\\t'", "\t{}\t"),
        ("$'\\{x}'", "\\{}"),
    ],
)
def test_secret_is_part_of_a_value(assigned: str, seen: str) -> None:
    rendered = render(f'A={assigned}; show "$A"', {"x": Variable(SECRET)})
    assert calls(rendered, "a 'b' $c") == [[seen.format("a 'b' $c")]]


@pytest.mark.parametrize(
    "command",
    [
        "train {x}",
        "train --token={x}",
        "{x}",
        "env A={x} train",
        "A=1 train A={x}",
        "export {x}",
        "bash -c 'A={x} train'",
        "A=$(train {x})",
        "A=`B={x} train`",
        "A=({x})",
        "A=\\{x} train",
        "train <<< {x}",
        "train ${V:-{x}}",
        "echo $((1 + {x}))",
    ],
)
def test_secret_that_others_would_see_is_refused(command: str) -> None:
    error = refused(command, Variable(SECRET))
    assert error.message == "the secret 'x' would be seen in the process list"
    assert f"in the variable {SECRET}" in (error.hint or "")
    assert error.problems[0].rule == "visible-secret"


def test_secret_in_a_comment_is_no_secret() -> None:
    assert render("train # {x}", {"x": Variable(SECRET)}) == "train # ..."
