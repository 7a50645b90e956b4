"""Which entries are meant: by age, by name."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mlrun.errors import UsageError
from mlrun.sources.cache.entries import Kind, entries
from mlrun.sources.cache.holding import archives_folder, repositories_folder, use_or_make
from mlrun.sources.cache.selection import named, unused_since
from mlrun.sources.git.url import parse_git_url
from mlrun.sources.own_folder import make_own_folder
from tests.unit.sources.cache.test_entries import left_folder, repository

URI = "https://host/team/project.git"
ARCHIVE = "https://host/files/data.tar.gz"


def keys(*names: str, cwd: Path = Path("/")) -> list[str]:
    return sorted(entry.key for entry in named(entries(), names, cwd))


@pytest.fixture
def key() -> str:
    url = parse_git_url(URI)
    folder = repositories_folder() / url.key
    use_or_make(folder, url.address).release()
    use_or_make(archives_folder() / "data-0123456789ab", ARCHIVE).release()
    return url.key


def test_unused_is_what_was_not_used_since_and_what_was_left() -> None:
    now = time.time()
    repository("new", last_used=now - 10)
    repository("old", last_used=now - 1000)
    left = left_folder()
    make_own_folder("project", "")
    make_own_folder("project", "").release(keep=True)
    found = {entry.key for entry in unused_since(entries(), now - 100)}
    assert found == {"old", left.name}


def test_unused_is_what_was_never_filled_unless_somebody_is_about_to() -> None:
    use_or_make(repositories_folder() / "mistyped", "").release()
    use_or_make(archives_folder() / "cut-off", "").release()
    (archives_folder() / "cut-off" / "part").write_text("half")
    lease = use_or_make(repositories_folder() / "coming", "")
    assert {entry.key for entry in unused_since(entries(), 0.0)} == {"mistyped", "cut-off"}
    lease.release()


@pytest.mark.parametrize(
    "name",
    [
        URI,
        "https://host/team/project",
        "https://host/team/project/",
        "https://someone:secret@host/team/project.git",
        f"{URI}#sub/folder",
    ],
)
def test_a_repository_by_any_spelling(key: str, name: str) -> None:
    assert keys(name) == [key]


def test_by_the_beginning_of_its_key(key: str) -> None:
    assert keys(key[:10]) == [key]
    assert keys(key) == [key]
    assert keys("data") == ["data-0123456789ab"]
    with pytest.raises(UsageError):
        keys("dat")


def test_an_archive_by_its_address(key: str) -> None:
    assert keys(ARCHIVE) == ["data-0123456789ab"]


def test_several_names_and_each_entry_once(key: str) -> None:
    assert keys(ARCHIVE, URI, key[:8], "data") == ["data-0123456789ab", key]


def test_a_uri_means_the_folders_of_its_runs_too(key: str) -> None:
    own = make_own_folder("project", f"{URI}#sub")
    own.release(keep=True)
    kinds = {entry.kind for entry in named(entries(), [URI], Path("/"))}
    assert kinds == {Kind.REPOSITORY, Kind.KEPT}


def test_a_local_repository_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    own = make_own_folder("here", (tmp_path / "here").as_uri())
    own.release(keep=True)
    assert keys("here", cwd=tmp_path) == [own.path.parent.name]


def test_a_kept_folder_by_the_path_that_the_run_has_said(tmp_path: Path) -> None:
    own = make_own_folder("project", "")
    own.release(keep=True)
    make_own_folder("project", "").release(keep=True)
    assert keys(str(own.path)) == keys("..", cwd=own.path) == [own.path.parent.name]


def test_an_unknown_name_names_the_near_one(key: str) -> None:
    with pytest.raises(UsageError, match="nothing in the cache is named") as error:
        keys("https://host/team/projekt.git")
    assert error.value.hint == f"did you mean '{URI}'?"
    with pytest.raises(UsageError) as error:
        keys("https://somebody:secret@elsewhere/x.git")
    assert "secret" not in error.value.message
    assert error.value.hint == "mlrun cache list shows what is there"
