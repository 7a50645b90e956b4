"""All that is wrong in a project file is found at once, where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import ProjectError
from mlrun.lint.project_file import check_project_file
from mlrun.project.load import load_project
from tests.unit.lint.linted_projects import MAIN, found_in, mended, only, places, rules_in


def test_a_plain_file_has_nothing_wrong(tmp_path: Path) -> None:
    assert found_in(tmp_path, f"name: churn\n{MAIN}") == ()


def test_one_error_does_not_hide_the_others(tmp_path: Path) -> None:
    problems = found_in(
        tmp_path,
        """\
        name: [churn]
        rubric: x
        docker_env:
          volumes: {a: b}
          environment: [[A]]
        entry_points:
          main:
            comand: python train.py
          first: [python]
          second:
            parameters: [alpha]
            command: python second.py
          third:
        """,
    )
    assert sorted(places(problems), key=lambda found: (found[1] or 0, found[2] or 0)) == [
        ("wrong-shape", 1, 7),
        ("unknown-key", 2, 1),
        ("wrong-shape", 4, 3),
        ("wrong-shape", 4, 12),
        ("wrong-shape", 5, 17),
        ("misspelt-key", 8, 5),
        ("wrong-shape", 9, 10),
        ("wrong-shape", 11, 17),
        ("no-command", 13, 3),
    ]


def test_what_stands_below_a_misspelt_key_is_read(tmp_path: Path) -> None:
    text = "entrypoints:\n  main:\n    comand: [x]\n    parameter: {a: {type: flaot}}\n"
    assert sorted(str(rule) for rule in rules_in(tmp_path, text)) == [
        *["misspelt-key"] * 3, "no-command", "unknown-type",
    ]  # fmt: skip


def test_each_lint_has_its_own_place(tmp_path: Path) -> None:
    text = f"rubric: 1\nname: churn\nhooks: 2\n{MAIN}"
    assert places(found_in(tmp_path, text)) == [("unknown-key", 1, 1), ("unknown-key", 3, 1)]


def test_ordinary_loading_ends_at_the_first_error(tmp_path: Path) -> None:
    found_in(tmp_path, "name: [churn]\nconda_env: [a]\nentry_points:\n  main: [x]\n")
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    assert len(caught.value.problems) == 1
    assert "'main'" in caught.value.message


def test_the_text_that_is_given_counts(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    assert check_project_file(file, MAIN) == ()
    (problem,) = check_project_file(file, f"rubric: x\n{MAIN}")
    assert problem.rule == "unknown-key"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = check_project_file(tmp_path / "MLproject")
    assert problem.rule == "unreadable"


@pytest.mark.parametrize(
    "data", [b"\xff\xfen\0", b"name: caf\xe9\n", b"name: \x01\n", b"name: [\xc3"]
)
def test_a_file_that_is_no_text(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "MLproject").write_bytes(data)
    (problem,) = check_project_file(tmp_path / "MLproject")
    assert problem.rule == "unreadable"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    assert only(tmp_path, "name: " + "x" * (1 << 20)).rule == "too-large"


def test_a_value_that_contains_itself(tmp_path: Path) -> None:
    assert only(tmp_path, "name: &a [*a]\n").rule == "too-large"


def test_what_an_alias_repeats_is_found_once(tmp_path: Path) -> None:
    text = """\
        entry_points:
          first: &a {command: x, rubric: y}
          second: *a
          third:
            <<: *a
            command: z
    """
    assert places(found_in(tmp_path, text)) == [("unknown-key", 2, 26)]


def test_a_template_is_one_finding(tmp_path: Path) -> None:
    text = "name: {{ cookiecutter.name }}\nentry_points: [x]\n"
    assert only(tmp_path, text).rule == "template"


def test_an_unsafe_tag_does_not_end_the_reading(tmp_path: Path) -> None:
    text = f"name: !!python/none x\nrubric: !own [y]\n{MAIN}"
    assert rules_in(tmp_path, text) == ["unsafe-tag", "unsafe-tag", "unknown-key"]


def test_a_duplicate_does_not_end_the_reading(tmp_path: Path) -> None:
    text = f"name: a\nname: b\n{MAIN}  main:\n    command: x\nrubric: y\n"
    assert places(found_in(tmp_path, text)) == [
        ("duplicate-key", 2, 1),
        ("duplicate-key", 6, 3),
        ("unknown-key", 8, 1),
    ]


class TestYaml:
    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("name:\n\tb\n \tc: x\n", "yaml-tab"),
            ("a:\n    b: 1\n  c: 2\n", "yaml-indentation"),
            ("a: 1\n  b: 2\n", "yaml-indentation"),
            ("  a: 1\nb: 2\n", "yaml-indentation"),
            ("a:\n  b:e\n    c: 1\n", "yaml-missing-space"),
            ("a: b: c\n", "yaml-quoting"),
            ('a: "x\n', "yaml-quoting"),
            ('a: "\\x"\n', "yaml-quoting"),
            ("a: @x\n", "yaml-quoting"),
            ("a: *x\n", "yaml-quoting"),
            ("a: 'x' y\n", "yaml-quoting"),
            ("a: 1\n---\nb: 2\n", "yaml-syntax"),
            ("a: [1\n", "yaml-syntax"),
            ("a: | b\n", "yaml-syntax"),
            ("%YAML 3.0\n---\na: b\n", "yaml-syntax"),
            ("a: 1\n{% if x %}\n", "template"),
        ],
    )
    def test_a_text_that_is_no_yaml(self, tmp_path: Path, text: str, rule: str) -> None:
        assert rules_in(tmp_path, text) == [rule]

    def test_after_a_mend_the_reading_goes_on(self, tmp_path: Path) -> None:
        text = "name:churn\nrubric: x\nentry_points:\n\tmain:\n\t\tcomand: x\n"
        problems = found_in(tmp_path, text)
        assert places(problems) == [
            ("yaml-missing-space", 1, 1),
            ("yaml-tab", 4, 1),
            ("unknown-key", 2, 1),
            ("misspelt-key", 5, 3),
        ]
        # Edits of what is found in the mended text would be in the wrong places.
        assert [bool(problem.edits) for problem in problems] == [True, False, False, False]

    def test_a_colon_whose_space_would_help_nothing_is_not_mended(self, tmp_path: Path) -> None:
        assert only(tmp_path, "entry_points:\n  main:e\n    command: x\n").edits == ()


class TestTheFilesName:
    def test_one_that_mlflow_does_not_see(self, tmp_path: Path) -> None:
        file = tmp_path / "MLproject.yml"
        file.write_text(MAIN, encoding="utf-8")
        (problem,) = check_project_file(file)
        assert problem.rule == "unseen-project-file"
        assert problem.location is not None
        assert problem.location.file == file

    def test_letter_case_does_not_matter(self, tmp_path: Path) -> None:
        file = tmp_path / "mlproject"
        file.write_text(MAIN, encoding="utf-8")
        assert check_project_file(file) == ()

    def test_any_other_name_is_not_looked_at(self, tmp_path: Path) -> None:
        (tmp_path / "MLproject.yaml").write_text(MAIN, encoding="utf-8")
        assert check_project_file(tmp_path / "other.yaml", MAIN) == ()

    @pytest.mark.parametrize("name", ["MLproject", "mlproject", "MLproject.yaml"])
    def test_several_in_one_folder(self, tmp_path: Path, name: str) -> None:
        for each in ("MLproject", "mlproject", "MLproject.yaml"):
            (tmp_path / each).write_text(MAIN, encoding="utf-8")
        problems = check_project_file(tmp_path / name)
        assert {problem.rule for problem in problems} == {"several-project-files"}
        assert {p.location and p.location.file for p in problems} == {tmp_path / name}
        assert len(problems) == 1


class TestEntryPoints:
    def test_a_command_beside_its_name(self, tmp_path: Path) -> None:
        text = """\
            entry_points:
              main:
              parameters:
                # é
                alpha: flaot

              command: python train.py {alpha}
        """
        assert rules_in(tmp_path, text) == ["misplaced-command"]
        assert mended(tmp_path, text) == (
            "entry_points:\n  main:\n    parameters:\n      # é\n      alpha: flaot\n\n"
            "    command: python train.py {alpha}\n"
        )

    def test_a_command_beside_its_name_in_braces(self, tmp_path: Path) -> None:
        problem = only(tmp_path, "entry_points: {main: , command: x}\n")
        assert (problem.rule, problem.edits) == ("misplaced-command", ())

    def test_a_command_beside_its_name_is_indented(self, tmp_path: Path) -> None:
        text = """\
            entry_points:
              main:
              command: |
                python é.py \\
                  --x

            name: churn
        """
        assert mended(tmp_path, text) == (
            "entry_points:\n  main:\n    command: |\n      python é.py \\\n        --x\n\n"
            "name: churn\n"
        )

    def test_a_command_of_no_entry_point(self, tmp_path: Path) -> None:
        assert only(tmp_path, "entry_points:\n  command: x\n").rule == "misplaced-command"

    @pytest.mark.parametrize("body", ["", "{}", "{command: }", "{command: [a]}", "{command: ~}"])
    def test_without_a_command(self, tmp_path: Path, body: str) -> None:
        assert rules_in(tmp_path, f"entry_points:\n  main: {body}\n") == ["no-command"]

    def test_a_file_without_main_is_fine(self, tmp_path: Path) -> None:
        assert found_in(tmp_path, MAIN.replace("main", "train")) == ()

    def test_a_command_alone(self, tmp_path: Path) -> None:
        text = 'entry_points:\n  ü: "python train.py"  # é\n  b: python b.py\n'
        assert rules_in(tmp_path, text) == ["command-alone", "command-alone"]
        assert mended(tmp_path, text) == (
            'entry_points:\n  ü:\n    command: "python train.py"  # é\n'
            "  b:\n    command: python b.py\n"
        )

    @pytest.mark.parametrize(
        "text", ["entry_points: {main: python a.py}\n", "entry_points:\n  main: python\n    a.py\n"]
    )
    def test_a_command_alone_that_would_have_to_be_laid_out(
        self, tmp_path: Path, text: str
    ) -> None:
        problem = only(tmp_path, text)
        assert (problem.rule, problem.edits) == ("command-alone", ())

    def test_a_command_without_a_space_after_its_colon(self, tmp_path: Path) -> None:
        text = "entry_points:\n  main:\n    command:python train.py\n"
        assert only(tmp_path, text).rule == "yaml-missing-space"
        assert mended(tmp_path, text) == MAIN

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("entry_points:  # none\n", "entry_points: {}  # none\n"),
         ("entry_points: ~\n", "entry_points: {}\n"),
         ("entry_points:", "entry_points: {}")],
    )  # fmt: skip
    def test_none_at_all(self, tmp_path: Path, text: str, expected: str) -> None:
        assert only(tmp_path, text).rule == "mlflow-empty"
        assert mended(tmp_path, text) == expected

    def test_a_description_that_is_no_text(self, tmp_path: Path) -> None:
        assert rules_in(tmp_path, f"description: [x]\n{MAIN}    description: {{}}\n") == [
            "wrong-shape", "wrong-shape",
        ]  # fmt: skip

    def test_a_job_for_databricks(self, tmp_path: Path) -> None:
        job = "databricks_spark_job: {python_file: x.py}\n"
        assert rules_in(tmp_path, f"{job}{MAIN}") == ["databricks-job"]
        assert rules_in(tmp_path, f"{job}name: [x]\n") == ["databricks-only", "wrong-shape"]


class TestMisspeltKeys:
    def test_the_key_is_renamed_and_nothing_else(self, tmp_path: Path) -> None:
        text = "nam: é😀  # nam\nentry_points:\n  main:\n    'comand': nam\n"
        assert mended(tmp_path, text) == (
            "name: é😀  # nam\nentry_points:\n  main:\n    'command': nam\n"
        )

    def test_a_key_with_more_than_its_name_is_left(self, tmp_path: Path) -> None:
        problem = only(tmp_path, f"&anchor nam: churn\n{MAIN}")
        assert (problem.rule, problem.edits) == ("misspelt-key", ())
