"""Schemas and `mlrun lint` find the same, as far as a schema can see it.

The schemas are given what YAML 1.1 makes of a file, as mlrun and MLflow are. An editor's YAML 1.2
differs: `yes` and `on` are texts to it, and so is `1_000`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlrun.errors import Problem, ProjectError
from mlrun.events import Event, EventKind
from mlrun.lint.environment_file import check_conda_file, check_python_env_file
from mlrun.lint.project_file import check_project_file
from mlrun.lint.rules.all import ALL_RULES
from mlrun.lint.rules.rule import Rule, Subject
from mlrun.plan import Plan
from mlrun.project.parameters.params_file import read_params_file
from mlrun.schema_files import read_schema
from tests.components import missing
from tests.schemas import refusals, validator
from tests.unit.project.test_corpus import CORPUS, PATHS

UNREAD = {"too-large", "template", "unsafe-tag"}
"""After these nothing else is looked for; a schema sees what else there is."""

PARTLY = {
    *("unfit-default", "broken-default", "bad-limit", "bad-pattern"),
    *("bad-python-version", "bad-requirement", "requirement-with-colon"),
}
"""What a schema sees in plain cases: it compares no values, and reads no requirements."""

SEEN = {rule.name for rule in ALL_RULES.values() if rule.in_schema}

Check = Callable[[Path, str | None], tuple[Problem, ...]]
SCHEMAS: dict[Subject, tuple[str, Check]] = {
    Subject.PROJECT: ("mlproject", check_project_file),
    Subject.PYTHON_ENV: ("python_env", check_python_env_file),
    Subject.CONDA: ("conda", check_conda_file),
}
VALIDATORS = {subject: validator(name) for subject, (name, _) in SCHEMAS.items()}
PARAMS, PLAN, EVENT = validator("params"), validator("plan"), validator("event")
OWN_KEYS = ("event", "time", "message")


def refused(subject: Subject, text: str) -> list[str]:
    """Return why the schema refuses a text; nothing where it does not, or where it is no YAML."""
    try:
        return refusals(VALIDATORS[subject], text)
    except yaml.YAMLError:
        return []


def check_agreement(subject: Subject, file: Path, text: str) -> None:
    _, check = SCHEMAS[subject]
    rules = {problem.rule for problem in check(file, text)}
    if rules & UNREAD:
        return
    reasons = refused(subject, text)
    if reasons:
        assert rules & (SEEN | PARTLY), reasons
    else:
        assert not rules & (SEEN - PARTLY), rules


@pytest.mark.parametrize("rule", ALL_RULES.values(), ids=lambda rule: rule.name)
def test_the_examples_of_the_rules(rule: Rule) -> None:
    assert not refused(rule.subject, rule.good)
    if rule.name not in UNREAD:
        assert bool(refused(rule.subject, rule.bad)) is rule.in_schema


@pytest.mark.parametrize("path", PATHS or [""])
def test_the_projects_of_the_corpus(path: str) -> None:
    if not path:
        missing("corpus", "the folder shared/corpus beside the repository")
    text = (CORPUS / path).read_text(encoding="utf-8-sig")
    check_agreement(Subject.PROJECT, CORPUS / path, text)


def corpus_environments() -> list[tuple[str, Subject]]:
    """Return the environment files of the corpus, by what they hold."""
    found = []
    for file in sorted(CORPUS.rglob("*.y*ml")) if PATHS else []:
        text = file.read_text(encoding="utf-8-sig")
        if "dependencies:" in text and "entry_points:" not in text:
            subject = Subject.PYTHON_ENV if "build_dependencies:" in text else Subject.CONDA
            found.append((str(file.relative_to(CORPUS)), subject))
    return found


@pytest.mark.parametrize(("path", "subject"), corpus_environments() or [("", Subject.CONDA)])
def test_the_environments_of_the_corpus(path: str, subject: Subject) -> None:
    if not path:
        missing("corpus", "the folder shared/corpus beside the repository")
    text = (CORPUS / path).read_text(encoding="utf-8-sig")
    check_agreement(subject, CORPUS / path, text)


WORDS = st.sampled_from(
    [
        *("string", "float", "INT", "List[float]", "flot", "path", "bool", "uri", "json", "file"),
        *("1", "0.5", "1e-3", "true", "None", "", "a b", "--on", "--on/--off", "-x/y", "x:y"),
        *("s3://a/b", "[a-z]+", "env:TOKEN", "@file", "env:", "~", "2024-01-01", "python x.py"),
        *("numpy==2.1.0", "numpy=2", "python=3.8", "-r requirements.txt", "3.11", ">=3.9,<3.13"),
    ]
)
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(-3, 12), st.sampled_from([0.5, 3.11, -1.5])
)
ODD = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(WORDS.filter(bool), inner, max_size=3)
    ),
    max_leaves=4,
)


def mapping(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings with some of these keys."""
    return st.fixed_dictionaries({}, optional=keys)


TYPES = st.sampled_from(["string", "float", "int", "bool", "list", "json", "path", "uri", None])
PARAMETER = mapping(
    type=TYPES,
    default=SCALARS,
    description=WORDS,
    choices=st.lists(SCALARS.filter(lambda one: one is not None), min_size=1, max_size=3),
    min=st.integers(-3, 3),
    max=st.floats(4, 9),
    pattern=st.sampled_from(["[a-z]+", ".*"]),
    optional=st.booleans(),
    flag=st.sampled_from([True, False, "--on", "--on/--off"]),
    secret=st.booleans(),
    exists=st.booleans(),
)
REQUIREMENTS = st.lists(WORDS, max_size=3)
PYTHON_ENV = mapping(
    python=st.sampled_from(["3.11", ">=3.9,<3.13", "python==3.8", 3.11, 3, "3.x", None]),
    build_dependencies=REQUIREMENTS,
    dependencies=REQUIREMENTS,
)
DOCKER_ENV = mapping(
    image=st.just("python:3.11"),
    volumes=st.lists(st.just("/a:/b"), max_size=2),
    environment=st.lists(
        st.one_of(st.just("A"), st.tuples(st.just("B"), SCALARS).map(list)), max_size=2
    ),
)
ENVIRONMENTS = {
    "python_env": st.one_of(st.just("python_env.yaml"), st.none(), PYTHON_ENV),
    "conda_env": st.one_of(st.just("conda.yaml"), st.none()),
    "docker_env": st.one_of(st.none(), DOCKER_ENV),
    "renv_env": st.just("renv.lock"),
}
ENTRY_POINT = st.fixed_dictionaries(
    {"command": st.just("python x.py")},
    optional={
        "parameters": st.dictionaries(
            st.sampled_from(["a", "b-c"]), st.one_of(TYPES, PARAMETER), max_size=2
        ),
        "description": WORDS,
        **ENVIRONMENTS,
    },
)
PROJECT = st.fixed_dictionaries(
    {"entry_points": st.dictionaries(st.sampled_from(["main", "x"]), ENTRY_POINT, max_size=2)},
    optional={"name": WORDS, "description": WORDS, **ENVIRONMENTS},
)
CONDA = mapping(
    name=WORDS,
    channels=st.lists(st.sampled_from(["conda-forge", "nodefaults"]), max_size=2),
    dependencies=st.lists(
        st.one_of(WORDS, st.fixed_dictionaries({"pip": REQUIREMENTS})), max_size=3
    ),
    variables=st.dictionaries(st.sampled_from(["A", "B_1"]), SCALARS, max_size=2),
    prefix=WORDS,
)
FILES = {Subject.PROJECT: PROJECT, Subject.PYTHON_ENV: PYTHON_ENV, Subject.CONDA: CONDA}


def places(value: Any, *path: Any) -> list[tuple[Any, ...]]:
    """Return the paths of all that is within a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, one in inner:
        found.append((*path, key))
        if isinstance(one, (dict, list)):
            found += places(one, *path, key)
    return found


@st.composite
def mutated(draw: st.DrawFn, files: st.SearchStrategy[dict[str, Any]]) -> Any:
    """Return a file in which one value is another one, or one key is misspelt."""
    content = json.loads(json.dumps(draw(files)))
    where = draw(st.sampled_from([(), *places(content)]))
    if not where:
        return draw(ODD)
    owner = content
    for key in where[:-1]:
        owner = owner[key]
    last = where[-1]
    if isinstance(owner, dict) and draw(st.booleans()):
        owner[draw(st.sampled_from([last[:-1] or "x", f"{last}s", "other", "type:int"]))] = (
            owner.pop(last)
        )
    else:
        owner[last] = draw(ODD)
    return content


@pytest.mark.parametrize("subject", FILES)
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_files_of_every_form(subject: Subject, tmp_path: Path, data: st.DataObject) -> None:
    content = data.draw(FILES[subject])
    check_agreement(subject, tmp_path / "MLproject", yaml.safe_dump(content, sort_keys=False))


@pytest.mark.parametrize("subject", FILES)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_files_with_a_mistake(subject: Subject, tmp_path: Path, data: st.DataObject) -> None:
    content = data.draw(mutated(FILES[subject]))
    check_agreement(subject, tmp_path / "MLproject", yaml.safe_dump(content, sort_keys=False))


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(ODD, st.dictionaries(WORDS, ODD, max_size=3)))
def test_parameter_files(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(content))
    try:
        read_params_file(file)
    except ProjectError:
        assert refusals(PARAMS, file.read_text())
    else:
        assert not refusals(PARAMS, file.read_text())


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(document=mutated(st.sampled_from(read_schema("plan")["examples"])))
def test_plans(document: Any) -> None:
    """What fits the schema is read, and written again it fits."""
    if PLAN.is_valid(document):
        again = json.loads(json.dumps(Plan.from_dict(document).to_dict()))
        PLAN.validate(again)
        assert Plan.from_dict(again) == Plan.from_dict(document)


@given(message=st.text(), kind=st.sampled_from(EventKind), time=st.floats(0, 1e12))
def test_events(message: str, kind: EventKind, time: float) -> None:
    """Each kind is known; the facts of some are demanded."""
    examples = {example["event"]: example for example in read_schema("event")["examples"]}
    facts = {k: v for k, v in examples.get(kind.value, {}).items() if k not in OWN_KEYS}
    document = json.loads(json.dumps(Event(kind, message, facts, time).to_dict()))
    missing_facts = [error.message for error in EVENT.iter_errors(document)]
    assert all("is a required property" in message for message in missing_facts)
    assert not (kind.value in examples and missing_facts)
