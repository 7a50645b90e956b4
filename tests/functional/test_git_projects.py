"""Projects in Git repositories on real servers: which version runs, and what is asked for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.functional.commands import Place
from tests.functional.fetched import problem_of, run, tags_of_last_run, work_folders
from tests.git_http import Manner, Request
from tests.git_servers import GitServers
from tests.repositories import (
    ECHOING_PROJECT,
    Content,
    Link,
    Repository,
    make_long_history,
    make_project,
    make_repository,
)

PATH = "team/project.git"
TRANSPORTS = ["http", "https", "git", "ssh", "scp", "file", "path"]


@pytest.fixture
def repository(git_servers: GitServers) -> Repository:
    return make_project(git_servers.root / PATH)


@pytest.fixture
def url(git_servers: GitServers, repository: Repository) -> str:
    return git_servers.url("http", PATH)


def head(repository: Repository, branch: str = "main") -> str:
    commit = repository.find(f"refs/heads/{branch}")
    assert commit is not None
    return commit


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_transport_runs(
    place: Place, git_servers: GitServers, repository: Repository, transport: str
) -> None:
    answer = run(place, git_servers.url(transport, PATH), "-P", "word=hi")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hi\none\n"
    assert tags_of_last_run(place)["mlflow.source.git.commit"] == head(repository)
    assert work_folders() == []


@pytest.mark.parametrize(
    ("transport", "area"),
    [*((transport, "pub") for transport in TRANSPORTS), ("http", "old"), ("https", "dumb")],
)
def test_every_transport_runs_an_old_commit(
    place: Place, git_servers: GitServers, repository: Repository, transport: str, area: str
) -> None:
    commit = head(repository)
    repository.commit({"text.txt": "two\n"})
    repository.git("update-server-info")
    answer = run(place, git_servers.url(transport, PATH, area=area), "-v", commit)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hello\none\n"
    assert tags_of_last_run(place)["mlflow.source.git.commit"] == commit


def test_a_server_that_gives_no_commits_by_itself_gives_all(
    place: Place, git_servers: GitServers, repository: Repository
) -> None:
    commit = head(repository)
    repository.commit({"text.txt": "two\n"})
    url = git_servers.url("http", PATH, area="old")
    for version, text in ((commit, "one"), ("main", "two"), (commit, "one")):
        assert run(place, url, "-v", version).stdout == f"said hello\n{text}\n"


def versions(repository: Repository) -> dict[str, tuple[str, str]]:
    """Make a repository with refs of all kinds; return text and commit by version."""
    old = head(repository)
    made = {
        name: repository.commit({"text.txt": f"{name}\n"}, branch=branch, onto=old)
        for name, branch in (("main", "main"), ("slashes", "feature/x"), ("both", "both"))
    }
    made["pull"] = repository.commit({"text.txt": "pull\n"}, branch="gone", onto=old)
    repository.ref("refs/pull/7/head", made["pull"])
    made["deep"] = repository.commit({"text.txt": "deep\n"}, branch="feature/y", onto=old)
    tip = repository.commit({"text.txt": "over it\n"}, branch="feature/y")
    repository.git("update-ref", "-d", "refs/heads/gone")
    repository.tag("light", made["deep"])
    repository.tag("noted", made["deep"], annotated=True)
    repository.tag("both", old)
    repository.refs({f"refs/heads/many/{number}": tip for number in range(300)})
    asked = {
        "main": "main", "feature/x": "slashes", "both": "both", "light": "deep", "noted": "deep",
        "refs/tags/noted": "deep", "refs/heads/feature/x": "slashes", "refs/pull/7/head": "pull",
        made["deep"]: "deep", made["deep"][:9]: "deep", made["main"][:9]: "main",
    }  # fmt: skip
    found = {version: (name, made[name]) for version, name in asked.items()}
    return {**found, "refs/tags/both": ("one", old), "many/7": ("over it", tip)}


@pytest.mark.parametrize("transport", ["http", "git", "file"])
def test_every_kind_of_version_is_what_runs(
    place: Place, git_servers: GitServers, repository: Repository, transport: str
) -> None:
    url = git_servers.url(transport, PATH)
    for version, (text, commit) in versions(repository).items():
        answer = run(place, url, "--version", version)
        assert answer.returncode == 0, (version, answer.stderr)
        assert answer.stdout == f"said hello\n{text}\n", version
        assert commit[:7] in answer.stderr
        assert tags_of_last_run(place)["mlflow.source.git.commit"] == commit
    assert work_folders() == []


def test_no_version_is_the_default_branch(
    place: Place, git_servers: GitServers, repository: Repository, url: str
) -> None:
    repository.commit({"text.txt": "of trunk\n"}, branch="trunk", onto=head(repository))
    repository.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    assert run(place, url).stdout == "said hello\nof trunk\n"
    assert tags_of_last_run(place)["mlflow.source.git.branch"] == "trunk"


def test_tags_say_what_ran(place: Place, repository: Repository, url: str) -> None:
    answer = run(place, url, "-v", "main")
    tags = tags_of_last_run(place)
    assert tags["mlflow.source.name"] == url
    assert tags["mlflow.source.git.repoURL"] == url
    assert tags["mlflow.source.git.branch"] == "main"
    assert tags["mlflow.source.git.commit"] == head(repository)
    repository.tag("v1", head(repository))
    assert run(place, url, "-v", "v1").returncode == 0, answer.stderr
    assert "mlflow.source.git.branch" not in tags_of_last_run(place)


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_the_command_finds_a_repository(place: Place, git_servers: GitServers, form: str) -> None:
    made = make_repository(
        git_servers.root / "r.git",
        {"MLproject": "entry_points: {main: {command: 'git rev-parse HEAD && git status -s'}}\n"},
        form=form,
    )
    url = git_servers.url("http", "r.git")
    answer = run(place, url, "-v", head(made))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == head(made) + "\n"


@pytest.mark.parametrize("subfolder", ["deep/er", "dots.and/v1.2", "."])
def test_a_subfolder_is_the_project(place: Place, git_servers: GitServers, subfolder: str) -> None:
    files = {"MLproject": ECHOING_PROJECT, "text.txt": "below\n"}
    below: dict[str, Content] = {str(Path(subfolder, name)): text for name, text in files.items()}
    make_repository(git_servers.root / "r.git", below)
    uri = f"{git_servers.url('http', 'r.git')}#{subfolder}"
    answer = run(place, uri)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hello\nbelow\n"


@pytest.mark.parametrize("subfolder", ["../..", "a/../../b", "/etc", "link"])
def test_a_subfolder_never_lies_outside(
    place: Place, git_servers: GitServers, subfolder: str, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "MLproject").write_text(ECHOING_PROJECT)
    (tmp_path / "outside" / "text.txt").write_text("outside\n")
    files: dict[str, Content] = {
        "MLproject": ECHOING_PROJECT,
        "link": Link(str(tmp_path / "outside")),
    }
    make_repository(git_servers.root / "r.git", files)
    answer = run(place, f"{git_servers.url('http', 'r.git')}#{subfolder}")
    assert answer.returncode == 125
    assert "outside\n" not in answer.stdout
    assert "Traceback" not in answer.stderr
    assert work_folders() == []


def test_a_missing_subfolder_is_named(place: Place, url: str) -> None:
    answer = run(place, f"{url}#nowhere", "--output", "json")
    assert answer.returncode == 125
    assert "nowhere" in problem_of(json.loads(answer.stdout))


@pytest.mark.parametrize(
    ("asked", "near"), [("featur/x", "feature/x"), ("v1.1", "v1.0"), ("mian", "main")]
)
def test_a_missing_version_names_the_near_ones(
    place: Place, repository: Repository, url: str, asked: str, near: str
) -> None:
    repository.refs({f"refs/heads/other-{n}": head(repository) for n in range(200)})
    repository.ref("refs/heads/feature/x", head(repository))
    repository.tag("v1.0", head(repository), annotated=True)
    answer = run(place, url, "-v", asked, "--output", "json")
    document = json.loads(answer.stdout)
    assert (answer.returncode, document["error"]["code"]) == (125, "version_not_found")
    assert f"'{asked}'" in problem_of(document)
    assert near in problem_of(document)
    assert work_folders() == []
    assert place.runs() == []


@pytest.mark.parametrize("version", ["f" * 40, "refs/heads/no", "refs/pull/99/head", "-x", "a..b"])
def test_a_version_that_is_nothing_is_an_error(place: Place, url: str, version: str) -> None:
    answer = run(place, url, f"--version={version}")
    assert answer.returncode == 125
    assert version in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_missing_repository_is_an_error(
    place: Place, git_servers: GitServers, repository: Repository
) -> None:
    for transport in ("http", "https", "git", "ssh", "file"):
        answer = run(place, git_servers.url(transport, "team/nothing.git"), "--output", "json")
        assert answer.returncode == 125, transport
        assert "nothing.git" in problem_of(json.loads(answer.stdout))


def test_an_empty_repository_is_an_error(place: Place, git_servers: GitServers) -> None:
    make_repository(git_servers.root / "empty.git")
    answer = run(place, git_servers.url("http", "empty.git"))
    assert answer.returncode == 125
    assert "Traceback" not in answer.stderr


def test_a_second_run_of_a_commit_asks_nobody(
    place: Place, git_servers: GitServers, repository: Repository, url: str
) -> None:
    commit = head(repository)
    assert run(place, url, "-v", commit).returncode == 0
    git_servers.http.forget()
    answer = run(place, url, "-v", commit)
    assert answer.stdout == "said hello\none\n"
    assert git_servers.http.requests == []


def test_a_second_run_of_a_branch_fetches_nothing(
    place: Place, git_servers: GitServers, url: str
) -> None:
    assert run(place, url).returncode == 0
    assert len(git_servers.http.packs) == 1
    git_servers.http.forget()
    assert run(place, url).stdout == "said hello\none\n"
    assert git_servers.http.requests != []
    assert git_servers.http.packs == []


def test_a_branch_that_moved_is_run_where_it_is(
    place: Place, repository: Repository, url: str
) -> None:
    assert run(place, url, "-v", "main").stdout.endswith("one\n")
    repository.commit({"text.txt": "two\n"})
    assert run(place, url, "-v", "main").stdout.endswith("two\n")
    repository.commit(
        {"MLproject": ECHOING_PROJECT, "text.txt": "pushed by force\n"}, onto="orphan"
    )
    assert run(place, url, "-v", "main").stdout.endswith("pushed by force\n")
    assert tags_of_last_run(place)["mlflow.source.git.commit"] == head(repository)


def test_a_fetch_is_of_one_commit_and_not_of_the_history(
    place: Place, git_servers: GitServers, tmp_path: Path
) -> None:
    make_long_history(git_servers.root / "long.git", megabytes=20, commits=10)
    answer = run(place, git_servers.url("http", "long.git"))
    assert answer.stdout == "said hello\none\n", answer.stderr
    cached = sum(f.stat().st_size for f in (tmp_path / "cache").rglob("*") if f.is_file())
    assert cached < 1_000_000


def test_offline_runs_what_is_cached_and_says_how_old_it_is(
    place: Place, git_servers: GitServers, repository: Repository, url: str
) -> None:
    for words in (("-v", "main"), ()):
        assert run(place, url, *words).returncode == 0
    repository.commit({"text.txt": "two\n"})
    git_servers.http.forget()
    for words in (("-v", "main"), ()):
        answer = run(place, url, *words, "--offline")
        assert answer.stdout == "said hello\none\n", answer.stderr
        assert re.search(r"\b(second|minute|now|ago|\d+ s)", answer.stderr)
    assert git_servers.http.requests == []
    git_servers.http.stop()
    assert run(place, url, "--offline").stdout == "said hello\none\n"


@pytest.mark.parametrize("words", [(), ("-v", "main"), ("-v", "f" * 40)])
def test_offline_without_a_copy_is_an_error(
    place: Place, git_servers: GitServers, url: str, words: tuple[str, ...]
) -> None:
    answer = run(place, url, *words, "--offline")
    assert answer.returncode == 125
    assert "offline" in answer.stderr
    assert git_servers.http.requests == []
    assert work_folders() == []


def test_a_kept_folder_stays_and_is_named(place: Place, url: str, tmp_path: Path) -> None:
    answer = run(place, url, "-P", "word=kept", "--keep-workdir")
    (kept,) = (tmp_path / "cache" / "work").glob("*/project")
    assert str(kept) in answer.stderr
    assert (kept / "written.txt").read_text() == "kept"
    assert run(place, url).returncode == 0
    assert (kept / "written.txt").exists()


def test_a_failing_command_leaves_no_folder(place: Place, git_servers: GitServers) -> None:
    make_repository(
        git_servers.root / "r.git", {"MLproject": "entry_points: {main: {command: exit 7}}\n"}
    )
    assert run(place, git_servers.url("http", "r.git")).returncode == 7
    assert work_folders() == []


def test_a_dry_run_says_the_commit_and_leaves_nothing(
    place: Place, repository: Repository, url: str, tmp_path: Path
) -> None:
    answer = run(place, url, "-v", "main", "--dry-run")
    source = json.loads(answer.stdout)["work"]["source"]
    assert source["commit"] == head(repository)
    assert source["uri"] == source["repo_url"] == url
    assert str(tmp_path / "cache") not in answer.stdout
    assert work_folders() == []
    assert place.runs() == []


def test_a_pasted_web_address_names_ref_and_folder(place: Place, git_servers: GitServers) -> None:
    """Its own ref has a slash, and its folder too: only the repository's refs tell them apart."""
    made = make_repository(git_servers.root / "team/project.git", {"MLproject": ECHOING_PROJECT})
    made.commit(
        {"some/folder/MLproject": ECHOING_PROJECT, "some/folder/text.txt": "pasted\n"},
        branch="feature/x",
    )
    # The server is none of the code hosts, so its address is pasted in GitLab's form.
    base = git_servers.url("http", "team/project.git").removesuffix(".git")
    git_servers.http.choose = lambda request: _without_suffix(request, base)
    answer = run(place, f"{base}/-/tree/feature/x/some/folder")
    assert answer.stdout == "said hello\npasted\n", answer.stderr


def _without_suffix(request: Request, base: str) -> Manner:
    """Lead `project/info/refs` to `project.git/info/refs`, as code hosts do."""
    if ".git" in request.repository:
        return Manner()
    what = request.repository.removeprefix("team/project/")
    return Manner(location=f"{base}.git/{what}?{request.query}")


def test_json_output_is_one_document(place: Place, url: str) -> None:
    answer = run(place, url, "--output", "json")
    assert json.loads(answer.stdout)["outcome"]["status"] == "FINISHED"
    assert "said hello" in answer.stderr


def test_what_is_wrong_with_a_project_is_named_by_its_address(
    place: Place, git_servers: GitServers
) -> None:
    broken = "name: broken\nentry_points:\n  main:\n    comand: 'true'\n"
    files: dict[str, Content] = {"deep/MLproject": ECHOING_PROJECT, "broken/MLproject": broken}
    repository = make_repository(git_servers.root / PATH, files)
    url = git_servers.url("http", PATH)
    for command in ("run", "describe"):
        missing = place.mlrun(command, url).stderr.splitlines()
        assert missing[-2:] == [
            f"mlrun: error: there is no project file (MLproject) in '{url}'",
            f"mlrun:   hint: a project lies further down: {url}#broken or {url}#deep",
        ]
        wrong = place.mlrun(command, f"{url}#broken").stderr
        assert f": broken/MLproject:4:5 of {url} at {head(repository)[:7]}: " in wrong
        assert str(place.folder.parent) not in wrong


def test_a_slow_server_is_named_while_it_is_waited_for(
    place: Place, git_servers: GitServers, url: str
) -> None:
    git_servers.http.choose = lambda request: Manner(wait=4 if request.query else 0)
    answer = run(place, url)
    assert answer.returncode == 0, answer.stderr
    host = f"127.0.0.1:{git_servers.http.port}"
    assert answer.stderr.splitlines()[0] == f"mlrun: waiting for {host}"


@pytest.mark.parametrize(
    ("page", "missing"),
    [
        ("tree/mian/sub", "mian"),
        ("tags/v1.2", "v1.2"),
        ("merge_requests/4", "refs/merge-requests/4/head"),
    ],
)
def test_a_page_of_what_is_not_there_names_that(
    place: Place, url: str, page: str, missing: str
) -> None:
    answer = run(place, f"{url.removesuffix('.git')}/-/{page}")
    assert answer.returncode == 125
    assert f"{url} has no branch, tag or commit '{missing}'" in answer.stderr


def test_the_folder_is_kept_of_a_project_that_cannot_run(place: Place, url: str) -> None:
    answer = run(place, url, "-e", "nothing", "--keep-workdir")
    assert answer.returncode == 125
    (kept,) = re.findall(r"the working folder is kept: (.*)", answer.stderr)
    assert Path(kept, "MLproject").read_text() == ECHOING_PROJECT
