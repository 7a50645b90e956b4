"""The command's template, and what becomes of it with values."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import CommandError, Location
from mlrun.project.command.template import CommandTemplate, parse_command, render_command

PLACE = Location(Path("MLproject"), 7, 14)


def parse(command: str, *known: str) -> CommandTemplate:
    return parse_command(command, known or ("x", "y"), PLACE)


def render(command: str, **values: str) -> str:
    return render_command(parse(command, *values), values)


def refused(command: str, *known: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        parse(command, *known)
    assert caught.value.location == PLACE
    return caught.value


def value_refused(command: str, value: str) -> CommandError:
    template = parse(command, "x")
    with pytest.raises(CommandError) as caught:
        render_command(template, {"x": value})
    assert caught.value.location == PLACE
    return caught.value


def run(command: str) -> list[str]:
    """Return the words that `show` got, one a line."""
    script = f'show() {{ printf "%s\\n" "$@"; }}\n{command}'
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "rendered"),
    [
        ("python a.py --b {x}", "python a.py --b 0.5"),
        ("python a.py --b={x} s3://{x}/{x}.csv", "python a.py --b=0.5 s3://0.5/0.5.csv"),
        ("awk '{{print $1}}' {x}", "awk '{print $1}' 0.5"),
        ("for i in {{1..{x}}}; do echo $i; done", "for i in {1..0.5}; do echo $i; done"),
        ("python a.py\n  --b {x}\n", "python a.py --b 0.5"),
        ("echo ${{VAR:-1}} {x}", "echo ${VAR:-1} 0.5"),
    ],
)
def test_plain_values_stay_plain(command: str, rendered: str) -> None:
    assert render(command, x="0.5") == rendered


def test_names_of_the_placeholders_are_known() -> None:
    template = parse("run {x} '{x}' {batch-size} '{{y}}'", "x", "y", "batch-size")
    assert template.placeholders == ("x", "batch-size")
    assert template.warnings == ()


def test_empty_value_is_an_empty_argument_unless_it_is_glued() -> None:
    assert run(render("show a{x} {x} b", x="")) == ["a", "", "b"]


def test_words_of_an_unquoted_substitution_stay_split() -> None:
    command = "show main.steps=\\'{x}\\' $(echo {y})"
    rendered = render(command, x="all of it", y="a=1 b=2")
    assert run(rendered) == ["main.steps='all of it'", "a=1", "b=2"]


def test_pattern_around_a_value_stays_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "with * blank"
    folder.mkdir()
    for name in ("2020-1.nc", "2020-2.nc"):
        (folder / name).touch()
    found = run(render("show {x}/2020*.nc", x=str(folder)))
    assert found == [f"{folder}/2020-1.nc", f"{folder}/2020-2.nc"]


class TestBraces:
    def test_other_braces_are_passed_with_a_warning(self) -> None:
        template = parse("awk '{print $1}' {x}", "x")
        (warning,) = template.warnings
        assert warning.location == PLACE
        assert "braces" in warning.message
        assert render_command(template, {"x": "f"}) == "awk '{print $1}' f"

    def test_variable_of_a_parameters_name_is_the_shells(self) -> None:
        template = parse("x=5; show ${x} {x}", "x")
        assert template.warnings[0].message == "${x} is the shell's variable, not the parameter x"
        assert template.placeholders == ("x",)
        assert run(render_command(template, {"x": "1"})) == ["5", "1"]

    def test_dollar_that_is_a_character_leaves_the_placeholder(self) -> None:
        assert run(render("show '${x}' \\${x} \"\\${x}\"", x="3")) == ["$3"] * 3

    def test_unknown_name_is_an_error_with_the_near_miss(self) -> None:
        error = refused("run {learning_rte}", "learning_rate", "epochs")
        assert "{learning_rte}" in error.message
        assert "learning_rate, epochs" in error.message
        assert error.hint is not None
        assert "{learning_rate}" in error.hint

    def test_unknown_name_without_any_like_it(self) -> None:
        error = refused("run {data_path} {other}")
        assert "{data_path} is no parameter" in error.message
        assert "{other} is no parameter" in error.message
        assert len(error.problems) == 2
        assert "-P data_path=VALUE" in (error.hint or "")

    @pytest.mark.parametrize(
        "command",
        ["awk '{foo}' {x}", "# {foo}\necho {x}", "echo ${foo} {x}", "cat <<A\n{foo}\nA\necho {x}"],
    )
    def test_unknown_name_is_literal_where_it_cannot_be_a_mistake(self, command: str) -> None:
        assert render(command, x="1") == command.replace("{x}", "1")

    def test_format_is_an_error(self) -> None:
        error = refused("echo {x:>5}", "x")
        assert "{x:>5} formats a value" in error.message
        assert parse("awk '{x:5}' {x}", "x").placeholders == ("x",)

    def test_names_with_odd_characters(self) -> None:
        template = parse("run {batch-size} {a b}", "batch-size", "a b")
        assert render_command(template, {"batch-size": "1", "a b": "2"}) == "run 1 2"


class TestPlacesThatTakeNoValue:
    @pytest.mark.parametrize(
        ("command", "reason"),
        [
            ("cat <<EOF\n{x}\nEOF\n", "here-document"),
            ("cat <<-'EOF'\n\t{x}\n\tEOF", "here-document"),
            ("cat <<{x}\nEOF", "here-document"),
            ("cat <<EOF\na\\\nEOF\n{x}", "here-document"),
            ('echo "${V/a/{x}}"', "parameter expansion"),
            ('echo "${V:{x}}"', "parameter expansion"),
            ("echo $(( $V{x} ))", "no end"),
            ("echo $((a); echo {x})", "not clear"),
        ],
    )
    def test_is_refused_with_the_reason(self, command: str, reason: str) -> None:
        assert reason in refused(command, "x").message

    @pytest.mark.parametrize(
        "command", ["echo '{x}", 'echo "{x}', "echo $(a {x}", "echo `{x}", "{x})", "A=(a; {x})"]
    )
    def test_incomplete_command_is_refused(self, command: str) -> None:
        assert "cannot be read" in refused(command, "x").message

    def test_without_placeholders_nothing_is_refused(self) -> None:
        command = "cat <<EOF\n${V/a/b}\nEOF\necho 'open"
        assert render_command(parse(command), {}) == command

    def test_nul_in_the_command(self) -> None:
        assert "NUL" in refused("echo \0").message

    def test_endless_command(self) -> None:
        assert "put it into a script" in (refused("x" * 3_000_000).hint or "")


class TestValuesThatCannotBeWritten:
    def test_nul(self) -> None:
        assert "NUL" in value_refused("echo {x}", "a\0b").message

    def test_missing(self) -> None:
        with pytest.raises(CommandError, match="has no value"):
            render_command(parse("echo {x}"), {})

    def test_too_long(self) -> None:
        error = value_refused("echo {x}", "é" * 200_000)
        assert "bytes long" in error.message
        assert "the longest is x" in (error.hint or "")

    def test_the_longest_one_that_the_system_takes_is_taken(self) -> None:
        limit = 32 * os.sysconf("SC_PAGE_SIZE")
        command = render("true {x}", x="a" * (limit - 1 - len("true ")))
        assert len(command) == limit - 1
        if sys.platform == "linux":
            subprocess.run(["bash", "-c", command], check=True)
            with pytest.raises(OSError, match="too long"):
                subprocess.run(["bash", "-c", command + "a"], check=True)
        assert value_refused("true {x}", "a" * (limit - len("true ")))

    def test_lone_surrogate(self) -> None:
        assert "cannot be written" in value_refused("echo {x}", "\ud800").message

    @pytest.mark.parametrize(
        "command",
        [
            "echo $(( 1 + {x} ))",
            "(( {x} > 1 )) && echo",
            "echo $[{x}]",
            "for ((i=0; i<{x}; i++)); do echo; done",
            "[[ {x} -gt 1 ]]",
            "[[ -v {x} ]]",
            "A[{x}]=1",
            "A=([{x}]=1)",
            'echo "$(( "{x}" + ${U:-{x}} ))"',
        ],
    )
    def test_arithmetic_takes_numbers_only(self, command: str) -> None:
        for number in ("5", "-3", "0.5", "+1"):
            assert number in render(command, x=number)
        for text in ("", "a", "a[$(touch x)]", "1;2", "0x1", "1\n", "--1"):
            assert "can only be a number" in value_refused(command, text).message


class TestAppending:
    def append(self, command: str, *extra: tuple[str, str], **values: str) -> str:
        return render_command(parse(command, *values), values, extra)

    @pytest.mark.parametrize(
        "command",
        [
            "show {x}",
            "show {x}\n",
            "show {x} # a note: {x}",
            "show {x};",
            "show {x} ; # note\n# another",
            "true && show {x}",
            "false; show {x}",
            "V={x} show {x}",
            'env true; bash -c \'printf "%s\\n" "$@"\' - {x}',
            "show {x} 2>/dev/null",
        ],
    )
    def test_options_go_to_the_last_command(self, command: str) -> None:
        rendered = self.append(command, ("key", "a b"), ("k'y", ""), x="1 2")
        assert run(rendered) == ["1 2", "--key", "a b", "--k'y", ""]

    @pytest.mark.parametrize(
        "command",
        [
            "python a.py &",
            "python a.py |",
            "python a.py &&",
            "for i in 1; do echo; done",
            "( python a.py )",
            "{ python a.py; }",
            "[[ a ]]",
            "(( 1 ))",
            "V=1",
            "cat <<EOF\na\nEOF",
            "",
            "echo 'a",
            "# only a note",
            "case a in a) echo;; esac",
            "f() { echo; }",
        ],
    )
    def test_end_that_takes_no_options_is_refused(self, command: str) -> None:
        with pytest.raises(CommandError, match="cannot be appended"):
            self.append(command, ("key", "value"))

    def test_options_of_a_command_that_runs_them_as_code(self) -> None:
        assert run(self.append("eval show", ("key", "$(echo a) 'b"))) == ["--key", "$(echo a) 'b"]
        with pytest.raises(CommandError, match="ssh runs its arguments as code"):
            self.append("ssh host python a.py", ("key", "$(touch x)"))

    def test_comment_at_the_end_may_hold_a_placeholder(self) -> None:
        rendered = self.append("show a # {x}", ("key", "v"), x="b\nc")
        assert run(rendered) == ["a", "--key", "v"]


def test_text_of_a_template_gives_the_same_template() -> None:
    template = parse("python a.py\n  --b '{x}' \\\n  # {y}\n  --c {y} \\ ", "x", "y")
    again = parse_command(template.text, ("x", "y"), PLACE)
    assert again == template


@given(st.text(alphabet="ab {x}'\"\\$`#;&|()<>\n-", max_size=40), st.text(max_size=20))
def test_no_template_and_no_value_is_a_traceback(command: str, value: str) -> None:
    with contextlib.suppress(CommandError):
        template = parse(command, "x")
        render_command(template, {"x": value})
        render_command(template, {"x": value}, [("key", value)])


SHAPES = {
    "words": ("python a.py ", "--a {x} ", ""),
    "lines": ("python a.py", "\n  --a {x}", ""),
    "commands": ("", "python a.py {x}\n", ""),
    "nested": ("echo ", "$(echo ", "{x}"),
    "arithmetic": ("echo ", "$((1+", "{x}"),
    "quotes": ("echo ", "\"'\\", "{x}"),
    "backslashes": ("echo ", "\\", " {x}"),
    "braces": ("echo ", "{", "{x}"),
    "backticks": ("echo `", "{x} ", "`"),
    "shell code": ("bash -c 'echo", " {x}", "'"),
    "shells": ("env ", "bash eval ", "{x}"),
    "pipes": ("echo {x}", " | bash | echo {x}", ""),
    "here-documents": ("", "cat <<A\n", "{x}"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", SHAPES)
def test_long_command_is_no_hang(shape: str) -> None:
    before, middle, after = SHAPES[shape]
    command = before + middle * (120_000 // len(middle)) + after
    with contextlib.suppress(CommandError):
        render_command(parse(command, "x"), {"x": "a b"}, [("key", "value")])


WORDS = st.text(alphabet="abcXYZ019._/-", min_size=1, max_size=12).filter(lambda w: w[0].isalnum())


@given(WORDS, st.lists(WORDS.map(lambda word: f"--{word} {{x}}"), max_size=4))
def test_harmless_values_give_what_mlflow_gives(value: str, options: list[str]) -> None:
    command = " ".join(["python train.py", *options])
    theirs = command.format(x=shlex.quote(value))
    assert shlex.split(render(command, x=value)) == shlex.split(theirs)


def test_of_many_parameters_a_message_names_a_few() -> None:
    names = [f"parameter{number}" for number in range(2000)]
    with pytest.raises(CommandError) as caught:
        parse_command("train {paramter7}", names, PLACE)
    assert "parameter11, and 1988 more" in caught.value.message
    assert len(caught.value.message) < 300
