"""From what a script says of an argument's values to a parameter's type and default."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import misfit
from mlrun.scaffold.constants import UNKNOWN
from mlrun.scaffold.syntax import called

_BOOLEAN = re.compile(r"(?:.*_)?(?:str|string|text)?_?(?:2|to)?_?bool(?:ean)?|strtobool", re.I)
_FILLED_IN = re.compile(
    r"[\s,;.]*[(\[]?\s*(?:the )?defaults?(?: is| to|=|:)*\s*%\(default\)\w\s*[)\]]?", re.I
)
_TYPES = {
    "int": ParameterType.INT,
    "INT": ParameterType.INT,
    "float": ParameterType.FLOAT,
    "FLOAT": ParameterType.FLOAT,
    "str": ParameterType.STRING,
    "STRING": ParameterType.STRING,
    "BOOL": ParameterType.BOOL,
    "Path": ParameterType.PATH,
    "PosixPath": ParameterType.PATH,
    "PurePath": ParameterType.PATH,
}


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a script makes of a value's text.

    Attributes:
        kind: The nearest type of a parameter.
        exists: Whether a path must be there, None where nothing says so.
        is_truth_of_text: Whether every text but an empty one is true: `type=bool`.
    """

    kind: ParameterType = ParameterType.STRING
    exists: bool | None = None
    is_truth_of_text: bool = False


def value_type(node: ast.expr | None) -> ValueType:
    """Return what `type=...` of argparse means; of an unknown function, text."""
    name = called(node) if node is not None else None
    if name == "FileType" and isinstance(node, ast.Call):
        return ValueType(ParameterType.PATH, not is_writing(node))
    if name is None or isinstance(node, ast.Call):
        return ValueType()
    if name == "bool":
        return ValueType(is_truth_of_text=True)
    if node is not None and ast.unparse(node) == "json.loads":
        return ValueType(ParameterType.JSON)
    if name not in _TYPES and _BOOLEAN.fullmatch(name):
        return ValueType(ParameterType.BOOL)
    return ValueType(_TYPES.get(name, ParameterType.STRING))


def is_writing(call: ast.Call) -> bool:
    """Return whether the mode of a call such as `FileType("w")` writes."""
    modes = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(
        isinstance(mode, ast.Constant) and str(mode.value).startswith(("w", "a", "x"))
        for mode in modes
    )


def kind_of_default(value: object) -> ParameterType:
    """Return the type that click takes a default's to be."""
    if isinstance(value, bool):
        return ParameterType.BOOL
    if isinstance(value, int):
        return ParameterType.INT
    return ParameterType.FLOAT if isinstance(value, float) else ParameterType.STRING


def default_text(value: object, kind: ParameterType, source: ast.expr | None = None) -> str | None:
    """Return the text that the script takes for its own default, None where there is none.

    Args:
        value: The default.
        kind: What the text will be read as.
        source: Where it stands, whose notation of a number (`1e-5`) is kept.
    """
    if value is None or value is UNKNOWN:
        return None
    if isinstance(value, str):
        return value if misfit(kind, value) is None else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, bool) and kind is ParameterType.BOOL):
        return None
    if kind not in (ParameterType.INT, ParameterType.FLOAT, ParameterType.BOOL):
        return None
    text = _as_written(value, source) or str(value)
    return text if misfit(kind, text) is None else None


def _as_written(value: object, source: ast.expr | None) -> str | None:
    if not isinstance(source, ast.Constant) or not isinstance(value, float):
        return None
    short = re.sub(r"e([+-]?)0+(?=\d)", r"e\1", str(value))
    return short if float(short) == value else None


def choice_texts(value: object, kind: ParameterType) -> tuple[str, ...]:
    """Return the texts of a list of choices, none where it is no list of such texts."""
    if not isinstance(value, list) or kind in (ParameterType.BOOL, ParameterType.JSON):
        return ()
    texts = [str(item) for item in value if isinstance(item, (str, int, float))]
    fits = len(texts) == len(value) and all(misfit(kind, text) is None for text in texts)
    return tuple(dict.fromkeys(texts)) if fits else ()


def joined(value: object) -> str | None:
    """Return a list's items as words that a shell parts again, None where it cannot."""
    if not isinstance(value, list) or not value:
        return None
    words = [str(item) for item in value]
    plain = all(word and not set(word) & set(" \t\n\\*?[]~") for word in words)
    return " ".join(words) if plain else None


def number_text(value: object) -> str | None:
    """Return a limit as a text, None where it is no number or has no end."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number and re.search(r"\d", str(value)) else None


def fitting(default: str | None, choices: tuple[str, ...], kind: ParameterType) -> str | None:
    """Return a default that is among the choices; a script may have one that is not."""
    if default is None or not choices or default in choices:
        return default
    if kind in (ParameterType.INT, ParameterType.FLOAT):
        return default if float(default) in {float(choice) for choice in choices} else None
    return None


def is_within(default: str, low: str | None, high: str | None) -> bool:
    """Return whether a default is within limits; a script may have one that is not."""
    if low is not None and float(default) < float(low):
        return False
    return high is None or float(default) <= float(high)


def one_line(text: str | None) -> str | None:
    """Return a text on one line, without control characters; None for nothing."""
    if text is None:
        return None
    plain = " ".join(text.split())
    return "".join(c for c in plain if c.isprintable()) or None


def help_text(text: str | None) -> str | None:
    """Return argparse's help without what it fills in: `(default: %(default)s)`."""
    if text is None:
        return None
    text = _FILLED_IN.sub("", text)
    text = re.sub(r"\s*\(?%\(\w+\)\w\)?", "", text)
    return one_line(text.replace("%%", "%"))
