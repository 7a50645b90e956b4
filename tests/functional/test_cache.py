"""`mlrun cache`: what is kept of fetched projects, and making room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest

from mlrun.inputs import entry as inputs
from mlrun.inputs.entry import entry_for
from mlrun.lease import Lease
from mlrun.sources.cache.holding import archives_folder, repositories_folder, use_or_make
from mlrun.sources.git.url import parse_git_url
from mlrun.sources.own_folder import OwnFolder, make_own_folder, work_folder
from tests.components import missing
from tests.functional.commands import MLRUN, Place
from tests.git_servers import GitServers
from tests.repositories import ECHOING_PROJECT, Commit, Files, make_repository, module_settings

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/cache.schema.json").read_text())
URI = "https://host/team/project.git"
ARCHIVE = "https://host/files/data.zip"
DAY = 86400


def fill(folder: Path, uri: str, days: float = 0) -> Path:
    """Make an entry of 100 kB that was last used so many days ago."""
    use_or_make(folder, uri).release()
    (folder / "content").write_bytes(os.urandom(100_000))
    moment = time.time() - days * DAY
    os.utime(folder / "lease", (moment, moment))
    return folder


def repository(days: float = 0, uri: str = URI) -> Path:
    return fill(repositories_folder() / parse_git_url(uri).key, uri, days)


def archive(days: float = 0) -> Path:
    return fill(archives_folder() / "data-0123456789ab", ARCHIVE, days)


def kept_folder() -> OwnFolder:
    own = make_own_folder("project", URI)
    own.release(keep=True)
    return own


def left_folder() -> Path:
    own = make_own_folder("project", URI)
    for lease in own._leases:
        lease.release()
    return own.path.parent


def held(folder: Path) -> Lease:
    return use_or_make(folder, "")


def ok(answer: subprocess.CompletedProcess[str]) -> str:
    """Return what mlrun said: nothing went wrong."""
    assert answer.returncode == 0, answer.stderr
    return answer.stderr


def test_an_empty_cache(place: Place) -> None:
    assert "no project and no data is cached" in ok(place.mlrun("cache", "list"))
    assert ok(place.mlrun("cache", "prune")) == "mlrun: nothing to remove\n"
    assert ok(place.mlrun("cache", "clear", "--kept")) == "mlrun: nothing to remove\n"
    document = json.loads(place.mlrun("cache", "list", "--output", "json").stdout)
    jsonschema.validate(document, SCHEMA)
    assert (document["bytes"], document["entries"]) == (0, [])


def test_list_shows_kind_size_age_and_use(place: Place) -> None:
    repository(days=3.1)
    archive(days=0.1)
    lease = held(archives_folder() / "data-0123456789ab")
    own = kept_folder()
    left_folder()
    answer = place.mlrun("cache", "list")
    said = ok(answer)
    lines = answer.stdout.splitlines()
    assert lines[0].split() == ["kind", "size", "last", "used", "address", "folder"]
    (fetched,) = (line for line in lines if line.startswith("repository "))
    for words in ("KiB", "3 days ago", URI):
        assert words in fetched
    assert "in use" not in fetched
    (used,) = (line for line in lines if line.startswith("archive "))
    assert "in use" in used
    assert any(line.startswith("kept folder ") and str(own.path.parent) in line for line in lines)
    assert any(line.startswith("leftover folder ") for line in lines)
    assert "KiB in " in said
    assert "environments" in said
    lease.release()


def test_list_for_machines(place: Place) -> None:
    folder = repository(days=1)
    own = make_own_folder("project", f"{URI}#sub")
    kept_folder()
    left_folder()
    archive(days=2)
    document = json.loads(place.mlrun("cache", "list", "--output", "json").stdout)
    jsonschema.validate(document, SCHEMA)
    assert {entry["kind"] for entry in document["entries"]} == {
        *("repository", "archive", "working", "kept", "left")
    }
    assert [entry["kind"] for entry in document["entries"]][-2:] == ["repository", "archive"]
    assert document["bytes"] == sum(entry["bytes"] for entry in document["entries"]) > 200_000
    (fetched,) = (e for e in document["entries"] if e["kind"] == "repository")
    assert (fetched["uri"], fetched["folder"], fetched["key"]) == (URI, str(folder), folder.name)
    assert abs(fetched["last_used"] / 1000 - (time.time() - DAY)) < 600
    (working,) = (e for e in document["entries"] if e["kind"] == "working")
    assert (working["in_use"], working["uri"]) == (True, f"{URI}#sub")
    own.release()


def test_prune_removes_what_is_old_and_what_is_left(place: Place) -> None:
    old, new = archive(days=40), repository(days=20)
    own, left = kept_folder(), left_folder()
    said = ok(place.mlrun("cache", "prune"))
    assert not old.exists()
    assert not left.exists()
    assert new.exists()
    assert own.path.exists()
    assert f"removed archive {ARCHIVE} (" in said
    assert f"removed leftover folder {left} (" in said
    assert "KiB freed" in said
    ok(place.mlrun("cache", "prune", "--older-than", "19"))
    assert not new.exists()


def test_prune_can_be_tried(place: Place) -> None:
    old, left = archive(days=40), left_folder()
    answer = place.mlrun("cache", "prune", "--dry-run")
    said = ok(answer)
    assert f"would remove archive {ARCHIVE} (" in said
    assert "would be freed" in said
    assert old.exists()
    assert left.exists()


def test_prune_leaves_what_a_long_run_uses(place: Place) -> None:
    folder = repository()
    lease = held(folder)
    os.utime(folder / "lease", (1, 1))
    assert "in use, and stays" in ok(place.mlrun("cache", "prune"))
    assert (folder / "content").exists()
    lease.release()


def test_prune_tidies_what_a_killed_fetch_left(place: Place) -> None:
    folder = repository()
    (folder / "objects" / "pack").mkdir(parents=True)
    (folder / "objects" / "pack" / "tmp_pack_a").write_bytes(os.urandom(50_000))
    said = ok(place.mlrun("cache", "prune"))
    assert f"made repository {URI} smaller by " in said
    assert not (folder / "objects" / "pack" / "tmp_pack_a").exists()
    assert (folder / "content").exists()


def test_clear_removes_all_but_kept_and_used(place: Place) -> None:
    used, unused, own = repository(), archive(), kept_folder()
    lease = held(used)
    said = ok(place.mlrun("cache", "clear"))
    assert f"in use, and stays: repository {URI}" in said
    assert "1 kept folder stays; --kept removes those too" in said
    assert used.exists()
    assert own.path.exists()
    assert not unused.exists()
    lease.release()
    ok(place.mlrun("cache", "clear", "--kept"))
    assert os.listdir(work_folder()) == []
    assert "no project and no data is cached" in ok(place.mlrun("cache", "list"))


def test_a_kept_folder_outlives_the_mirrors_it_came_from(
    place: Place, git_servers: GitServers
) -> None:
    lib = make_repository(git_servers.root / "team/lib.git", {"b.txt": "of the submodule\n"})
    files: Files = {
        "MLproject": ECHOING_PROJECT,
        "text.txt": "one",
        ".gitmodules": module_settings(lib=("lib", "../lib.git")),
        "lib": Commit(lib.git("rev-parse", "main")),
    }
    make_repository(git_servers.root / "team/project.git", files)
    url = git_servers.url("http", "team/project.git")
    run = place.mlrun("run", url, "--keep-workdir", "--env-manager", "local")
    path = Path(ok(run).partition("the working folder is kept: ")[2].splitlines()[0])
    listed = place.mlrun("cache", "list").stdout
    assert listed.count("\nrepository ") == 2
    assert listed.count("\nkept folder ") == 1
    ok(place.mlrun("cache", "clear"))
    assert not [name for name in os.listdir(repositories_folder()) if name != ".locks"]
    for folder in (path, path / "lib"):
        for words in (("fsck", "--full"), ("log", "-p"), ("diff", "--exit-code")):
            git = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False)
            assert (git.returncode, git.stderr.count(b"error")) == (0, 0)
    ok(place.mlrun("cache", "clear", "--kept", path))
    assert not path.exists()


def test_clear_takes_names(place: Place) -> None:
    one, other, file = repository(), repository(uri="https://host/other.git"), archive()
    ok(place.mlrun("cache", "clear", "https://host/team/project", file.name[:8]))
    assert (one.exists(), other.exists(), file.exists()) == (False, True, False)


def test_a_kept_folder_that_is_named_needs_the_word(place: Place) -> None:
    own = kept_folder()
    name = own.path.parent.name
    assert "--kept removes" in ok(place.mlrun("cache", "clear", name))
    assert own.path.exists()
    ok(place.mlrun("cache", "clear", "--kept", name))
    assert not own.path.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("clear", "https://host/team/projekt.git"), f"did you mean '{URI}'?"),
        (("clear", "nothing-like-it"), "mlrun cache list"),
        (("prune", "--older-than", "-1"), "-1"),
        (("prune", "--older-than", "soon"), "soon"),
        (("prune", "name"), "name"),
        (("list", "--output", "xml"), "xml"),
        (("lst",), "lst"),
    ],
)
def test_mistakes_are_one_message(place: Place, words: tuple[str, ...], message: str) -> None:
    folder = repository()
    answer = place.mlrun("cache", *words)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert answer.stderr.lower().count("error: ") == 1
    assert "Traceback" not in answer.stderr
    assert folder.exists()


def test_what_may_not_be_removed_is_an_error(place: Place) -> None:
    """As a user whom modes bind: root loses the right to pass over them."""
    folder = repository()
    words = [*MLRUN, "cache", "clear"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            missing("setpriv", "root has to give up its rights")
        words = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *words]
    folder.parent.chmod(0o500)
    try:
        answer = subprocess.run(words, capture_output=True, text=True, check=False)
    finally:
        folder.parent.chmod(0o700)
    assert answer.returncode == 125
    assert f"not all could be removed of {folder}" in answer.stderr
    assert "hint: " in answer.stderr
    assert (folder / "content").exists()


def input_entry(days: float = 0, *, whole: bool = True) -> Path:
    """Make an entry of data that was last used so many days ago."""
    folder = entry_for("key", os.urandom(4).hex())
    hold = inputs.use_or_make(folder, "https://host/data.csv?sig=***")
    (folder / "content").mkdir()
    (folder / "content" / "data.csv").write_bytes(os.urandom(100_000))
    (folder / "content").chmod(0o555)
    if whole:
        (folder / "content.json").write_text("{}")
    hold.release()
    moment = time.time() - days * DAY
    os.utime(folder / "lease", (moment, moment))
    return folder


def test_data_is_listed_and_pruned_as_projects_are(place: Place) -> None:
    new, old, half = input_entry(days=1), input_entry(days=40), input_entry(whole=False)
    document = json.loads(place.mlrun("cache", "list", "--output", "json").stdout)
    jsonschema.validate(document, SCHEMA)
    assert {entry["kind"] for entry in document["entries"]} == {"input"}
    assert {entry["uri"] for entry in document["entries"]} == {"https://host/data.csv?sig=***"}
    assert "input" in place.mlrun("cache", "list").stdout
    said = ok(place.mlrun("cache", "prune"))
    assert "removed input https://host/data.csv?sig=*** (1" in said
    assert (new.exists(), old.exists(), half.exists()) == (True, False, False)
    ok(place.mlrun("cache", "clear", "https://host/data.csv?sig=secret"))
    assert not new.exists()


def test_data_that_a_run_reads_stays(place: Place) -> None:
    folder = input_entry(days=40)
    lease = inputs.use_or_make(folder, "")
    os.utime(folder / "lease", (1000, 1000))
    assert "in use, and stays: input" in ok(place.mlrun("cache", "prune"))
    lease.release()
    assert folder.exists()
