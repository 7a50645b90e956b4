"""The types that a parameter can have, and the spellings of them that real files use."""

from __future__ import annotations

from enum import Enum


class ParameterType(str, Enum):
    """A parameter's type. The first four are MLflow's, the others are additions."""

    STRING = "string"
    FLOAT = "float"
    PATH = "path"
    URI = "uri"
    INT = "int"
    BOOL = "bool"
    LIST = "list"
    JSON = "json"


# `file`, `dir` and `url` are not among them: MLflow takes any text for these, so a check for
# an existing path or for a scheme would refuse what runs today (an output yet to be written).
_SPELLINGS = {
    ParameterType.STRING: ("str", "text"),
    ParameterType.FLOAT: ("number", "double", "numeric", "float32", "float64"),
    ParameterType.INT: ("integer", "long", "int32", "int64"),
    ParameterType.BOOL: ("boolean",),
    ParameterType.LIST: ("array", "sequence"),
    ParameterType.JSON: ("dict", "dictionary", "object", "map", "mapping"),
}

_BY_SPELLING = {kind.value: kind for kind in ParameterType} | {
    spelling: kind for kind, spellings in _SPELLINGS.items() for spelling in spellings
}

_WITH_ITEM_TYPES = (ParameterType.LIST, ParameterType.JSON)

_MEANT = {
    "file": "path", "filename": "path", "filepath": "path", "dir": "path", "directory": "path",
    "folder": "path", "url": "uri",
}  # fmt: skip


def parse_type(text: str) -> ParameterType | None:
    """Return the type that a file means by `text`, None where it is not known.

    Letter case does not matter, and `list[float]` or `dict[str, int]` are what stands before
    the bracket.
    """
    spelling = text.strip().lower()
    for opening, closing in ("[]", "()", "<>"):
        head, bracket, rest = spelling.partition(opening)
        if bracket and rest.endswith(closing):
            kind = _BY_SPELLING.get(head.strip())
            return kind if kind in _WITH_ITEM_TYPES else None
    return _BY_SPELLING.get(spelling)


def suggest_type(text: str) -> str | None:
    """Return the name of the type that an unknown `text` was probably meant to be."""
    from mlrun.near_miss import near_miss

    plain = text.strip().lower()
    return _MEANT.get(plain) or near_miss(plain, _BY_SPELLING)


def spellings_of(kind: ParameterType) -> tuple[str, ...]:
    """Return what else a type may be called, beside its own name."""
    return _SPELLINGS.get(kind, ())
