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
        shown = _shown(word)
        before, colon, after = shown.partition(":")
        meant = f"{before}={after}" if colon and before else f"{shown}=VALUE"
        raise UsageError(f"{flag} {shown}: a value is missing", hint=f"write {flag} {meant}")
    if not name.strip():
        shown = _shown(value)
        message = f"{flag} {name}={shown}: a name is missing"
        raise UsageError(message, hint=f"write {flag} NAME={shown}")
    return name, value


def _shown(text: str) -> str:
    """Return what was given as it may be printed: it can be an address with a password."""
    from mlrun.execution.redact import mask_text

    return mask_text(text)


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
