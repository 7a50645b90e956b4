"""Commands of real project files, once mended: MLflow gives programs what mlrun always gave."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.lint.commands import command_problems
from mlrun.project.command.template import parse_command, render_command
from mlrun.project.load import examine_project
from mlrun.project.model import EntryPoint
from mlrun.project.reading.nodes import Document
from mlrun.project.reading.yaml_mending import apply_edits
from tests import components
from tests.unit.project.test_corpus_commands import CASES as COMMANDS
from tests.unit.project.test_corpus_commands import CORPUS, programs, recorded

__all__ = ["programs"]


def mendable() -> Iterator[tuple[str, str, EntryPoint, EntryPoint]]:
    """Yield folder, name and entry point of each command that can be mended; and the mended."""
    for folder in sorted({folder for folder, *_ in COMMANDS}):
        file = next(p for p in (CORPUS / folder).iterdir() if p.name.lower().startswith("mlproj"))
        text = file.read_bytes().decode("utf-8-sig")
        before = examine_project(Document(file, text, is_spared=True), file.parent).entry_points
        for name, entry in before.items():
            problems = command_problems(entry.command, entry.parameters, entry.location, text)
            edits = [edit for problem in problems for edit in problem.edits]
            if edits:
                mended = Document(file, apply_edits(text, edits), is_spared=True)
                after = examine_project(mended, file.parent).entry_points
                yield folder, name, entry, after[name]


CASES = list(mendable())


@pytest.mark.parametrize(
    ("entry", "mended"),
    [case[2:] for case in CASES] or [(None, None)],
    ids=[f"{folder}:{name}" for folder, name, *_ in CASES] or ["none"],
)
def test_mended_command_means_the_same_to_both(
    entry: EntryPoint, mended: EntryPoint, programs: Path, tmp_path: Path
) -> None:
    if not CASES:
        components.missing("corpus", f"no project files in {CORPUS}")
    values = {name: f"v {number}" for number, name in enumerate(entry.parameters)}
    template = parse_command(entry.command, tuple(values), entry.location)
    ours = recorded(render_command(template, values), programs, tmp_path / "ours")
    again = parse_command(mended.command, tuple(values), mended.location)
    quoted = {name: shlex.quote(value) for name, value in values.items()}
    theirs = mended.command.format(**quoted)
    assert recorded(theirs, programs, tmp_path / "theirs") == ours
    assert recorded(render_command(again, values), programs, tmp_path / "again") == ours
