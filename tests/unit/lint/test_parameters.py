"""What is found about the defaults of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.cli.excerpt import excerpt
from mlrun.lint.project_file import check_project_file


def found(folder: Path, declaration: str) -> list[str | None]:
    """Return the rules that a parameter breaks, declared so: `<declaration>`."""
    file = folder / "MLproject"
    command = f"echo {{{declaration.partition(':')[0]}}}"
    file.write_text(
        f"entry_points:\n  main:\n    parameters:\n      {declaration}\n    command: {command}\n"
    )
    return [problem.rule for problem in check_project_file(file)]


@pytest.mark.parametrize(
    ("declaration", "rules"),
    [
        ("a: {type: int, default: x}", ["unfit-default"]),
        ("a: {type: int, default: None}", ["unfit-default"]),
        ("a: {type: float, default: ''}", ["unfit-default"]),
        ("a: {type: uri, default: here}", ["unfit-default"]),
        ("a: {type: int, default: x, min: 0}", ["unfit-default"]),
        ("a: {default: ''}", []),
        ("a: {default: None}", []),
        ("a: {type: list, default: [1, 2]}", []),
        ("a: {type: float, default: 3}", []),
        ("a: {default: b, choices: [c]}", ["broken-default"]),
        ("a: {type: int, default: 3, max: 2}", ["broken-default"]),
        ("a: {type: list, default: [1, 9], max: 2}", ["broken-default"]),
        ("model_out: {type: path, default: m.pkl}", ["missing-output"]),
        ("model_out: {type: path, default: there}", []),
        ("model_out: {type: path, default: /nowhere/m.pkl}", []),
        ("model_out: {type: path, default: 's3://b/m.pkl'}", []),
        ("model_out: {type: path, default: m.pkl, exists: false}", ["mlflow-output"]),
        ("data: {type: path, default: d.csv}", []),
        ("data: {type: path, default: theer}", ["missing-path"]),
        ("data: {type: path, default: ./there}", []),
        ("out_file: path", ["missing-output"]),
        ("result_path: path", []),
        ("out_file: string", []),
        ("db_password: {default: hunter2}", ["open-password"]),
        ("aws_secret_access_key: {default: x}", ["open-password"]),
        ("db_password: {default: ''}", []),
        ("pad_token: {default: <pad>}", []),
        ("password_length: {type: int, default: 8}", []),
    ],
)
def test_what_is_found(tmp_path: Path, declaration: str, rules: list[str]) -> None:
    (tmp_path / "there").touch()
    assert found(tmp_path, declaration) == rules


def test_what_may_be_secret_is_not_shown(tmp_path: Path) -> None:
    declarations = {"p: {secret: true, default: hunter2}": 34, "password: {default: hunter2}": 27}
    for declaration, column in declarations.items():
        found(tmp_path, declaration)
        problems = check_project_file(tmp_path / "MLproject")
        shown = [p for p in problems if p.rule in ("literal-secret", "open-password")]
        assert len(shown) == 1
        assert shown[0].location is not None
        assert (shown[0].location.line, shown[0].location.column) == (4, column)
        assert excerpt(shown[0]) == []
        assert "hunter2" not in repr(problems)


def test_patterns_without_end_are_not_tried_without_end(tmp_path: Path) -> None:
    declared = [
        f"p{number}: {{pattern: '(a+)+{'b' * number}', default: {'a' * 60}c}}"
        for number in range(1, 200)
    ]
    assert found(tmp_path, "\n      ".join(declared)).count("broken-default") == 3
