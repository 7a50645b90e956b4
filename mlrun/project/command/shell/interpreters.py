"""Which programs take code as an argument, and which of their arguments that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlrun.project.command.shell.frames import OPAQUE, SLOT, Word


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "rbash", "busybox"])
JOINING = _words(
    """
    ssh mosh rsh parallel watch tmux su runuser script sg entr nix-shell
    """
)
EVALUATING = _words(
    """
    declare typeset local readonly let unset read mapfile readarray
    """
)
TESTING = frozenset({"printf", "test", "["})
"""Builtins that evaluate an argument only after one of EVALUATING_OPTIONS."""
EVALUATING_OPTIONS = frozenset({"-v", "-R"})
WRAPPERS = _words(
    """
    env sudo doas exec command builtin nohup nice ionice time timeout stdbuf setsid xargs
    flock taskset numactl strace poetry pipenv uv conda mamba micromamba pixi hatch srun run
    """
)
CODE_OPTIONS = frozenset({"-c", "-lc", "-uc", "-ic", "-e", "-E", "--eval"})
SHELL_OPTIONS_WITH_VALUE = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})

_SHELL_CODE = r"-[A-Za-z]*c[A-Za-z]*"
_SKIPPED = r"[0-9]+(?:\.[0-9]+)?[smhd]?"


class Interpreter(NamedTuple):
    """A program that takes code as an argument.

    Attributes:
        names: Its names, without a version.
        option: Matches the option that code follows; its group is code in the same word.
        with_value: Other options that take a word.
        ends: Options after which nothing is code any more.
        program: Number of the first operand that is code, None where none is.
        code_elsewhere: Options that say that the code is in none of the operands.
        is_client: Whether its options may follow its operands.
    """

    names: str
    option: str | None = None
    with_value: str = ""
    ends: str = ""
    program: int | None = None
    code_elsewhere: str = ""
    is_client: bool = False


INTERPRETERS = (
    Interpreter(
        "python ipython pythonw pypy",
        r"-[bBdEiIOPqRsSuvx]*c(.*)",
        with_value="-W -X",
        ends="-m",
    ),
    Interpreter("perl ruby", r"-[A-Za-z0-9]*?[eE](.*)", with_value="-I -r"),
    Interpreter(
        "node nodejs bun deno Rscript RScript rscript R julia lua octave octave-cli scala",
        r"(?:-e|-E|-p|-pe|eval|--eval|--print)(?:=(.*))?",
        with_value="-r --require -l -J -L",
    ),
    Interpreter("php", r"-r(.*)"),
    Interpreter("matlab", r"-(?:batch|r)()"),
    Interpreter("fish csh tcsh xonsh nu pwsh powershell", r"-[A-Za-z]*[cC](?:ommand)?()"),
    Interpreter(
        "awk gawk mawk nawk",
        with_value="-F -v --assign --field-separator",
        program=0,
        code_elsewhere="-f --file",
    ),
    Interpreter(
        "sed gsed",
        r"(?:-[nErsiuz]*e|--expression)=?(.*)",
        with_value="-l",
        program=0,
        code_elsewhere="-f --file -e --expression",
    ),
    Interpreter("sqlite duckdb", r"-(?:c|cmd)()", program=1),
    Interpreter("psql", r"(?:-c|--command)=?(.*)", is_client=True),
    Interpreter("mysql mariadb", r"(?:-e|--execute)=?(.*)", is_client=True),
)
_BY_NAME = {name: known for known in INTERPRETERS for name in known.names.split()}


def program_name(word: Word) -> str | None:
    """Return the name of the program that a word calls, None where it isn't known yet.

    Of `$PREFIX/bin/python$VERSION`, what is known is the name.
    """
    name = word.cooked().rpartition("/")[2].removesuffix(".exe")
    return name.replace(OPAQUE, "").replace(SLOT, "") or None


def interpreter_named(name: str) -> Interpreter | None:
    """Return what is known of an interpreter, None for any other program."""
    return _BY_NAME.get(name) or _BY_NAME.get(name.rstrip("0123456789."))


def is_found_anywhere(name: str) -> bool:
    """Return whether a word of this name is an interpreter wherever in a command it stands."""
    known = interpreter_named(name)
    return known is not None and known.option is not None and known.program is None


def command_positions(words: Sequence[Word]) -> Iterator[int]:
    """Yield the numbers of the words that may name a program: wrappers, and what they call."""
    index = 0
    while index < len(words):
        yield index
        if program_name(words[index]) not in WRAPPERS and not _may_vanish(words[index]):
            return
        index += 1
        while index < len(words) and _is_skipped(words[index]):
            takes_word = re.fullmatch(r"-[A-Za-z]", words[index].cooked()) is not None
            index += 1
            if takes_word and index < len(words):
                yield index  # The option's value, or the program.
                name = program_name(words[index])
                index += not (name in WRAPPERS or name in SHELLS or index + 1 == len(words))


def _may_vanish(word: Word) -> bool:
    """Return whether a word may be an expansion to nothing, or to a wrapper."""
    return not word.is_quoted and set(word.cooked()) == {OPAQUE}


def _is_skipped(word: Word) -> bool:
    text = word.cooked()
    return (
        text.startswith("-")
        or word.is_assignment()
        or re.compile(_SKIPPED).fullmatch(text) is not None
    )


def shell_code(words: Sequence[Word], start: int) -> int | None:
    """Return the number of the word that is code for the shell named at `start`."""
    is_code = False
    index = start + 1
    while index < len(words):
        text = words[index].cooked()
        if not text.startswith(("-", "+")) or text in ("-", "--"):
            break
        is_code = is_code or re.compile(_SHELL_CODE).fullmatch(text) is not None
        index += 2 if text in SHELL_OPTIONS_WITH_VALUE else 1
    else:
        return None
    index += words[index].cooked() == "--"
    return index if is_code and index < len(words) else None


def foreign_code(known: Interpreter, words: Sequence[Word], start: int) -> Iterator[int]:
    """Yield the numbers of the words that are code for the interpreter named at `start`.

    A number may be that of no word, where an option lacks its code.
    """
    elsewhere = known.code_elsewhere.split()
    has_program = known.program is not None
    is_elsewhere = has_program and any(w.cooked() in elsewhere for w in words[start + 1 :])
    operands = 0
    index = start + 1
    while index < len(words):
        text = words[index].cooked()
        found = re.fullmatch(known.option, text, re.DOTALL) if known.option else None
        if found:
            yield index if found[1] else index + 1
            index += not found[1]
        elif text in known.with_value.split():
            index += 1
        elif text in known.ends.split():
            return
        elif not text.startswith("-") or text == "-":
            if operands == known.program and not is_elsewhere:
                yield index
            operands += 1
            if not has_program and not known.is_client:
                return
        index += 1


def reads_code_from_input(words: Sequence[Word]) -> bool:
    """Return whether a program that takes its code from its input is called so.

    Args:
        words: The command, without assignments before it.
    """
    for index in command_positions(words):
        name = program_name(words[index])
        if name is None:
            continue
        if name in JOINING:
            return True
        known = interpreter_named(name)
        if name in SHELLS or (known is not None and known.program is None):
            return _has_no_script(words[index + 1 :])
    return False


def _has_no_script(words: Sequence[Word]) -> bool:
    texts = [word.cooked() for word in words]
    if any(text in CODE_OPTIONS or text in ("-m", "-f") for text in texts):
        return False
    operand = next((text for text in texts if not text.startswith("-") or text == "-"), None)
    return operand in (None, "-", "/dev/stdin") or "-s" in texts
