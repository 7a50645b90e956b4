"""Fetched projects in the surroundings that people have: odd names, nested runs, environments."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.functional.commands import Place, recorded
from tests.functional.driven import wait_until
from tests.functional.fetched import begin, run, tags_of_last_run, work_folders
from tests.git_http import Manner
from tests.git_servers import GitServers
from tests.repositories import (
    ECHOING_PROJECT,
    Commit,
    Content,
    Link,
    Program,
    make_project,
    make_repository,
    module_settings,
)


@pytest.mark.parametrize(
    "name", ["my project.git", "projét.git", "a+b@c.git", "x~y,z.git", "100%.git"]
)
@pytest.mark.parametrize("transport", ["http", "git", "ssh", "file", "path"])
def test_a_repository_may_have_an_odd_name(
    place: Place, git_servers: GitServers, name: str, transport: str
) -> None:
    make_project(git_servers.root / name)
    # Of a file the servers quote it themselves.
    written = name if transport in ("path", "file") else quote(name)
    answer = run(place, git_servers.url(transport, written))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "said hello\none\n"


@pytest.mark.parametrize("branch", ["größer", "a#b", "100%", "with'quote", "x@y", "a.b"])
def test_a_branch_may_have_an_odd_name(place: Place, git_servers: GitServers, branch: str) -> None:
    repository = make_project(git_servers.root / "p.git")
    commit = repository.commit({"text.txt": "odd\n"}, branch="plain", onto="main")
    repository.refs({f"refs/heads/{branch}": commit})
    answer = run(place, git_servers.url("http", "p.git"), f"--version={branch}")
    assert answer.stdout == "said hello\nodd\n", answer.stderr
    assert tags_of_last_run(place)["mlflow.source.git.branch"] == branch


def test_files_of_all_kinds_are_as_git_writes_them(place: Place, git_servers: GitServers) -> None:
    command = './run.sh && readlink link && cat "ü x"'
    make_repository(
        git_servers.root / "p.git",
        {
            "MLproject": f"entry_points: {{main: {{command: '{command}'}}}}\n",
            "run.sh": Program(b"#!/bin/sh\necho ran && od -An -c crlf.txt bytes.txt\n"),
            "link": Link("deep/target"),
            "ü x": b"end",
            "crlf.txt": b"a\n",
            "bytes.txt": b"a\n",
            ".gitattributes": "crlf.txt text eol=crlf\nbytes.txt -text\n",
        },
    )
    answer = run(place, git_servers.url("http", "p.git"))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["ran", "a", "\\r", "\\n", "a", "\\n", "deep/target", "end"]


def test_a_run_inside_a_run_knows_the_commit(place: Place, git_servers: GitServers) -> None:
    repository = make_project(git_servers.root / "p.git")
    outer = """\
entry_points:
  main: {command: mlrun run inner -v main}
  direct: {command: mlrun run inner}
"""
    inner = "entry_points: {main: {command: echo inner}}\n"
    commit = repository.commit({"MLproject": outer, "inner/MLproject": inner})
    programs = str(Path(sys.executable).parent)
    env = {"PATH": f"{programs}:{os.environ['PATH']}"}
    for entry in ("main", "direct"):
        answer = run(place, git_servers.url("http", "p.git"), "-e", entry, env=env)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout == "inner\n"
    for made in place.runs():
        assert recorded(made, "tags")["mlflow.source.git.commit"] == commit
    assert work_folders() == []


def test_an_environment_is_built_once_for_all_checkouts(
    place: Place, git_servers: GitServers
) -> None:
    make_repository(
        git_servers.root / "p.git",
        {
            "MLproject": "python_env: python_env.yaml\n"
            "entry_points: {main: {command: 'python -c \"import sys; print(sys.prefix)\"'}}\n",
            "python_env.yaml": "dependencies:\n  - -r requirements.txt\n",
            "requirements.txt": "# none\n",
        },
    )
    answers = [run(place, git_servers.url("http", "p.git"), timeout=300) for _ in range(2)]
    assert [answer.returncode for answer in answers] == [0, 0], answers[0].stderr
    assert answers[0].stdout == answers[1].stdout


def test_an_interrupted_question_to_a_server_leaves_nothing(
    place: Place, git_servers: GitServers
) -> None:
    make_project(git_servers.root / "p.git")
    git_servers.http.choose = lambda request: Manner(wait=300)
    with begin(place, git_servers.url("http", "p.git"), "--output", "json") as process:
        wait_until(lambda: git_servers.http.requests, "the question")
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert json.loads(output)["error"]["code"] == "interrupted"
    assert work_folders() == []


def test_many_first_runs_share_submodules(place: Place, git_servers: GitServers) -> None:
    inner = make_repository(git_servers.root / "inner.git", {"text.txt": "inner\n"})
    commit = Commit(inner.git("rev-parse", "main"))
    settings = module_settings(sub=("sub", "../inner.git"))
    command = "entry_points: {main: {command: 'sleep 0.5; cat sub/text.txt'}}\n"
    files: dict[str, Content] = {".gitmodules": settings, "sub": commit, "MLproject": command}
    make_repository(git_servers.root / "outer.git", files)
    url = git_servers.url("http", "outer.git")
    started = [begin(place, url, "--no-tracking") for _ in range(12)]
    answers = [process.communicate(timeout=300) for process in started]
    assert [output for output, _ in answers] == ["inner\n"] * 12, answers
    assert len(git_servers.http.packs) == 2


def test_a_branch_that_moves_while_it_is_fetched_is_run_as_it_was_or_as_it_is(
    place: Place, git_servers: GitServers
) -> None:
    repository = make_project(git_servers.root / "p.git")

    def choose(request: object) -> Manner:
        if len(git_servers.http.requests) == 3:
            repository.commit({"MLproject": ECHOING_PROJECT, "text.txt": "two\n"}, onto="orphan")
            repository.git("reflog", "expire", "--expire=all", "--all")
            repository.git("gc", "--quiet", "--prune=now")
        return Manner()

    git_servers.http.choose = choose
    answer = run(place, git_servers.url("http", "p.git"), "-v", "main")
    assert answer.returncode in (0, 125), answer.stderr
    assert "Traceback" not in answer.stderr
    assert run(place, git_servers.url("http", "p.git"), "-v", "main").stdout == "said hello\ntwo\n"
