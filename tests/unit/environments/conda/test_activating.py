"""What activation scripts do is found out, for any value that the user may have."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mlrun.environments.conda.activating import record_activation, write_state
from mlrun.environments.conda.activation import Activation


def activation(prefix: Path, script: str = "", **named: str) -> Activation:
    scripts = prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True, exist_ok=True)
    for name, text in {"main": script, **named}.items():
        (scripts / f"{name}.sh").write_text(text)
    found, _ = record_activation(prefix, os.environ)
    return Activation.from_dict(json.loads(json.dumps(found.to_dict())))


@pytest.mark.parametrize(
    ("script", "own", "result"),
    [
        ("export X=1", None, "1"),
        ("export X=1", "mine", "1"),
        ("export X=$CONDA_PREFIX/a b", None, "PREFIX/a"),
        ('export X="$CONDA_PREFIX/a b"', None, "PREFIX/a b"),
        ('export X="${X:-usual}"', None, "usual"),
        ('export X="${X:-usual}"', "mine", "mine"),
        ('export X="${X:-usual}"', "", "usual"),
        ('export X="first${X:+:$X}"', None, "first"),
        ('export X="first${X:+:$X}"', "a:b", "first:a:b"),
        ('export X="$X:last"', "a", "a:last"),
        ('export X="f:$X:l"', "a'\"$b\n", "f:a'\"$b\n:l"),
        ("unset X", "mine", None),
        ("unset X", None, None),
        ("X=1", "mine", "mine"),
        ("true", "mine", "mine"),
    ],
)
def test_one_variable(tmp_path: Path, script: str, own: str | None, result: str | None) -> None:
    environ = {"HOME": "/h"} | ({} if own is None else {"X": own})
    chosen, removed = activation(tmp_path, script).variables(environ)
    after = {k: v for k, v in {**environ, **chosen}.items() if k not in removed}
    expected = result.replace("PREFIX", str(tmp_path)) if result else result
    assert after.get("X") == expected
    assert after["HOME"] == "/h"


def test_scripts_run_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = activation(tmp_path, "true", b='export X="$X 2"', a="export X=1")
    assert found.variables({})[0] == {"X": "1 2"}


def test_a_failing_script_stops_no_other(tmp_path: Path) -> None:
    found = activation(tmp_path, "export LAST=1", a="nosuch-command; false; return 3")
    assert found.variables({})[0] == {"LAST": "1"}


def test_scripts_see_nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "1")
    found = activation(tmp_path, 'export X="${SECRET_OF_MINE:-none}"')
    assert found.variables({})[0] == {"X": "none"}


def test_folders_before_the_path(tmp_path: Path) -> None:
    found = activation(tmp_path, 'export PATH="$CONDA_PREFIX/tools:$PATH"')
    assert found.path == (f"{tmp_path}/tools",)
    assert found.variables({"PATH": "/bin"})[0] == {}


def test_variables_in_files(tmp_path: Path) -> None:
    stated = tmp_path / "etc" / "conda" / "env_vars.d"
    stated.mkdir(parents=True)
    (stated / "package.json").write_text('{"A": "of the package", "B": "b", "C": "***unset***"}')
    (stated / "broken.json").write_text("{")
    (tmp_path / "conda-meta").mkdir()
    write_state(tmp_path, {"A": "of $HOME"})
    assert record_activation(tmp_path, {})[0].variables({"B": "mine"}) == (
        {"A": "of $HOME", "B": "b"},
        (),
    )
    assert activation(tmp_path, 'export D="$A"').variables({})[0]["D"] == "of $HOME"


def test_what_scripts_print_is_kept_and_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "etc/conda/activate.d").mkdir(parents=True)
    (tmp_path / "etc/conda/activate.d/a.sh").write_text("echo hello; export X=1; printf 'Y=2\\0'")
    found, said = record_activation(tmp_path, {})
    assert found.variables({})[0] == {"X": "1"}
    assert "hello" in said


def test_a_script_that_ends_the_shell_leaves_what_files_say(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    write_state(tmp_path, {"A": "1"})
    assert activation(tmp_path, "exit 3").variables({})[0] == {"A": "1"}
