"""What is known of a container before any engine is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlrun.environments.docker.environment import DockerEnvironment
from mlrun.environments.options import EnvironmentOptions
from mlrun.errors import Location, ProjectError, UsageError
from mlrun.project.model import DockerEnv

PLACE = Location(Path("MLproject"), 2)


def made(
    image: str = "python:3.11",
    volumes: tuple[str, ...] = (),
    environment: tuple[tuple[str, str | None], ...] = (),
    **options: Any,
) -> DockerEnvironment:
    env = DockerEnv(image, volumes, environment, PLACE)
    return DockerEnvironment(env, EnvironmentOptions(**options))


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        ("Team/Image:V1", "no capital letters"),
        ("my image", "write NAME"),
        ("$IMAGE", "write NAME"),
        ("", "write NAME"),
    ],
)
def test_a_name_that_is_none_says_where(image: str, hint: str) -> None:
    with pytest.raises(ProjectError, match="is no name of an image") as caught:
        made(image)
    assert caught.value.location == PLACE
    assert hint in str(caught.value.hint)


def test_all_is_checked_before_an_engine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    with pytest.raises(UsageError, match="no option"):
        made(docker_args={"gpu": "all"})
    with pytest.raises(ProjectError, match="which is not set"):
        made(volumes=("$NOT_SET_HERE:/x",))
    with pytest.raises(ProjectError, match="NOT_SET_HERE"):
        made(environment=(("NOT_SET_HERE", None),))
    made(environment=(("NOT_SET_HERE", None),), docker_args={"e": "NOT_SET_HERE=1"})


def test_the_digest_is_of_all_that_is_asked_for(tmp_path: Path) -> None:
    kinds = [
        made(),
        made("python:3.12"),
        made(volumes=("/a:/a",)),
        made(environment=(("A", "1"),)),
        made(environment=(("A", "2"),)),
        made(docker_args={"memory": "1g"}),
        made(docker_args={"privileged": True}),
        made(build_image=True),
    ]
    digests = [kind.digest() for kind in kinds]
    assert len(set(digests)) == len(kinds)
    same = made(docker_args={"--memory": "1g"}, folder=tmp_path)
    assert same.digest() == made(docker_args={"memory": "1g"}).digest()


def test_a_secret_cannot_be_found_from_the_digest_by_trying() -> None:
    first, second = (made(docker_args={"e": (f"PIN={n}",)}) for n in ("1234", "5678"))
    assert first.digest() == second.digest()
    assert first.digest() != made(docker_args={"e": ("OTHER=1234",)}).digest()


def test_planning_imports_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        "from mlrun.environments.docker.environment import DockerEnvironment\n"
        "from mlrun.environments.options import EnvironmentOptions\n"
        "from mlrun.errors import Location; from mlrun.project.model import DockerEnv\n"
        "from pathlib import Path\n"
        "env = DockerEnv('python', ('~/x:/x',), (), Location(Path('MLproject')))\n"
        "DockerEnvironment(env, EnvironmentOptions(docker_args={'gpus': 'all'})).digest()\n"
        "heavy = {'docker', 'requests', 'socket', 'http', 'ssl', 'difflib', 'filelock'}\n"
        "print(*sorted(heavy & set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\n", "")
