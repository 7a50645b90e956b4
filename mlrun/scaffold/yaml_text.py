"""Texts as YAML that every reader takes for exactly these texts."""

from __future__ import annotations

import re
from textwrap import wrap

import yaml

from mlrun.project.parameters.types import ParameterType

_PLAIN = re.compile(r"[A-Za-z0-9_./$(][\w./@%+=$()\- ]*", re.ASCII)
# Versions of YAML differ in what is a number or a truth value.
_AMBIGUOUS = re.compile(r"[\d.+-].*|(?i:yes|no|on|off|true|false|null)")
_NUMBERS = (ParameterType.INT, ParameterType.FLOAT)


def yaml_text(text: str) -> str:
    """Return a text as YAML for one line, also within braces: plain where nobody misreads it."""
    is_plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and _loaded(text) == text
    return text if is_plain and not _AMBIGUOUS.fullmatch(text) else quoted(text)


def yaml_value(text: str, kind: ParameterType) -> str:
    """Return a default or a choice, in the notation of its type.

    Args:
        text: The text that the command is to get: `str()` of what YAML gives.
        kind: Of the parameter.
    """
    if kind is ParameterType.BOOL and text in ("True", "False"):
        return text.lower()
    if kind in _NUMBERS and re.fullmatch(r"-?\d[\w.+-]*", text) and str(_loaded(text)) == text:
        return text
    return yaml_text(text)


def quoted(text: str) -> str:
    """Return a text in double quotes."""
    return '"' + "".join(map(_escaped, text)) + '"'


def folded(text: str, indent: str, width: int) -> list[str]:
    """Return a text of one line as a block that YAML folds, after its first line `>-`.

    Args:
        text: Without line breaks, or spaces in a row or at its ends.
        indent: Put before each line.
        width: Of a line.
    """
    lines = wrap(text, width - len(indent), break_long_words=False, break_on_hyphens=False)
    return [indent + line for line in lines]


def _loaded(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return None


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
