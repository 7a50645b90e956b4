"""Which programs take code as an argument, and which of their arguments that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mlrun.project.shell.frames import Word


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

_SHELL_CODE = re.compile(r"-[A-Za-z]*c[A-Za-z]*")
_SKIPPED = re.compile(r"[0-9]+(?:\.[0-9]+)?[smhd]?")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A program that takes code as an argument.

    Attributes:
        names: Matches its names.
        option: Matches the option that code follows; its group is code in the same word.
        with_value: Other options that take a word.
        ends: Options after which nothing is code any more.
        program: Number of the first operand that is code, None where none is.
        code_elsewhere: Options that say that the code is in none of the operands.
    """

    names: re.Pattern[str]
    option: re.Pattern[str] | None = None
    with_value: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    program: int | None = None
    code_elsewhere: frozenset[str] = field(default=frozenset())


INTERPRETERS = (
    Interpreter(
        re.compile(r"i?python[0-9.]*w?|pypy[0-9.]*"),
        re.compile(r"-[bBdEiIOPqRsSuvx]*c(.*)", re.DOTALL),
        with_value=_words("-W -X"),
        ends=_words("-m"),
    ),
    Interpreter(
        re.compile(r"perl[0-9.]*|ruby[0-9.]*"),
        re.compile(r"-[A-Za-z0-9]*?[eE](.*)", re.DOTALL),
        with_value=_words("-I -r"),
    ),
    Interpreter(
        re.compile(r"node(?:js)?|bun|deno|[Rr]script|R|julia|lua[0-9.]*|octave(?:-cli)?|scala"),
        re.compile(r"(?:-e|-E|-p|-pe|eval|--eval|--print)(?:=(.*))?", re.DOTALL),
        with_value=_words("-r --require -l -J -L --project"),
    ),
    Interpreter(re.compile(r"php[0-9.]*"), re.compile(r"-r(.*)", re.DOTALL)),
    Interpreter(re.compile(r"matlab"), re.compile(r"-(?:batch|r)()")),
    Interpreter(
        re.compile(r"fish|t?csh|xonsh|nu|pwsh|powershell"),
        re.compile(r"-[A-Za-z]*[cC](?:ommand)?()"),
    ),
    Interpreter(
        re.compile(r"[gmn]?awk"),
        with_value=_words("-F -v --assign --field-separator"),
        program=0,
        code_elsewhere=_words("-f --file"),
    ),
    Interpreter(
        re.compile(r"g?sed"),
        re.compile(r"(?:-[nErsiuz]*e|--expression)=?(.*)", re.DOTALL),
        with_value=_words("-l"),
        program=0,
        code_elsewhere=_words("-f --file -e --expression"),
    ),
    Interpreter(re.compile(r"sqlite3|duckdb"), re.compile(r"-(?:c|cmd)()"), program=1),
    Interpreter(re.compile(r"psql"), re.compile(r"(?:-c|--command)=?(.*)", re.DOTALL)),
    Interpreter(re.compile(r"mysql|mariadb"), re.compile(r"(?:-e|--execute)=?(.*)", re.DOTALL)),
)
_CLIENTS = re.compile(r"psql|mysql|mariadb")


def program_name(word: Word) -> str | None:
    """Return the name of the program that a word calls, None where it isn't known yet."""
    text = word.static()
    return None if text is None else text.rpartition("/")[2].removesuffix(".exe")


def interpreter_named(name: str) -> Interpreter | None:
    """Return what is known of an interpreter, None for any other program."""
    return next((known for known in INTERPRETERS if known.names.fullmatch(name)), None)


def is_found_anywhere(name: str) -> bool:
    """Return whether a word of this name is an interpreter wherever in a command it stands."""
    known = interpreter_named(name)
    return known is not None and known.option is not None and known.program is None


def command_positions(words: Sequence[Word]) -> Iterator[int]:
    """Yield the numbers of the words that may name a program: wrappers, and what they call."""
    index = 0
    while index < len(words):
        yield index
        if program_name(words[index]) not in WRAPPERS:
            return
        index += 1
        while index < len(words) and _is_skipped(words[index]):
            takes_word = re.fullmatch(r"-[A-Za-z]", words[index].cooked()) is not None
            index += 1
            if takes_word and index < len(words):
                yield index  # The option's value, or the program.
                name = program_name(words[index])
                index += not (name in WRAPPERS or name in SHELLS or index + 1 == len(words))


def _is_skipped(word: Word) -> bool:
    text = word.cooked()
    return text.startswith("-") or word.is_assignment() or _SKIPPED.fullmatch(text) is not None


def shell_code(words: Sequence[Word], start: int) -> int | None:
    """Return the number of the word that is code for the shell named at `start`."""
    is_code = False
    index = start + 1
    while index < len(words):
        text = words[index].cooked()
        if not text.startswith(("-", "+")) or text in ("-", "--"):
            break
        is_code = is_code or _SHELL_CODE.fullmatch(text) is not None
        index += 2 if text in SHELL_OPTIONS_WITH_VALUE else 1
    else:
        return None
    index += words[index].cooked() == "--"
    return index if is_code and index < len(words) else None


def foreign_code(known: Interpreter, words: Sequence[Word], start: int) -> Iterator[int]:
    """Yield the numbers of the words that are code for the interpreter named at `start`."""
    operands = 0
    is_elsewhere = known.program is not None and any(
        word.cooked() in known.code_elsewhere for word in words[start + 1 :]
    )
    index = start + 1
    while index < len(words):
        text = words[index].cooked()
        found = known.option.fullmatch(text) if known.option else None
        if text in known.ends:
            return
        if found:
            yield index if found[1] else index + 1
            index += not found[1]
        elif text in known.with_value:
            index += 1
        elif not text.startswith("-") or text == "-":
            if operands == known.program and not is_elsewhere:
                yield index
            operands += 1
            if known.program is None and not _CLIENTS.fullmatch(program_name(words[start]) or ""):
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
