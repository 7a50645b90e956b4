"""Variables that a project names, and those that its user adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.docker.arguments import parse_arguments
from mlrun.environments.docker.variables import file_labels, project_variables, user_variables
from mlrun.errors import Location, ProjectError, UsageError

PLACE = Location(Path("MLproject"), 4)


def test_names_are_copied_and_pairs_are_set() -> None:
    wanted = (("KEY", None), ("MODE", "a b;c\nd"))
    found = project_variables(wanted, {"KEY": "1", "OTHER": "2"}, {}, PLACE)
    assert found == {"KEY": "1", "MODE": "a b;c\nd"}


def test_all_that_are_not_set_are_named() -> None:
    with pytest.raises(ProjectError, match=r"not set: KEY, TOKEN") as caught:
        project_variables(
            (("KEY", None), ("TOKEN", None), ("HOME", None)), {"HOME": "/"}, {}, PLACE
        )
    assert caught.value.location == PLACE
    assert "export KEY=" in str(caught.value.hint)


def test_the_line_of_a_variable_is_named(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    file.write_text("docker_env:\n  image: KEY\n  environment:\n    - KEY\n")
    with pytest.raises(ProjectError) as caught:
        project_variables((("KEY", None),), {}, {}, Location(file, 2, 3))
    assert caught.value.location == Location(file, 4, 7)


def test_what_the_user_gives_or_mlrun_sets_need_not_be_there() -> None:
    wanted = (("KEY", None), ("MLFLOW_TRACKING_URI", None))
    assert project_variables(wanted, {}, {"KEY": "1"}, PLACE) == {}


def test_the_user_s_variables(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text("\ufeffA=1\n# B=2\n\nC\nD=x=y # z\nE=\n", encoding="utf-8")
    arguments = parse_arguments({"env-file": "one.env", "e": ("A=2", "F", "G")})
    found = user_variables(arguments, {"C": "3", "F": "4"}, tmp_path)
    assert found == {"A": "2", "C": "3", "D": "x=y # z", "E": "", "F": "4"}


def test_a_file_that_is_wrong_says_where(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text("A=1\nexport B=2\n")
    with pytest.raises(UsageError, match="no spaces") as caught:
        user_variables(parse_arguments({"env-file": "one.env"}), {}, tmp_path)
    assert caught.value.location == Location(tmp_path / "one.env", 2)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        user_variables(parse_arguments({"env-file": "none.env"}), {}, tmp_path)


def test_labels_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("team=vision\nplain\n")
    arguments = parse_arguments({"label-file": "labels"})
    assert file_labels(arguments, tmp_path) == {"team": "vision", "plain": ""}
