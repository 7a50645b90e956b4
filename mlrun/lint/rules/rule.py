"""What a rule of `mlrun lint` is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(str, Enum):
    """What a finding means for whoever runs the project."""

    ERROR = "error"
    """It does not run, or not as the file says."""
    WARNING = "warning"
    """It runs, but probably not as its author meant."""
    NOTE = "note"
    """It runs here as it was meant; worth knowing all the same, mostly for `mlflow run`."""


class Subject(str, Enum):
    """The file that a rule is about; the value is how it is usually called."""

    PROJECT = "MLproject"
    PYTHON_ENV = "python_env.yaml"
    CONDA = "conda.yaml"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: `unknown-type`: words of lower-case letters with hyphens, as in a comment that
            silences it.
        severity: What a finding means.
        subject: The file that it is about.
        summary: What is found, one sentence without a full stop.
        reason: Why that matters, and what mlrun and MLflow make of it; a sentence or two.
        bad: A whole small file in which it finds something, and nothing else does.
        good: The file as it should be, in which nothing is found.
        is_mended: Whether `--fix` makes the good file of the bad one.
        in_schema: Whether the file's JSON Schema refuses the bad file too.
        bad_name: What the bad file is called, where that is what is wrong; empty elsewhere.
        beside: Further files without which the two mean nothing: path and content of each.
    """

    name: str
    severity: Severity
    subject: Subject
    summary: str
    reason: str
    bad: str
    good: str
    is_mended: bool = False
    in_schema: bool = False
    bad_name: str = ""
    beside: tuple[tuple[str, str], ...] = ()
