"""What `mlrun lint` finds, as `lint.schema.json` describes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mlrun.cli.streams import print_document
from mlrun.lint.finding import FileReport, Finding, Mended
from mlrun.lint.rules.rule import Severity

DOCUMENT_VERSION = 1


def print_json(outcomes: Sequence[Mended]) -> None:
    """Print one document."""
    found = Counter(f.severity for outcome in outcomes for f in outcome.after.findings)
    document = {
        "version": DOCUMENT_VERSION,
        "files": [_file(outcome) for outcome in outcomes],
        "counts": {f"{kind.value}s": found[kind] for kind in Severity},
    }
    print_document(json.dumps(document, indent=2) + "\n")


def _file(outcome: Mended) -> dict[str, Any]:
    after = outcome.after
    return {
        "file": str(after.file),
        "findings": [_finding(finding, after) for finding in after.findings],
        "mended": [_finding(finding, outcome.before) for finding in outcome.mended],
    }


def _finding(finding: Finding, report: FileReport) -> dict[str, Any]:
    problem, place = finding.problem, finding.problem.location
    return {
        "rule": problem.rule,
        "severity": finding.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "file": str(place.file if place is not None else report.file),
        "line": place.line if place is not None else None,
        "column": place.column if place is not None else None,
        "end_column": place.end_column if place is not None else None,
        "edits": [edit._asdict() for edit in problem.edits],
    }
