"""Which braces are placeholders: the rules of `str.format` first, then the plain meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.project.command.braces import Field, divide

KNOWN = ("x", "batch-size", "a.b", "two words", "0")


def shape(command: str) -> tuple[bool, str]:
    """Return whether `str.format` decided, and the parts in a row, fields as `<name>`."""
    braces = divide(command, KNOWN)
    parts = [f"<{p.name}>" if isinstance(p, Field) else p for p in braces.parts]
    return braces.is_format, "".join(parts)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("run {x}", "run <x>"),
        ("run {batch-size} {two words} {a.b} {0}", "run <batch-size> <two words> <a.b> <0>"),
        ("awk '{{print $1}}' {x}", "awk '{print $1}' <x>"),
        ("echo ${{VAR:-1}}", "echo ${VAR:-1}"),
        ("{{x}}", "{x}"),
        ("{x:} {x!s} {x:s}", "<x> <x> <x>"),
        ("{x}{x}", "<x><x>"),
        ("", ""),
    ],
)
def test_format_decides_where_it_can(command: str, parts: str) -> None:
    assert shape(command) == (True, parts)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("awk '{print $1}' {x}", "awk '{print $1}' <x>"),
        ("echo } {x}", "echo } <x>"),
        ("echo ${HOME} {x}", "echo ${HOME} <x>"),
        ("echo ${x} {x}}", "echo ${x} <x>}"),
        ("echo ${{VAR:-1}} } {x}", "echo ${VAR:-1} } <x>"),
        ("echo {a,b} {1..3} {x}", "echo {a,b} {1..3} <x>"),
        ("find . -exec ls {} + -name {x}", "find . -exec ls {} + -name <x>"),
        ("echo '{{' { {{x}}", "echo '{{' { {<x>}"),
        ("{unknown} {x}", "<unknown> <x>"),
        ("exec {fd}>file; echo {x}", "exec {fd}>file; echo <x>"),
        ("{ x } {x }", "{ x } {x }"),
    ],
)
def test_otherwise_only_known_names_are_placeholders(command: str, parts: str) -> None:
    assert shape(command) == (False, parts)


@pytest.mark.parametrize("source", ["{x!r}", "{x:>5}", "{x.__class__}", "{x[0]}", "{x:{x}}"])
def test_formatting_is_never_evaluated(source: str) -> None:
    braces = divide(f"echo {source}", ("x",))
    assert not braces.is_format
    fields = [part for part in braces.parts if isinstance(part, Field)]
    assert all(not field.is_plain or field.source == "{x}" for field in fields)


@given(st.text(alphabet="{}x$a:!.[] ", max_size=30))
def test_agrees_with_python_where_it_says_so(command: str) -> None:
    braces = divide(command, ("x", "a"))
    if braces.is_format:
        text = "".join(f"<{p.name}>" if isinstance(p, Field) else p for p in braces.parts)
        assert text == command.format(x="<x>", a="<a>")


@given(st.text(alphabet="{}x$a:!.[] ", max_size=30))
def test_no_character_is_lost(command: str) -> None:
    braces = divide(command, ("x", "a"))
    if not braces.is_format and "${{" not in command:
        sources = [p.source if isinstance(p, Field) else p for p in braces.parts]
        assert "".join(sources) == command
