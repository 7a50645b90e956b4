"""Measure environments beside `mlflow run`, and print a table of medians.

    python benchmarks/environments.py [--repeats 9] [--only NAME]... [--json FILE]

Needs what `run.py` needs; for `virtualenv` pyenv with the Python that runs this, for `conda` pyenv
too, for `docker` an engine. A case for which something is missing is left out, with a line.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a script

from benchmarks import comparison, projects, report, tools
from benchmarks.cases import Setting, in_turn, milliseconds, starts, taker
from benchmarks.measure import Command, Start, start
from tests.conda_channel import make_channel
from tests.docker_engine import DockerEngine

SKLEARN = f"""\
python: "{platform.python_version()}"
build_dependencies: [pip]
dependencies: ["mlflow>=3.17,<3.18", "scikit-learn>=1.5,<2"]
"""
# A script, since MLflow lets this machine's shell have what is no plain word of a command.
_IN_CONTAINER = "bash /bench/note.sh"
_CONTAINER_PROJECT = """\
name: contained
docker_env:
  image: {image}
  volumes: ["{folder}:/bench"]
entry_points:
  main:
    command: {command}
"""


def uv(setting: Setting) -> list[report.Row]:
    """Build an environment with scikit-learn and MLflow by uv, and use it again."""
    return _cold(setting, "uv", "uv", ratio_goal=1) + _warm(setting, "uv")


def virtualenv(setting: Setting) -> list[report.Row]:
    """Do that by virtualenv; and set mlrun's uv beside MLflow's virtualenv."""
    if not _pyenv_has_this_python():
        version = platform.python_version()
        comparison.say(f"left out: pyenv has no Python {version}, which MLflow asks it for")
        return []
    rows = _cold(setting, "virtualenv", "virtualenv") + _warm(setting, "virtualenv")
    return rows + _cold(setting, "uv", "virtualenv", ratio_goal=3)


def conda(setting: Setting) -> list[report.Row]:
    """Use a conda environment again. MLflow needs a conda, which is not there."""
    work = setting.folder / "work"
    work.mkdir()
    channel = make_channel(setting.folder / "channel", work)
    content = f"channels: ['{channel.as_uri()}', nodefaults]\ndependencies: [python]\n"
    project = projects.write_project(setting.folder / "with-conda", "conda_env", content)
    words = {"mlrun": ("run", str(project))}
    return starts(setting, "warm conda environment", words, goal=120)


def docker(setting: Setting) -> list[report.Row]:
    """Run a command in a container, beside a bare `docker run` of the same."""
    engine = DockerEngine(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    marks = setting.folder / "marks"
    marks.mkdir(mode=0o777)
    marks.chmod(0o777)
    (marks / "note.sh").write_text('echo "$EPOCHREALTIME" > /bench/mark\n')
    folder = setting.folder / "contained"
    folder.mkdir()
    image = engine.python_image()
    text = _CONTAINER_PROJECT.format(image=image, folder=marks, command=_IN_CONTAINER)
    (folder / "MLproject").write_text(text)
    commands = {name: setting.command(name, "run", str(folder)) for name in setting.tools}
    bare = ("docker", "run", "--rm", "-v", f"{marks}:/bench", image, *_IN_CONTAINER.split())
    commands["docker"] = Command(bare, setting.folder, tools.clean_environment())

    def taking(command: Command) -> Start:
        (marks / "mark").unlink(missing_ok=True)
        return start(command, marks)

    taken = in_turn({n: taker(taking, c) for n, c in commands.items()}, setting.repeats)
    return _over_bare(taken)


def _over_bare(taken: dict[str, list[Start]]) -> list[report.Row]:
    runs = taken.pop("docker")
    first, total = median(s.first for s in runs), median(s.total for s in runs)
    firsts = {name: [s.first - first for s in values] for name, values in taken.items()}
    totals = {name: [s.total - total for s in values] for name, values in taken.items()}
    title = f"warm container, beyond the {1000 * total:,.0f} ms of `docker run`"
    return [
        report.Row(f"{title}: before the command", "ms", milliseconds(firsts), goal=200),
        report.Row(f"{title}: whole run", "ms", milliseconds(totals), goal=200),
    ]


def _cold(
    setting: Setting, ours: str, theirs: str, ratio_goal: float | None = None
) -> list[report.Row]:
    def forget(name: str) -> None:
        shutil.rmtree(setting.environments(name), ignore_errors=True)

    by = ours if ours == theirs else f"{ours} (MLflow's by {theirs})"
    return starts(
        setting,
        f"cold environment with scikit-learn and mlflow, by {by}",
        _words(setting, {"mlrun": ours, "mlflow": theirs}),
        before=forget,
        repeats=setting.cold_repeats,
        ratio_goal=ratio_goal,
    )


def _warm(setting: Setting, manager: str) -> list[report.Row]:
    words = _words(setting, {"mlrun": manager, "mlflow": manager})
    title = f"warm environment with scikit-learn and mlflow, by {manager}"
    return starts(setting, title, words, goal=120)


def _words(setting: Setting, managers: dict[str, str]) -> dict[str, tuple[str, ...]]:
    folder = setting.folder / "with-sklearn"
    if not folder.exists():
        projects.write_project(folder, "python_env", SKLEARN)
    return {n: ("run", str(folder), "--env-manager", manager) for n, manager in managers.items()}


def _pyenv_has_this_python() -> bool:
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return False
    done = subprocess.run([pyenv, "versions", "--bare"], capture_output=True, text=True, check=True)
    return platform.python_version() in done.stdout.split()


CASES: dict[str, Callable[[Setting], list[report.Row]]] = {
    "uv": uv,
    "virtualenv": virtualenv,
    "conda": conda,
    "docker": docker,
}


def main() -> None:
    """Install, measure, print."""
    comparison.compare(
        "Measure environments beside `mlflow run`.", CASES, comparison.in_order(CASES)
    )


if __name__ == "__main__":
    main()
