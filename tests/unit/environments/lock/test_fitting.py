"""Whether a project's lock holds, and what is said where it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from mlrun.environments.fingerprint import platform_name
from mlrun.environments.lock.fitting import misfit, pinned_by, unfitting
from mlrun.environments.lock.model import EnvironmentLock, LockedPackage, ProjectLock
from mlrun.environments.python.environment import PythonEnvironment
from mlrun.errors import Location, ProjectError
from mlrun.project.model import PythonEnv

HERE = Location(Path("python_env.yaml"), 1)
SIX = LockedPackage("pypi", "six", "1.17.0", "https://host/six.whl", ("sha256:00ff",))


def kind(
    folder: Path, *dependencies: str, manager: str = "uv", as_of: datetime | None = None
) -> PythonEnvironment:
    spec = PythonEnv("3.11", (), dependencies, folder, None, HERE)
    return PythonEnvironment(spec, manager, exact_python=False, as_of=as_of)


def entry_of(environment: PythonEnvironment, **changed: str) -> EnvironmentLock:
    entry = EnvironmentLock(
        environment.manager,
        environment.digest(),
        platform_name(),
        "3.11.7",
        (SIX,),
        environment.as_of_text(),
        environment.asked(),
    )
    return replace(entry, **changed)  # type: ignore[arg-type]


def said(entry: EnvironmentLock | None, environment: PythonEnvironment) -> str:
    """Return the refusal; the warning says the same."""
    lock = ProjectLock((entry,)) if entry is not None else None
    assert pinned_by(lock, environment, must_fit=False) is None
    with pytest.raises(ProjectError) as caught:
        pinned_by(lock, environment, must_fit=True)
    assert caught.value.location == HERE
    assert "mlrun lock" in (caught.value.hint or "")
    warning = unfitting(lock, environment)
    if lock is None:
        assert warning is None
    else:
        assert warning is not None
        assert warning.message == f"{caught.value.message}; solving anew"
    return caught.value.message


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_lock_of_the_same_specification_holds(tmp_path: Path, manager: str) -> None:
    entry = entry_of(kind(tmp_path, "six"))
    lock = ProjectLock((entry,))
    environment = kind(tmp_path, "six", manager=manager)
    assert pinned_by(lock, environment, must_fit=True) is entry
    assert unfitting(lock, environment) is None


def test_no_lock(tmp_path: Path) -> None:
    assert "no mlrun.lock" in said(None, kind(tmp_path, "six"))


def test_a_specification_that_has_changed_says_how(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("attrs<2\n")
    entry = entry_of(kind(tmp_path, "six", "-r list.txt"))
    (tmp_path / "list.txt").write_text("attrs<3\n")
    message = said(entry, kind(tmp_path, "six", "-r list.txt"))
    assert "has changed" in message
    assert "(+attrs<3, -attrs<2)" in message


def test_many_changes_are_cut(tmp_path: Path) -> None:
    message = said(entry_of(kind(tmp_path)), kind(tmp_path, *"abcdefgh"))
    assert "(+a, +b, +c, +d, +e, and 3 more)" in message


def test_a_lock_that_does_not_know_what_was_asked(tmp_path: Path) -> None:
    entry = replace(entry_of(kind(tmp_path, "six")), asked=())
    assert said(entry, kind(tmp_path, "attrs")).endswith("was written")


def test_another_platform(tmp_path: Path) -> None:
    environment = kind(tmp_path, "six")
    message = said(entry_of(environment, platform="darwin-arm64"), environment)
    assert "darwin-arm64" in message
    assert platform_name() in message


def test_another_manager(tmp_path: Path) -> None:
    environment = kind(tmp_path, "six")
    assert "that uv makes" in said(entry_of(environment, manager="conda"), environment)


def test_another_date(tmp_path: Path) -> None:
    moment = datetime(2023, 5, 1, tzinfo=timezone.utc)
    dated, undated = kind(tmp_path, "six", as_of=moment), kind(tmp_path, "six")
    entry = entry_of(dated)
    for same in (dated, undated):
        assert pinned_by(ProjectLock((entry,)), same, must_fit=True) is entry
    later = kind(tmp_path, "six", as_of=datetime(2024, 5, 1, tzinfo=timezone.utc))
    assert "2023-05-01T00:00:00Z" in said(entry, later)
    assert "another date" in said(entry_of(undated), dated)


def test_what_is_asked_has_no_login_and_no_place(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    lines = ("--index-url https://me:secret@host/simple", f"{tmp_path}/library[all]", "six")
    asked = kind(tmp_path, *lines).asked()
    assert asked == ("python 3.11", "--index-url https://host/simple", "six", "library[all]")
    (signed,) = kind(tmp_path, "x @ https://host/x.whl?token=se-cret").asked()[1:]
    assert "se-cret" not in signed
    assert misfit(None, kind(tmp_path)).location == HERE
