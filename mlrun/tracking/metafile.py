"""The small YAML files, one for each experiment and run, of MLflow's file store."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

META = "meta.yaml"

_NAME_LINE = re.compile(rb"^name:[ ]*(.*?)[ \r]*$(\n[ \t])?", re.MULTILINE)
# Plain words that YAML takes as text whatever its version.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./+\-]*")
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def dump(fields: Mapping[str, Any]) -> str:
    """Return the fields as YAML that every reader takes in the same way.

    Each value is written in JSON's form, which is YAML's too as long as characters that YAML
    calls unprintable or breaks lines at are escaped.
    """
    return "".join(f"{name}: {_scalar(fields[name])}\n" for name in sorted(fields))


def load(file: Path) -> dict[str, Any]:
    """Return the fields of a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no fields.
    """
    return parse(file.read_bytes(), file)


def parse(content: bytes, file: Path) -> dict[str, Any]:
    """Return the fields in the content of a file.

    Raises:
        ValueError: There are none.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        fields = yaml.load(content, Loader=loader)  # noqa: S506 - one of the two safe ones
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"{file} is damaged") from error
    if not isinstance(fields, dict):
        raise ValueError(f"{file} is damaged: it holds no fields")  # noqa: TRY004 - the file's value
    return fields


def read_name(content: bytes, file: Path) -> str | None:
    """Return the field `name`, without a YAML parser where its line says it plainly.

    A parser for each of a thousand experiments would take a second.
    """
    found = _NAME_LINE.search(content)
    if found is None:
        return None
    text = found[1].decode("utf-8", "replace")
    inner = text[1:-1]
    is_whole = found[2] is None
    if is_whole and _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT:
        return text
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    if is_whole and is_quoted and inner.isprintable() and not set(inner) & set("'\"\\"):
        return inner
    name = parse(content, file).get("name")
    return None if name is None else str(name)


def write_whole(file: Path, text: str) -> None:
    """Write a file so that a reader, and whoever finds it after a kill, sees all or nothing.

    The draft lies beside the file for a moment.
    """
    draft = file.parent / f".{file.name}.{os.urandom(6).hex()}"
    try:
        write(draft, text)
        draft.replace(file)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def write(file: Path, text: str) -> None:
    """Write a file as it is, without translating its line breaks."""
    with open(file, "w", encoding="utf-8", errors="replace", newline="") as stream:
        stream.write(text)


def _scalar(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
