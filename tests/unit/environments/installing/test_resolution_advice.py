"""What is said when packages cannot be chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.installing.resolution_advice import advised
from mlrun.errors import EnvironmentBuildError, Location

HERE = Location(Path("python_env.yaml"))


def failure(text: str) -> EnvironmentBuildError:
    return EnvironmentBuildError(text, location=HERE, hint="the log is here")


@pytest.mark.parametrize(
    "text",
    [
        "error: No solution found\n  cause: Because a==1 depends on b<1 and you require a==1, we",
        "error: No solution found\n  cause: Because a==1 depends\n    on b<1 and you require a==1",
        "ERROR: ResolutionImpossible: see",
        "error: Failed to build `old==1.0`",
        "error: subprocess-exited-with-error",
    ],
)
def test_old_projects_are_told_of_their_date(text: str) -> None:
    error = advised(failure(text), as_of=None)
    assert error.message == text
    assert error.location == HERE
    assert "--as-of DATE" in (error.hint or "")
    assert "the log is here" in (error.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "Permission denied",
        "No solution found\nerror sending request for url (https://host/)",
        "No solution found\nBecause no was not found in the package registry",
        "error: No solution found when resolving dependencies\n  cause: Because there is no"
        " version of six==99 and you require six==99, we can conclude",
    ],
)
def test_other_failures_stay_as_they_are(text: str) -> None:
    error = advised(failure(text), as_of=None)
    assert (error.message, error.location, error.hint) == (text, HERE, "the log is here")


def test_who_gave_a_date_is_not_told_to() -> None:
    error = advised(failure("Because a depends on b"), as_of="2023-05-01T23:59:59Z")
    assert error.hint == "the log is here"


def test_the_line_that_asks_for_the_package_is_named(tmp_path: Path) -> None:
    file = tmp_path / "python_env.yaml"
    file.write_text("python: '3.11'\ndependencies:\n  - six==99\n")
    said = "there is no version of six==99 and you require six==99"
    error = EnvironmentBuildError(said, location=Location(file, 1, 1))
    assert advised(error, as_of=None).location == Location(file, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "warning: `a.whl` is missing an upload date, but user provided: x\nNo solution found",
        "ERROR: Index https://host/a/ does not provide upload-time metadata.",
    ],
)
def test_an_index_without_dates(text: str) -> None:
    error = advised(failure(text), as_of="2023-05-01T23:59:59Z")
    assert "no upload times" in error.message
    assert text in error.message
    assert "leave out --as-of" in (error.hint or "")
    assert error.location == HERE
