"""The tool over real projects, which lie beside the repository: environments, and mends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlrun.errors import MlrunError
from mlrun.lint.check import check, lint_paths
from mlrun.lint.finding import Finding
from mlrun.lint.mending import mend
from mlrun.lint.rules.rule import Severity, Subject
from mlrun.lint.targets import Target, targets_of
from mlrun.project.load import load_project
from tests import components
from tests.unit.lint.checked import places
from tests.unit.project.test_corpus import CORPUS

STARTER = "udacity__nd0821-c2-build-model-workflow-starter"
ALONE = "rccohn__2022-cloud-mlops-mse-workshop/module-3-mlflow/exercise-3-mlflow-project/env.yaml"
"""It lies in the folder above its project's, which names it as if it lay in its own."""

FOUND: Mapping[str, list[str]] = {
    # pip is asked for as a mapping: `pip: "24.0"`.
    "0x000004d1__Workflow-CI-Rahmat-Adi-Wijaya/MLProject/python_env.yaml": [
        "4:requirements-no-list",
    ],
    # `python == 3.8` is 3.8.0 to conda.
    "HiEST__Fem-IoT/app/conda.yaml": ["5:exact-minor-python"],
    "MArpogaus__stplf-bnf/conda_env.yaml": ["6:exact-minor-python"],
    "Kraken-CI__mlflow-example/conda.yml": ["9:pip-not-listed"],
    "mathmusicoverlord__orthrus/environment.yml": ["19:pip-not-listed"],
    # The requirements were not kept with it.
    "pedroilidio__ijcnn2024/experiments/pyenv_environment.yml": [
        "5:nested-pip", "6:missing-requirements-file",
    ],
    "tciodaro__eng_ml/code/wine_env.yaml": ["10:duplicate-requirement"],
    f"{STARTER}/conda.yml": ["10:unpinned-python"],
    f"{STARTER}/src/train_random_forest/conda.yml": ["12:unpinned-python"],
    # Two builds, of one platform.
    ALONE: ["5:conda-build"],
}  # fmt: skip


@pytest.fixture(scope="module")
def targets() -> tuple[Target, ...]:
    if not CORPUS.is_dir():
        components.missing("corpus", "the folder shared/corpus beside the repository")
    return targets_of([CORPUS, CORPUS / ALONE])


def environments(targets: tuple[Target, ...]) -> list[Target]:
    return [target for target in targets if target.subject is not Subject.PROJECT]


def test_environment_files_are_looked_at(targets: tuple[Target, ...]) -> None:
    found = environments(targets)
    assert len(found) == 21
    assert len(targets) - len(found) == 139


def test_what_is_found_in_environment_files(targets: tuple[Target, ...]) -> None:
    reports = [check(target) for target in environments(targets)]
    found = {str(report.file.relative_to(CORPUS)): places(report) for report in reports}
    assert {file: rules for file, rules in found.items() if rules} == FOUND


def test_all_files_together(targets: tuple[Target, ...]) -> None:
    assert [report.file for report in lint_paths([CORPUS])] == [t.file for t in targets[:-1]]


def comments(text: str) -> list[str]:
    return re.findall(r"(?m)(?:^|(?<=\s))#.*", text)


def test_a_mend_keeps_comments_and_lines(targets: tuple[Target, ...]) -> None:
    mended = 0
    for target in targets:
        before = check(target)
        outcome = mend(target, before)
        assert (before.text is None) == (outcome.after.text is None)
        if before.text is None or outcome.after.text is None:
            continue
        mended += len(outcome.mended)
        assert comments(outcome.after.text) == comments(before.text), target.file
        lines = outcome.after.text.count("\n") - before.text.count("\n")
        assert abs(lines) <= 2, target.file
        assert mend(target, outcome.after).mended == ()
        assert errors(outcome.after.findings) <= errors(before.findings), target.file
    assert mended > 40


def errors(findings: tuple[Finding, ...]) -> int:
    return sum(finding.severity is Severity.ERROR for finding in findings)


def test_nothing_in_the_corpus_is_written(targets: tuple[Target, ...], tmp_path: Path) -> None:
    before = {target.file: target.file.read_bytes() for target in targets}
    for target in targets:
        mend(target, check(target))
    assert {file: file.read_bytes() for file in before} == before


def declared(folder: Path, text: str) -> dict[str, dict[str, tuple[str, str | None]]] | None:
    """Return the parameters by entry point, with type and default; None where nothing loads."""
    (folder / "MLproject").write_text(text, encoding="utf-8")
    try:
        entry_points = load_project(folder).entry_points.values()
    except MlrunError:
        return None
    return {
        one.name: {name: (p.type.value, p.default) for name, p in one.parameters.items()}
        for one in entry_points
    }


def test_a_mend_changes_no_declaration(targets: tuple[Target, ...], tmp_path: Path) -> None:
    compared = 0
    for target in targets:
        before = check(target)
        outcome = mend(target, before)
        if target.subject is Subject.PROJECT and outcome.mended:
            assert before.text is not None
            assert outcome.after.text is not None
            was = declared(tmp_path, before.text)
            assert declared(tmp_path, outcome.after.text) == was or was is None, target.file
            compared += was is not None
    assert compared > 10
