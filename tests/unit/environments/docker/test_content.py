"""The hash of a project's content."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mlrun.environments.docker.content import content_hash, images_folder, list_entries
from mlrun.errors import EnvironmentBuildError

OLD = time.time() - 3600
NOBODY = 65534


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "train.py").write_text("print(1)")
    (folder / "src" / "a.py").write_text("a")
    (folder / "link").symlink_to("train.py")
    return folder


def hash_of(folder: Path) -> str:
    return content_hash(folder, list_entries(folder))


def test_names_kinds_and_contents_count_and_times_do_not(project: Path) -> None:
    first = hash_of(project)
    os.utime(project / "train.py", (OLD, OLD))
    (project / "mlflow.db").write_text("changes with each run")
    assert hash_of(project) == first
    seen = [first]
    (project / "train.py").write_text("print(2)")
    seen.append(hash_of(project))
    (project / "train.py").chmod(0o755)
    seen.append(hash_of(project))
    (project / "src" / "a.py").rename(project / "src" / "b.py")
    seen.append(hash_of(project))
    (project / "empty").mkdir()
    seen.append(hash_of(project))
    (project / "link").unlink()
    (project / "link").symlink_to("src")
    seen.append(hash_of(project))
    assert len(set(seen)) == 6


def test_the_same_content_elsewhere_has_the_same_hash(project: Path, tmp_path: Path) -> None:
    first = hash_of(project)
    project.rename(tmp_path / "moved")
    assert hash_of(tmp_path / "moved") == first


def settle(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the hash believe that the files are old; no one can set when a file was changed."""
    later = time.time_ns() + 10**10
    monkeypatch.setattr(time, "time_ns", lambda: later)


def test_what_did_not_change_is_not_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(project, monkeypatch)
    first = hash_of(project)
    for file in images_folder().iterdir():
        file.write_text(file.read_text().replace(first, "remembered"))
    assert hash_of(project) == "remembered"


def test_what_changed_just_now_is_not_remembered(project: Path) -> None:
    hash_of(project)
    assert not images_folder().exists()


def test_a_change_that_keeps_size_and_time_is_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(project, monkeypatch)
    status = (project / "train.py").stat()
    first = hash_of(project)
    (project / "train.py").write_text("print(9)")
    os.utime(project / "train.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hash_of(project) != first


def test_what_is_remembered_may_be_broken(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(project, monkeypatch)
    first = hash_of(project)
    for file in images_folder().iterdir():
        file.write_text("{")
    assert hash_of(project) == first


def test_pipes_and_sockets_are_left_out(project: Path) -> None:
    os.mkfifo(project / "pipe")
    assert "pipe" not in {entry.path for entry in list_entries(project)}


@contextmanager
def not_as_root() -> Iterator[None]:
    """Be nobody for a while, where we are root, who may read every file."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_what_cannot_be_read_is_named() -> None:
    # Nobody has no way into the folders that pytest makes.
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "train.py").write_text("print(1)")
        (folder / "train.py").chmod(0)
        with (
            not_as_root(),
            pytest.raises(EnvironmentBuildError, match=r"train\.py cannot be put") as caught,
        ):
            hash_of(folder)
    assert ".dockerignore" in str(caught.value.hint)


def test_a_file_that_vanishes_meanwhile_is_named(project: Path) -> None:
    entries = list_entries(project)
    (project / "train.py").unlink()
    with pytest.raises(EnvironmentBuildError, match=r"train\.py cannot be put"):
        content_hash(project, entries)
