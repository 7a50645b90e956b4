"""`mlrun env`: what is kept, built before a run, found again, and taken away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest

from tests.components import missing
from tests.functional.commands import MLRUN, Place
from tests.functional.environments import Wheelhouse, make_wheelhouse
from tests.unit.environments.python.test_environment import own_project
from tests.unit.environments.wheels import make_wheel

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/env.schema.json").read_text())
DAY = 86400


@pytest.fixture
def house(place: Place, monkeypatch: pytest.MonkeyPatch) -> Wheelhouse:
    made = make_wheelhouse(place)
    made.keep_to_it(monkeypatch)
    return made


def build(house: Wheelhouse, *requirements: str, name: str = "project") -> str:
    """Build the environment of a project, and return its key."""
    house.project(*requirements, name=name)
    answer = house.env("build", name)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def age(house: Wheelhouse, key: str, days: float) -> None:
    moment = time.time() - days * DAY
    os.utime(house.store / key / "lease", (moment, moment))


def keys(house: Wheelhouse) -> set[str]:
    return {environment["key"] for environment in house.document("list")["environments"]}


def ok(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 0, answer.stderr
    return answer.stderr


def test_an_empty_store(house: Wheelhouse) -> None:
    assert "no environment is kept" in ok(house.env("list"))
    assert ok(house.env("prune")) == "mlrun: nothing to remove\n"
    assert ok(house.env("remove", "--all")) == "mlrun: nothing to remove\n"
    document = house.document("list")
    jsonschema.validate(document, SCHEMA)
    assert (document["bytes"], document["environments"]) == (0, [])


def test_build_prints_the_key_and_nothing_else(house: Wheelhouse) -> None:
    house.project("small")
    dry = house.env("build", "project", "--dry-run")
    assert "not built yet" in ok(dry)
    assert not house.store.exists()
    first = house.env("build", "project")
    assert "building the environment" in ok(first)
    assert first.stdout == dry.stdout
    key = first.stdout.strip()
    assert key.isalnum()
    assert (house.store / key).is_dir()
    again = house.env("build", "project")
    assert "building" not in ok(again)
    assert again.stdout == first.stdout
    run = house.place.mlrun("run", "project")
    assert run.stdout == "small 1.0\n"
    assert "building" not in run.stderr


def test_build_for_machines(house: Wheelhouse) -> None:
    house.project("small")
    states = []
    for words in (("--dry-run",), (), ()):
        document = house.document("build", "project", *words)
        jsonschema.validate(document, SCHEMA)
        states.append(document["state"])
    assert states == ["missing", "built", "hit"]
    assert document["cache"] == str(house.store)
    assert Path(document["folder"]).is_relative_to(house.store / document["key"])
    assert document["manager"] == "uv"
    assert document["python"].startswith("3.")


def test_nothing_is_built_for_a_project_without_an_environment(house: Wheelhouse) -> None:
    house.place.write("entry_points:\n  main: {command: 'true'}\n")
    answer = house.env("build", "project")
    assert "nothing to do" in ok(answer)
    assert answer.stdout == ""
    document = house.document("build", "project")
    jsonschema.validate(document, SCHEMA)
    assert (document["state"], document["key"]) == ("none", None)
    for words in ("path", "show"):
        answer = house.env(words, "project")
        assert answer.returncode == 125
        assert "none is kept here" in answer.stderr


def test_a_container_is_not_made_for_its_key_alone(house: Wheelhouse) -> None:
    house.place.write("docker_env: {image: some-image}\nentry_points:\n  main: {command: 'true'}\n")
    document = house.document("build", "project", "--dry-run")
    jsonschema.validate(document, SCHEMA)
    assert (document["state"], document["manager"]) == ("unknown", "docker")
    assert document["key"]
    answer = house.env("path", "project")
    assert answer.returncode == 125
    assert "in a container" in answer.stderr


def test_an_entry_point_need_not_be_main(house: Wheelhouse) -> None:
    project = house.project("small")
    text = (project / "MLproject").read_text()
    (project / "MLproject").write_text(text.replace("main:", "train:"))
    assert (
        house.env("build", "project").stdout == house.env("build", "project", "-e", "train").stdout
    )
    answer = house.env("build", "project", "-e", "trian")
    assert answer.returncode == 125
    assert "train" in answer.stderr


def test_a_build_that_fails_says_why_and_prints_no_key(house: Wheelhouse) -> None:
    house.project("not-there")
    answer = house.env("build", "project")
    assert (answer.returncode, answer.stdout) == (125, "")
    assert "not-there" in answer.stderr
    assert "the whole log is in " in answer.stderr
    log = Path(answer.stderr.rpartition("the whole log is in ")[2].strip())
    assert "not-there" in log.read_text()
    (found,) = house.document("list")["environments"]
    assert (found["state"], found["folder"]) == ("left", None)
    assert "incomplete" in house.env("list").stdout


def test_a_package_that_cannot_be_built_is_named_above_its_traceback(house: Wheelhouse) -> None:
    system = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    noise = (
        "import sys\nfor n in range(300): print('noise', n, file=sys.stderr)\nraise SystemExit(1)"
    )
    house.add_sdist("broken", {"pyproject.toml": system, "backend.py": noise})
    house.project("broken")
    answer = house.env("build", "project")
    assert answer.returncode == 125
    assert "broken" in answer.stderr
    assert "noise 299" in answer.stderr
    assert "noise 200" not in answer.stderr
    assert len(answer.stderr.splitlines()) < 30


def test_list_and_show_say_whose_it_is(house: Wheelhouse) -> None:
    key = build(house, "small")
    build(house, "small", name="other")
    age(house, key, 3.1)
    answer = house.env("list")
    ok(answer)
    head, line = answer.stdout.splitlines()
    assert head.split() == ["key", "manager", "python", "size", "last", "used", "for"]
    for word in (key[:8], "uv", "KiB", "3 days ago", f"{house.place.project} and 1 other"):
        assert word in line
    document = house.document("list")
    jsonschema.validate(document, SCHEMA)
    (listed,) = document["environments"]
    assert listed["projects"] == [str(house.place.project), str(house.place.folder / "other")]
    assert (listed["state"], listed["in_use"]) == ("complete", False)
    for what in (key, key[:6], "project", house.place.folder / "other"):
        shown = house.document("show", what)
        jsonschema.validate(shown, SCHEMA)
        assert shown["key"] == key
    assert shown["packages"] >= 1
    assert "small" in Path(shown["log"]).read_text()
    text = house.env("show", key).stdout
    for word in (key, str(house.place.project), shown["folder"], shown["log"], listed["python"]):
        assert word in text


def test_path_is_the_folder_that_runs_use(house: Wheelhouse) -> None:
    project = house.project("small")
    answer = house.env("path", "project")
    assert answer.returncode == 125
    assert "not built yet" in answer.stderr
    assert "mlrun env build" in answer.stderr
    key = build(house, "small")
    (project / "MLproject").write_text(
        "python_env: python_env.yaml\n"
        "entry_points:\n  main: {command: \"python -c 'import sys; print(sys.prefix)'\"}\n"
    )
    printed = house.env("path", "project").stdout
    assert printed == house.env("path", key[:5]).stdout
    assert printed == house.place.mlrun("run", "project").stdout


def test_prune_takes_the_least_used_and_what_is_left(house: Wheelhouse) -> None:
    for name in ("one", "two", "three"):
        make_wheel(house.folder, name)
    old, middle, new = (build(house, name) for name in ("one", "two", "three"))
    house.project("not-there")
    assert house.env("build", "project").returncode == 125
    (house.store / ".gone-abc").mkdir()
    age(house, old, 40)
    age(house, middle, 20)
    said = ok(house.env("prune", "--dry-run"))
    assert f"would remove environment {old} for {house.place.project}" in said
    assert len(keys(house)) == 4
    said = ok(house.env("prune"))
    assert f"removed environment {old}" in said
    assert "removed incomplete environment" in said
    assert "freed" in said
    assert keys(house) == {middle, new}
    assert list(house.store.glob(".gone-*")) == []
    size = house.document("list")["environments"][0]["bytes"]
    ok(house.env("prune", "--max-size", str(size)))
    assert keys(house) == {new}
    ok(house.env("prune", "--older-than", "0"))
    assert keys(house) == set()


def test_remove_takes_beginnings_of_keys(house: Wheelhouse) -> None:
    make_wheel(house.folder, "one")
    key, other = build(house, "small"), build(house, "one")
    assert f"removed environment {key}" in ok(house.env("remove", key[:10]))
    assert keys(house) == {other}
    ok(house.env("remove", "--all"))
    assert keys(house) == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("remove",), "--all"),
        (("remove", "{key}", "--all"), "--all"),
        (("remove", "{typo}"), "did you mean {key}?"),
        (("show", "{typo}"), "did you mean {key}?"),
        (("path", "zzzzzzzz"), "mlrun env list"),
        (("remove", "{short}"), "did you mean {key}?"),
        (("prune", "--max-size", "much"), "'much' is no size"),
        (("prune", "--older-than", "-1"), "-1"),
        (("build", "--env-limit", "big"), "'big' is no size"),
        (("lst",), "lst"),
    ],
)
def test_mistakes_are_one_message(house: Wheelhouse, words: tuple[str, ...], message: str) -> None:
    key = build(house, "small")
    names = {"key": key, "typo": f"{key[:3]}x{key[4:9]}", "short": key[:2]}
    answer = house.env(*(word.format(**names) for word in words))
    assert answer.returncode == 2
    assert message.format(**names) in answer.stderr
    assert answer.stderr.lower().count("error: ") == 1
    assert keys(house) == {key}


def test_a_key_that_begins_several_is_refused(house: Wheelhouse) -> None:
    key = build(house, "small")
    twin = key[:12] + "z" * 8
    shutil.copytree(house.store / key, house.store / twin, symlinks=True)
    answer = house.env("remove", key[:12])
    assert answer.returncode == 2
    assert key in answer.stderr
    assert twin in answer.stderr
    assert {line.split()[0] for line in house.env("list").stdout.splitlines()[1:]} == {
        key[:13],
        twin[:13],
    }


def test_what_a_run_uses_stays(house: Wheelhouse) -> None:
    key = build(house, "small")
    go = house.place.folder / "go"
    (house.place.project / "MLproject").write_text(
        "python_env: python_env.yaml\nentry_points:\n"
        f"  main: {{command: 'echo begun; while [ ! -e {go} ]; do sleep 0.05; done'}}\n"
    )
    process = house.begin("run", "project", "--no-tracking")
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    age(house, key, 100)
    assert house.document("list")["environments"][0]["in_use"] is True
    for words in (("remove", key), ("remove", "--all"), ("prune",), ("prune", "--max-size", "1")):
        said = ok(house.env(*words))
        assert "in use, and stays" in said or "nothing to remove" in said
        assert keys(house) == {key}
    go.touch()
    process.communicate()
    assert process.returncode == 0
    ok(house.env("remove", key))
    assert keys(house) == set()


@pytest.mark.parametrize("by", ["option", "variable", "settings"])
def test_a_limit_holds_after_a_build(house: Wheelhouse, by: str) -> None:
    make_wheel(house.folder, "one")
    old = build(house, "one")
    house.project("small")
    config = Path(os.environ["MLRUN_CONFIG_DIR"])
    config.mkdir(parents=True)
    words = ["run", "project", "--no-tracking"]
    if by == "settings":
        (config / "settings.yaml").write_text("env-limit: 1k\n")
    answer = house.place.mlrun(
        *words,
        *(["--env-limit", "1k"] if by == "option" else []),
        env={"MLRUN_ENV_LIMIT": "1k"} if by == "variable" else None,
    )
    assert answer.stdout == "small 1.0\n"
    assert "removing 1 environment" in ok(answer)
    assert old not in keys(house)
    assert len(keys(house)) == 1


def test_a_copy_at_the_same_place_serves(house: Wheelhouse, tmp_path: Path) -> None:
    """What a CI cache does: the folder is packed, and unpacked on another machine."""
    key = build(house, "small")
    archive = tmp_path / "cache.tar"
    subprocess.run(["tar", "-cf", archive, house.store.name], cwd=house.store.parent, check=True)
    shutil.rmtree(house.store)
    shutil.rmtree(house.folder)
    assert house.env("build", "project", "--dry-run").stdout.strip() == key
    house.store.parent.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xf", archive], cwd=house.store.parent, check=True)
    assert house.document("build", "project")["state"] == "hit"
    assert house.place.mlrun("run", "project").stdout == "small 1.0\n"


def test_the_key_is_that_of_what_projects_share(house: Wheelhouse) -> None:
    """A project that requires its own folder has an environment on top, bound to that folder."""
    make_wheel(house.folder, "needed")
    own_project(house.project("small", "-e ."), "mine")
    dry = house.env("build", "project", "--dry-run")
    first = house.document("build", "project")
    assert first["key"] == dry.stdout.strip()
    assert Path(first["folder"]).parents[1].name != first["key"]
    assert house.document("show", "project")["folder"] == first["folder"]
    other = own_project(house.project("small", "-e .", name="other"), "theirs")
    assert house.document("build", other)["key"] == first["key"]


def test_a_read_only_store_serves_what_it_has(house: Wheelhouse) -> None:
    """As a user whom modes bind: root loses the right to pass over them."""
    key = build(house, "small")
    words = [*MLRUN]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            missing("setpriv", "root has to give up its rights")
        words = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *words]
    folders = [house.store, house.store / key]
    for folder in folders:
        folder.chmod(0o500)
    try:
        run, other, removal = (
            subprocess.run(
                [*words, *more], cwd=house.place.folder, capture_output=True, text=True, check=False
            )
            for more in (
                ("run", "project", "--no-tracking"),
                ("env", "build", "project", "--env-manager", "virtualenv"),
                ("env", "remove", key),
            )
        )
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert run.stdout == "small 1.0\n", run.stderr
    assert other.returncode == 125
    assert "cannot be kept in" in other.stderr
    assert "MLRUN_CACHE_DIR" in other.stderr
    assert removal.returncode == 125
    assert f"not all could be removed of {house.store / key}" in removal.stderr


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_scripts_work_wherever_the_cache_is(
    house: Wheelhouse, tmp_path: Path, manager: str
) -> None:
    """In a folder with spaces and other letters, longer than a script's first line may be."""
    cache = tmp_path / f"a cache größer {'x' * 60}" / ("y" * 60)
    info = "tool-1.0.dist-info"
    wheel = make_wheel(house.folder, "tool", code="def main():\n    print('tool runs')\n")
    import zipfile

    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\nthe-tool = tool:main\n")
    house.project("tool")
    (house.place.project / "MLproject").write_text(
        "python_env: python_env.yaml\nentry_points:\n  main: {command: the-tool}\n"
    )
    if manager == "virtualenv":
        (house.place.project / "python_env.yaml").write_text("dependencies: [tool]\n")
    answer = house.place.mlrun(
        "run", "project", "--no-tracking", "--env-manager", manager,
        env={"MLRUN_CACHE_DIR": str(cache)},
    )  # fmt: skip
    assert answer.stdout == "tool runs\n", answer.stderr
