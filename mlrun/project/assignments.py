"""Words of the form NAME=VALUE, as `-P` and `--tag` take them."""

from __future__ import annotations

from collections.abc import Iterable

from mlrun.errors import UsageError


def parse_assignment(word: str, flag: str) -> tuple[str, str]:
    """Split a word at its first `=`; all that follows is the value, even if it is empty.

    Args:
        word: What was given.
        flag: The option that it was given to, for messages.

    Raises:
        UsageError: There is no `=`, or no name before it.
    """
    name, separator, value = word.partition("=")
    if not separator:
        before, colon, after = word.partition(":")
        meant = f"{before}={after}" if colon and before else f"{name}=VALUE"
        raise UsageError(f"{flag} {word}: a value is missing", hint=f"write {flag} {meant}")
    if not name.strip():
        raise UsageError(f"{flag} {word}: a name is missing", hint=f"write {flag} NAME={value}")
    return name, value


def parse_assignments(words: Iterable[str], flag: str) -> dict[str, str]:
    """Return several assignments by name.

    Raises:
        UsageError: One is malformed, or a name is given twice.
    """
    values: dict[str, str] = {}
    for word in words:
        name, value = parse_assignment(word, flag)
        if name in values:
            raise UsageError(
                # Without the values: one of them may be secret.
                f"{flag} gives '{name}' twice",
                hint="a name takes one value; leave one of the two out",
            )
        values[name] = value
    return values
