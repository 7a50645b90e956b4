"""Parameters that are given as if they were options."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mlrun.cli.main import cli


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--alpha", "0.5"], "no such option '--alpha'. To give a parameter: -P alpha=VALUE\n"),
        (["--alpha=0.5"], "no such option '--alpha'. To give a parameter: -P alpha=VALUE\n"),
        (["alpha=0.5"], "argument (alpha=0.5). To give a parameter: -P alpha=0.5\n"),
        (["a=1", "b=2"], "arguments (a=1 b=2). To give a parameter: -P a=1\n"),
    ],
)
def test_it_is_said_how_a_parameter_is_given(words: list[str], said: str) -> None:
    answer = CliRunner().invoke(cli, ["run", ".", *words])
    assert answer.exit_code == 2
    assert answer.output.endswith(said)


@pytest.mark.parametrize("words", [["--parms-file", "v.yaml"], ["--dryrun"], ["-x"], ["other"]])
def test_what_is_no_parameter_is_told_as_ever(words: list[str]) -> None:
    answer = CliRunner().invoke(cli, ["run", ".", *words])
    assert answer.exit_code == 2
    assert "-P" not in answer.output
