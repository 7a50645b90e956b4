"""Whether a text is a value of a type. Values are checked, and never changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from mlrun.project.parameters.types import ParameterType

_INT = re.compile(r"[+-]?[0-9]+(_[0-9]+)*", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_REMOTE = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.\-]+:/", re.IGNORECASE)
_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})
_BOOLS = _TRUE | {"false", "no", "off", "0", "n", "f"}
_NOT_LITERAL = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def misfit(kind: ParameterType, text: str) -> str | None:
    """Return what is wrong with a text as a value of this type, None if nothing is.

    A path is not looked for here; see `mlrun.project.parameters.binding`.

    Args:
        kind: The type to check against.
        text: The text as given.
    """
    if "\0" in text:
        return "contains a NUL character, which no command's argument can hold"
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        return f"contains U+{ord(text[error.start]):04X}, half a character"
    check = _CHECKS.get(kind)
    return check(text) if check is not None else None


def is_true(text: str) -> bool:
    """Return what a text that is a `bool` means."""
    return text.lower() in _TRUE


def is_remote(text: str) -> bool:
    """Return whether a path is a URI of another machine (`s3://...`, `runs:/...`)."""
    if text[:7].lower() == "file://":
        return not text[7:].startswith(("/", "localhost/"))
    return _REMOTE.match(text) is not None


def _float(text: str) -> str | None:
    try:
        float(text)
    except ValueError:
        comma = re.fullmatch(r"[+-]?\d+,\d+", text)
        return "is not a float" + (" (write the comma as a point)" if comma else "")
    if not text.isascii():
        return "is not a float (write it with the digits 0 to 9)"
    return None if text == text.strip() else "is not a float because of the space around it"


def _int(text: str) -> str | None:
    if _INT.fullmatch(text):
        return None
    return "is not an int" + (" but a float" if _float(text) is None else "")


def _bool(text: str) -> str | None:
    return None if text.lower() in _BOOLS else "is not a bool (true or false)"


def _uri(text: str) -> str | None:
    # mlflow.utils.data_utils.is_uri asks for a scheme and nothing more.
    return None if _SCHEME.match(text) else "is not a URI (SCHEME:...)"


def _json(text: str) -> str | None:
    try:
        json.loads(text, parse_int=str)
    except ValueError as error:
        if literal(text) is not None:
            return "is in Python's form, not JSON"
        return f"is not JSON ({error})"
    except RecursionError:
        return "is not JSON (nested too deeply)"
    return None


def _list(text: str) -> str | None:
    """Accept JSON, Python's form, or words separated by commas."""
    if not text.startswith(("[", "(", "{")):
        return None if text else "is not a list"
    try:
        return None if isinstance(json.loads(text, parse_int=str), list) else "is not a list"
    except (ValueError, RecursionError):
        if isinstance(literal(text), (list, tuple)):
            return None
        return "is not a list ([...] in JSON's or Python's form, or words separated by commas)"


def literal(text: str) -> object:
    """Return what a text means in Python's form; None for null, and for what is in no form."""
    import ast
    import warnings

    with warnings.catch_warnings():
        # Python has an opinion of backslashes in a value, which is not its source code.
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(text)
        except _NOT_LITERAL:
            return None


_CHECKS: dict[ParameterType, Callable[[str], str | None]] = {
    ParameterType.FLOAT: _float,
    ParameterType.INT: _int,
    ParameterType.BOOL: _bool,
    ParameterType.URI: _uri,
    ParameterType.JSON: _json,
    ParameterType.LIST: _list,
}
