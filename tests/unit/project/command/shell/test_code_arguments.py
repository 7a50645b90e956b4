"""Arguments that are code: for a shell they are quoted twice, for others values are limited."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import CommandError, Location
from mlrun.project.command.template import parse_command, render_command

PLACE = Location(Path("MLproject"), 2, 3)
PLAIN = ("a", "", "0.5", "s3://b/c.d-e_f:1@2+3%4,5=6", "-x")
OTHERS = ("a b", "'", '"', "$(touch x)", "a;b", "a\nb", "`a`", "é", "a[1]", "#", "~", "*")


def render(command: str, value: str) -> str:
    return render_command(parse_command(command, ["x"], PLACE), {"x": value})


def assert_limited(command: str, reason: str) -> None:
    for value in PLAIN:
        assert render(command, value)
    for value in OTHERS:
        with pytest.raises(CommandError) as caught:
            render(command, value)
        assert reason in caught.value.message
        assert "the value of x can only be letters, digits and ._-/:=@%+," in caught.value.message
        assert caught.value.location == PLACE


def assert_free(command: str) -> None:
    for value in (*PLAIN, *OTHERS):
        assert render(command, value)


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ('python -c "print({x})"', "python"),
        ("python3.11 -uc 'print(\"{x}\")'", "python3.11"),
        ("/usr/bin/python3 -W ignore -X dev -c \"import a; a.b('{x}')\"", "python3"),
        ("python -c'print({x})'", "python"),
        ("PYTHONPATH=. python -c \"{x}\"; echo", "itself be run"),
        ("python -c {x}", "itself be run"),
        ("env A=1 nice -n 5 python -c 'f({x})'", "python"),
        ("mpirun -n 4 python -c 'f({x})'", "python"),
        ("conda run -n env python -c 'f({x})'", "python"),
        ("true && perl -ne 'print if /{x}/' file", "perl"),
        ("ruby -e 'puts {x}'", "ruby"),
        ("node --eval 'f({x})'", "node"),
        ("node --eval='f({x})'", "node"),
        ("Rscript -e 'f({x})'", "Rscript"),
        ("Rscript -e 'a' -e 'f({x})'", "Rscript"),
        ("R --vanilla -e 'f({x})'", "R"),
        ("julia --project -e 'f({x})'", "julia"),
        ("awk -F, '$1 == \"{x}\"' file", "awk"),
        ("sed -i 's/a/{x}/' file", "sed"),
        ("sed -n -e 's/a/{x}/' file", "sed"),
        ("sqlite3 data.db \"select '{x}'\"", "sqlite3"),
        ("psql -h host -c \"select '{x}'\"", "psql"),
        ("fish -c 'echo {x}'", "fish"),
        ("ssh host python a.py {x}", "ssh runs its arguments"),
        ("ssh {x} ls", "ssh runs its arguments"),
        ("watch -n 1 cat {x}", "watch runs its arguments"),
        ("su user -c 'cat {x}'", "su runs its arguments"),
        ("$PYTHON -c 'f({x})'", "program that is chosen"),
        ("$PREFIX/bin/python$VERSION -c 'f({x})'", "python"),
        ("$(true)eval show$V {x}", "not known yet"),
        ("bash -c {x}", "itself be run"),
        ("bash -c \"{x}\"", "itself be run"),
        ("eval {x}", "itself be run"),
        ("trap {x} EXIT", "itself be run"),
        ("bash -c \"cd $HOME && cat {x}\"", "not known yet"),
        ("bash -c \"echo $(basename {x})\"", "substitution"),
        ("eval \"$(tool {x})\"", "substitution"),
        ("python -c \"f('$(echo {x})')\"", "python"),
        ("bash -c 'echo \"{x}'", "cannot read"),
        ("bash -c \"python -c 'f({x})'\"", "python"),
        ("bash -c \"ssh host {x}\"", "ssh"),
        ("source <(echo {x})", "substitution"),
        ("bash <(echo {x})", "substitution"),
        ("echo 'cat {x}' | bash", "given to an interpreter"),
        ("echo {x} | tee log | sudo sh -s", "given to an interpreter"),
        ("for i in 1; do echo {x}; done | python -", "given to an interpreter"),
        ("{{ echo {x}; }} | bash", "given to an interpreter"),
        ("(echo {x}) | ssh host", "given to an interpreter"),
        ("bash <<< 'cat {x}'", "given to an interpreter"),
        ("python3 <<< 'f({x})'", "given to an interpreter"),
        ("bash < <(echo {x})", "given to an interpreter"),
        ("let {x}", "let evaluates"),
        ("declare {x}", "declare evaluates"),
        ("declare -a V={x}", "declare evaluates"),
        ("read {x} < file", "read evaluates"),
        ("unset {x}", "unset evaluates"),
        ("printf -v {x} a", "printf evaluates"),
        ("test -v {x}", "test evaluates"),
        ("[ -v {x} ]", "[ evaluates"),
        ("$EMPTY let {x}", "let evaluates"),
        ("echo $(( $(wc -l < {x}) + 1 ))", "evaluates arithmetic"),
        ("[[ $(wc -l < {x}) -gt 1 ]]", "compares as numbers"),
        ("show \"`word '\"' {x}`\"", "entangled"),
    ],
)  # fmt: skip
def test_value_in_code_is_limited(command: str, program: str) -> None:
    assert_limited(command, program)


@pytest.mark.parametrize(
    "command",
    [
        "python train.py -c {x}",
        "python -m module -c {x}",
        "python -u train.py --code {x} -c '{x}'",
        "bash script.sh -c {x}",
        "bash -x script.sh {x}",
        "sh setup.sh && python -m runner {x}",
        "python -c 'import sys' {x}",
        "Rscript train.R {x} -e {x}",
        "awk '{{print $1}}' {x}",
        "awk -f program.awk {x}",
        "sed s/a/b/ {x}",
        "sed -e s/a/b/ {x}",
        "sqlite3 {x} 'select 1'",
        "perl script.pl -e {x}",
        "echo bash -c '{x}'",
        "declare V={x}",
        "export V={x} W='{x}'",
        "env V={x} python a.py",
        "printf '%s' {x}",
        "test -f {x}",
        "[ {x} = a ]",
        "cat {x} | grep a",
        "cat {x} | python a.py",
        "cat {x} | python -m json.tool",
        "cat {x} | python -c 'import sys'",
        "bash script.sh < {x}",
        "python main.py run read sed {x}",
        "mlflow run . -P a={x}",
        "docker run image {x}",
        "{x} -m module",
    ],
)
def test_other_arguments_take_anything(command: str) -> None:
    assert_free(command)


def test_hint_says_how_any_value_can_be_passed() -> None:
    with pytest.raises(CommandError) as caught:
        render("python -c 'f(\"{x}\")'", "a b")
    assert "VALUE={x}" in (caught.value.hint or "")
    assert_free("VALUE={x} python -c 'import os; f(os.environ[\"VALUE\"])'")
    assert_free('code={x}; bash -c "$code"')
