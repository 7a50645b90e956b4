"""Whatever an environment file holds, it is checked to its end and mended without harm."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import Location, ProjectError
from mlrun.lint.check import check
from mlrun.lint.mending import mend
from mlrun.lint.rules.all import ALL_RULES
from mlrun.lint.rules.rule import Severity, Subject
from mlrun.lint.targets import Target
from mlrun.project.environments.conda_file import read_conda_env
from mlrun.project.environments.python_env_file import read_python_env
from mlrun.project.model import CondaEnv, PythonEnvFile

KEYS = ("python", "build_dependencies", "dependencies", "channels", "name", "prefix", "pip")
LINES = ("numpy", "numpy=1", "a==1", "python == 3.8", "python=3.8=b", "-r x", "é: 1", "", "3.10")
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(LINES)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from([*KEYS, "variables", "A", "dependecies", ""]), inner),
    ),
    max_leaves=8,
)
TOPS = st.dictionaries(st.sampled_from([*KEYS, "variables", "dependecies", "rubric"]), VALUES)
SUBJECTS = st.sampled_from([Subject.PYTHON_ENV, Subject.CONDA])


SEEN_LATER = {"missing-requirements-file", "bad-requirement"}
"""Errors of the lines of a list, which count when the environment is made, not when it is read."""


def loads(target: Target) -> bool:
    place = Location(target.file)
    try:
        if target.subject is Subject.CONDA:
            read_conda_env(CondaEnv(target.file, place))
        else:
            read_python_env(PythonEnvFile(target.file, place))
    except ProjectError:
        return False
    return True


@given(top=TOPS, subject=SUBJECTS, flow=st.sampled_from([None, True, False]), ends=st.booleans())
def test_what_is_found_is_what_loading_says(
    tmp_path_factory: pytest.TempPathFactory,
    top: dict[str, object],
    subject: Subject,
    flow: bool | None,
    ends: bool,
) -> None:
    file = tmp_path_factory.mktemp("any") / "env.yaml"
    text = yaml.safe_dump(top, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    file.write_bytes((text.replace("\n", "\r\n") if ends else text).encode())
    target = Target(file, subject)
    report = check(target)
    assert {finding.problem.rule for finding in report.findings} <= set(ALL_RULES)
    errors = {f.problem.rule for f in report.findings if f.severity is Severity.ERROR}
    assert loads(target) or errors
    assert not (loads(target) and errors - SEEN_LATER)
    was_loading, outcome = loads(target), mend(target, report)
    assert outcome.after.text is not None
    file.write_bytes(outcome.after.text.encode())
    assert loads(target) or not was_loading
    assert len(outcome.after.findings) <= len(report.findings) or not was_loading
