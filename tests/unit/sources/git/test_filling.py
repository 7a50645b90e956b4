"""A commit's submodules are written where they belong, and there is an end of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import SourceError
from mlrun.sources.base import Checkout, FetchRequest
from mlrun.sources.fetch import fetch
from mlrun.sources.git import filling
from mlrun.sources.git.filling import Fetching, fill_submodules
from mlrun.sources.git.mirror import CommitFacts
from mlrun.sources.git.submodules import Submodule
from mlrun.sources.git.url import parse_git_url
from mlrun.sources.own_folder import make_own_folder, work_folder
from tests.repositories import Commit, Content, Repository, make_repository, module_settings


@pytest.fixture(autouse=True)
def settings(git_environment: Path) -> Path:
    return git_environment


@pytest.fixture
def inner(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "inner.git", {"a.txt": "one"})


def check_out(repository: Repository) -> Checkout:
    return fetch(FetchRequest(f"git+{repository.path.as_uri()}", None, repository.path))


def nested(path: Path, depth: int) -> Repository:
    """Make a repository whose commits have each the one before as a submodule."""
    repository = make_repository(path, {"a.txt": "one"})
    for _ in range(depth):
        last = Commit(repository.git("rev-parse", "main"))
        repository.commit({".gitmodules": module_settings(s=("s", str(path))), "s": last})
    return repository


def test_many_of_one_repository_need_one_hold_on_it(tmp_path: Path, inner: Repository) -> None:
    last = Commit(inner.git("rev-parse", "main"))
    modules = {f"s{number}": (f"s{number}", str(inner.path)) for number in range(10)}
    files: dict[str, Content] = {".gitmodules": module_settings(**modules)}
    outer = make_repository(tmp_path / "outer.git", {**files, **dict.fromkeys(modules, last)})
    checkout = check_out(outer)
    try:
        entries = [entry for entry in Path("/proc/self/fd").iterdir() if entry.exists()]
        held = [str(entry.readlink()) for entry in entries]
        assert sum("repositories/inner-" in path for path in held) == 1
        assert all((checkout.path / name / "a.txt").is_file() for name in modules)
    finally:
        checkout.release()


@pytest.mark.parametrize(("limit", "depth"), [("_DEEPEST", 4), ("_MOST", 4)])
def test_there_is_an_end(
    limit: str, depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, limit, 3)
    check_out(nested(tmp_path / "fits.git", depth - 1)).release()
    with pytest.raises(SourceError) as caught:
        check_out(nested(tmp_path / "deep.git", depth))
    assert "deep.git has submodules without end" in caught.value.message
    assert not list(work_folder().iterdir())


@pytest.mark.parametrize("path", ["link", "link/sub", "file", "full", "missing"])
def test_only_into_the_empty_folder_that_git_has_made(
    path: str, tmp_path: Path, inner: Repository
) -> None:
    own = make_own_folder("p", "", borrows=True)
    folder = own.path
    for name in (".git/sub", "full"):
        (folder / name).mkdir(parents=True)
    (folder / "link").symlink_to(".git")
    (folder / "file").write_text("x")
    (folder / "full" / "a.txt").write_text("x")
    url = parse_git_url((tmp_path / "outer.git").as_uri())
    submodule = Submodule(path, str(inner.path), inner.git("rev-parse", "main"))
    before = sorted(str(found) for found in folder.rglob("*"))
    fetching = Fetching(own, offline=False, may_ask=False, report=lambda *_, **__: None)
    with pytest.raises(SourceError, match=f"the submodule '{path}' of"):
        fill_submodules(folder, url, CommitFacts((submodule,)), fetching)
    assert sorted(str(found) for found in folder.rglob("*")) == before
    own.release()
