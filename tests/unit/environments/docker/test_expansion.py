"""What was written for a shell means what it means to a shell in the project's folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlrun.environments.docker.expansion import expand

VARIABLES = {"HOME": "/home/someone", "DATA": "/srv/data", "EMPTY": "", "PWD": "/elsewhere"}


def expanded(text: str, folder: str = "/projects/one") -> str:
    return expand(text, folder, VARIABLES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(pwd)/data:/data", "/projects/one/data:/data"),
        ("$PWD:/code", "/projects/one:/code"),
        ("${PWD}/a:/a", "/projects/one/a:/a"),
        ("`pwd`:/code", "/projects/one:/code"),
        ("%cd%:/code", "/projects/one:/code"),
        ("%CD%/data:/data", "/projects/one/data:/data"),
        ("$DATA:/data", "/srv/data:/data"),
        ("${DATA}x:/data", "/srv/datax:/data"),
        ("${NONE:-/default}:/data", "/default:/data"),
        ("${NONE:-$DATA}:/data", "/srv/data:/data"),
        ("${NONE:-${DATA}/x}:/data", "/srv/data/x:/data"),
        ("${EMPTY:-/default}:/data", "/default:/data"),
        ("${EMPTY-/default}:/data", ":/data"),
        ("~/data:/data", "/home/someone/data:/data"),
        ("~:/home", "/home/someone:/home"),
        ("/a~b:/c", "/a~b:/c"),
        ("/price\\$DATA:/c", "/price$DATA:/c"),
        ("/plain:/c:ro", "/plain:/c:ro"),
    ],
)
def test_what_a_shell_would_make_of_it(text: str, expected: str) -> None:
    assert expanded(text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("$NONE/x:/x", "the variable NONE, which is not set"),
        ("${EMPTY:?}:/x", "the variable EMPTY, which is not set"),
        ("$(git rev-parse HEAD):/x", "`git rev-parse HEAD`"),
        ("`date`:/x", "`date`"),
        ("${DATA%/}:/x", "a form that is not known"),
    ],
)
def test_what_cannot_be_expanded_is_named(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=r"^(uses|asks|has)") as caught:
        expanded(text)
    assert named in str(caught.value)


_words = st.lists(
    st.sampled_from(
        (
            *("$(pwd)", "$PWD", "${PWD}", "$DATA", "${DATA}", "${NONE:-x}", "${EMPTY:-y}"),
            *("${EMPTY-z}", "/", "a", "-", ".", "\\$", "é"),
        )
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_words)
def test_bash_agrees(tmp_path: Path, words: list[str]) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    text = "".join(words)
    variables = {**VARIABLES, "PWD": str(tmp_path), "LC_ALL": "C.UTF-8"}
    said = subprocess.run(
        [bash, "--norc", "-uc", f'printf %s "{text}"'], cwd=tmp_path, env=variables,
        capture_output=True,
    )  # fmt: skip
    if said.returncode != 0:
        with pytest.raises(ValueError, match="which is not set"):
            expand(text, str(tmp_path), VARIABLES)
    else:
        assert expand(text, str(tmp_path), VARIABLES) == said.stdout.decode()
