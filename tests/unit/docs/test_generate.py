from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate

ROOT = Path(__file__).resolve().parents[3]


def test_the_documentation_is_up_to_date() -> None:
    assert [file.name for file in generate.outdated()] == [], "run python docs/generate.py"


def test_what_stands_between_the_marks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "_generate", lambda name: f"\n*{name}* \\1\n")
    text = (
        "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- generated: two -->\n<!-- end -->\n"
    )
    wanted = (
        "a\n<!-- generated: one -->\n\n*one* \\1\n\n<!-- end -->\nb\n"
        "<!-- generated: two -->\n\n*two* \\1\n\n<!-- end -->\n"
    )
    assert generate.generated(text) == wanted
    assert generate.generated(wanted) == wanted


def test_an_unknown_name_is_no_silent_gap() -> None:
    with pytest.raises(KeyError, match="nothing"):
        generate.generated("<!-- generated: nothing -->\n<!-- end -->\n")


def test_a_check_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.md"
    file.write_text("<!-- generated: lint-rules -->\n<!-- end -->\n")
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert generate.main(["--check"]) == 1
    assert file.read_text() == "<!-- generated: lint-rules -->\n<!-- end -->\n"
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_it_runs_as_a_script() -> None:
    program = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    assert subprocess.run(program, capture_output=True, check=False).returncode in (0, 1)
    assert subprocess.run([*program, "x"], capture_output=True, check=False).returncode == 2
