"""Commands that need no shell: words, and nothing that only a shell understands."""

from __future__ import annotations

import re

_WORD = r"""(?:[\w@%+:,./=^-]|\\[^\n]|'[^']*'|"[^"$`\\!]*")+"""
_WORDS = re.compile(rf"\s*{_WORD}(?:[ \t]+{_WORD})*\s*")
_ASSIGNMENT = re.compile(r"\w+=")

_OF_THE_SHELL = frozenset((
    ".", ":", "[[", "alias", "bg", "bind", "break", "builtin", "case", "cd", "command",
    "continue", "declare", "dirs", "disown", "do", "done", "elif", "else", "enable", "esac",
    "eval", "exec", "exit", "export", "fc", "fg", "fi", "for", "function", "getopts", "hash",
    "help", "history", "if", "in", "jobs", "let", "local", "logout", "mapfile", "popd", "pushd",
    "read", "readarray", "readonly", "return", "select", "set", "shift", "shopt", "source",
    "suspend", "then", "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias",
    "unset", "until", "wait", "while",
))  # fmt: skip
"""Words that begin a command of the shell's own (POSIX, XCU 2.4 and 2.14; bash's manual)."""


def plain_words(command: str) -> tuple[str, ...] | None:
    """Return the words of a command that is nothing but a program and its arguments.

    Args:
        command: As a shell would get it.

    Returns:
        None where it takes a shell: operators, variables, patterns, a word of the shell's own.
    """
    if _WORDS.fullmatch(command) is None:
        return None
    import shlex

    words = tuple(shlex.split(command))
    if not words[0] or words[0] in _OF_THE_SHELL or _ASSIGNMENT.match(command.lstrip()):
        return None
    return words
