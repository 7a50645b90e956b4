"""Every value is exactly its text to the shell, wherever it stands: asked of real bash."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.project.command.shell.bash import assert_exact, values

# Each place: the command, and the words that `show` must get, separated by NUL.
PLACES = {
    "bare": ("show {x} end", "{x}\0end"),
    "bare first and last": ("show {x}; show a {x}", "{x}\0a\0{x}"),
    "single": ("show 'a{x}b' '{x}'", "a{x}b\0{x}"),
    "double": ('show "a {x} b" "{x}"', "a {x} b\0{x}"),
    "glued": ("show pre{x}post {x}{x} \"{x}\"'{x}'", "pre{x}post\0{x}{x}\0{x}{x}"),
    "after a variable": ('show $V{x} "$V{x}" ${V}{x} "a$V{x}"', "1{x}\x001{x}\x001{x}\0a1{x}"),
    "before a variable": ('show {x}$V "{x}$V"', "{x}1\0{x}1"),
    "after a backslash": ('show \\{x}z "\\{x}"', "{x}z\0\\{x}"),
    "between quotes meant as characters": ("show a=\\'{x}\\' \\\"{x}\\\"", "a='{x}'\0\"{x}\""),
    "after a dollar meant as one": ('show \\${x} "\\${x}"', "${x}\0${x}"),
    "ANSI quotes": ("show $'a\\n{x}\\'{x}' $'\\x4{x}'", "a\n{x}'{x}\0\x04{x}"),
    "after a backslash in ANSI quotes": ("show $'\\{x}'", "\\{x}"),
    "translated": ('show $"a {x}"', "a {x}"),
    "pattern around": ("show {x}*nothing* [{x}]nothing", "{x}*nothing*\0[{x}]nothing"),
    "braces around": ("show {{a{x},b}} {{{x}}}", "a{x}\0b\0{{x}}"),
    "tilde before": ("show ~{x} a=~{x}", None),
    "continued lines": ("show a \\\n {x} \\\n b\\\n{x}", "a\0{x}\0b{x}"),
    "assignment": ('W={x}; show "$W"; W=a{x}"{x}"\'{x}\'; show "$W"', "{x}\0a{x}{x}{x}"),
    "assignment before a command": ('f() { show "$W"; }; W={x} f; W="{x}" f', "{x}\0{x}"),
    "export": ('export W={x} W2="{x}"; show "$W" "$W2"; declare W3={x}; show "$W3"', None),
    "array": ('A=({x} "{x}" \'{x}\' [7]={x} "a {x}"); show "${A[@]}"', "{x}\0{x}\0{x}\0{x}\0a {x}"),
    "default": ('show "${U:-{x}}" "a${U-b{x}c}"', "{x}\0ab{x}c"),
    "default without quotes": ('W=${U:-{x}}; show "$W" ${U-"{x}"} ${U:-\'{x}\'}', "{x}\0{x}\0{x}"),
    "default of a default": ('show "${U:-${U:-{x}}}"', "{x}"),
    "condition": ('[[ {x} == {x} ]] && show 1; [[ "a{x}" = a{x} && -n a{x} ]] && show 2', "1\x002"),
    "case": ("case {x} in never) show no;; {x}|z) show {x};; *) show no;; esac", "{x}"),
    "for": ('for i in {x} "{x}"; do show "$i" {x}; done', "{x}\0{x}\0{x}\0{x}"),
    "loops": ("if true; then show {x}; fi; while true; do show {x}; break; done", "{x}\0{x}"),
    "function": ('f() { show "$1" {x}; }; f {x}', "{x}\0{x}"),
    "subshell": ('( show {x} ); { show "{x}"; }', "{x}\0{x}"),
    "pipe": ("show {x} | cat; true && show {x} || show no", "{x}\0{x}"),
    "here-string": ('IFS= read -r -d "" W <<< {x}; show "$W"', "{x}\n"),
    "comment": ("show a # {x}\nshow b # '{x}", "a\0b"),
    "eval": ("eval show {x} 'a {x}'; eval 'show {x}'; eval \"show '{x}'\"", None),
    "eval in quotes": ("eval 'show \"a {x}\" '\"'{x}'\" {x}", "a {x}\0{x}\0{x}"),
    "trap": ("( trap 'show {x}' EXIT; )", "{x}"),
}

# Those that start a process for each value.
COSTLY = {
    "substitution": ('show $V"$(word {x})" "$(word \'{x}\')$(word "{x}")"', "1{t}\0{t2}"),
    "nested substitution": ('show "$(word "$(word "a {x}")")" "$(word $(word a){x})"', None),
    "case in a substitution": ('show "$(case {x} in {x}) word {x};; esac)"', "{t}"),
    "backticks": ('W=`word {x}`; show "$W"; W=`word \'{x}\'`; show "$W"', "{t}\0{t}"),
    "double in backticks": ('W=`word "{x}"`; show "$W"', "{t}"),
    "backticks in double": ('show "`word {x}`" "`word \'{x}\'`"', "{t}\0{t}"),
    "double in backticks in double": ('show "`word "{x}"`" "`word "a $V{x}"`"', "{t}\0a 1{t}"),
    "nested backticks": (r'''W=`word "\`word {x}\`"`; show "$W"''', "{t}"),
    "substitution in quoted backticks": ('show "`word $(word a){x}`"', "a{t}"),
    "bash -c in quoted backticks": (
        r'''show "`bash -c 'word {x}'`" "`bash -c "word {x}"`"''',
        "{t}\0{t}",
    ),
    "substitution in backticks": ('W=`word "$(word {x})"`; show "$W"', "{t}"),
    "substitution in a default": ('show "${U:-$(word "{x}")}"', "{t}"),
    "process substitution": ('show "$(cat <(word {x}))"', "{t}"),
    "bash -c": ("bash -c 'show {x}'; bash -c \"show {x}\"", "{x}\0{x}"),
    "quotes in bash -c": ("bash -c 'show \"a {x}\"'; bash -c \"show '{x}'\"", "a {x}\0{x}"),
    "bash -c, unquoted": ("bash -c show\\ {x}", "{x}"),
    "sh -c": (
        r'''show "$(sh -c "printf %sE {x}")" "$(sh -c 'printf %sE "{x}"')"''',
        "{x}E\0{x}E",
    ),
    "bash -c, wrapped": ("env A=1 nice -n 1 bash -ec 'show {x}'", "{x}"),
    "bash -c in bash -c": ('bash -c "bash -c \\"show {x}\\""', "{x}"),
    "bash -c in backticks": ("W=`bash -c 'word {x}'`; show \"$W\"", "{t}"),
    "eval of bash -c": ("eval bash -c \"'show {x}'\"", None),
    "argument of bash -c": ("bash -c 'show \"$@\"' {x} {x}", "{x}"),
    "variable for python": (
        'W={x} python3 -c \'import os,sys; sys.stdout.buffer.write(os.environb[b"W"]+b"\\0")\'',
        "{x}",
    ),
}
EXPECTED = {
    "tilde before": "~{x}\0a=~{x}",
    "export": "{x}\0{x}\0{x}",
    "eval": "{x}\0a\0{x}\0{x}\0{x}",
    "nested substitution": "a {t}\0a{t}",
    "eval of bash -c": "{x}",
}


def expected_words(name: str, words: str | None) -> str:
    return EXPECTED[name] if words is None else words.replace("{t2}", "{t}{t}")


@pytest.mark.parametrize("name", PLACES)
def test_thousands_of_values_are_exact(name: str, tmp_path: Path) -> None:
    command, words = PLACES[name]
    assert_exact(command, expected_words(name, words), values(2500, len(name)), tmp_path / "w")


@pytest.mark.parametrize("name", COSTLY)
def test_values_are_exact_through_processes(name: str, tmp_path: Path) -> None:
    command, words = COSTLY[name]
    assert_exact(command, expected_words(name, words), values(300, len(name)), tmp_path / "w")


TEXT = st.text(st.characters(exclude_characters="\0\x02", exclude_categories=["Cs"]), max_size=30)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(TEXT, min_size=1, max_size=20), st.sampled_from(sorted(PLACES)))
def test_any_unicode_is_exact(tmp_path: Path, texts: list[str], name: str) -> None:
    command, words = PLACES[name]
    assert_exact(command, expected_words(name, words), texts, tmp_path / "w")
