"""What is measured: each case runs both sides in turn, so that both meet the same machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.measure import Command, Start, memory, start, wall
from benchmarks.projects import Projects
from benchmarks.report import Row
from benchmarks.tools import Tool, clean_environment

T = TypeVar("T")

Sides = Mapping[str, T]
"""One value for `mlrun` and one for `mlflow`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all cases share.

    Attributes:
        tools: The two runners, by name.
        projects: What they run.
        folder: Where stores and environments go; empty at first.
        repeats: How often a case is measured.
        cold_repeats: How often the one that builds environments is.
    """

    tools: Sides[Tool]
    projects: Projects
    folder: Path
    repeats: int
    cold_repeats: int

    def command(self, name: str, *arguments: str, default_store: bool = False) -> Command:
        """Return one side's command line, with a store and environments of its own."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        tool = self.tools[name]
        env = clean_environment()
        env["PATH"] = f"{tool.program.parent}:{env['PATH']}"
        env["MLFLOW_ENV_ROOT"] = env["MLRUN_CACHE_DIR"] = str(self.environments(name))
        env["MLRUN_STATE_DIR"] = str(own / "state")
        env["TMPDIR"] = str(self.temporary(name))
        if not default_store:
            env["MLFLOW_TRACKING_URI"] = (own / "store").as_uri()
            env["MLFLOW_ALLOW_FILE_STORE"] = "true"
        return Command((str(tool.program), *arguments), own, env)

    def environments(self, name: str) -> Path:
        """Return the folder in which one side keeps what it makes: environments, checkouts."""
        return self.folder / name / "environments"

    def temporary(self, name: str) -> Path:
        """Return one side's folder for what it leaves behind, as MLflow does its clones."""
        folder = self.folder / name / "temporary"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def bare_python(setting: Setting) -> list[Row]:
    """Start each side's Python and end it: what no runner can do without."""
    takers = {name: taker(wall, _bare(setting, name)) for name in setting.tools}
    taken = in_turn(takers, setting.repeats)
    return [Row("bare `python -c pass`", "ms", milliseconds(taken))]


def local(setting: Setting) -> list[Row]:
    """Run a project that does nothing, in the system's own environment."""
    words = ("run", str(setting.projects.noop), "--env-manager", "local")
    return starts(setting, "no-op, `local`", words, goal=100, ratio_goal=20)


def default_store(setting: Setting) -> list[Row]:
    """Do the same where nobody has said where to record."""
    words = ("run", str(setting.projects.noop), "--env-manager", "local")
    return starts(setting, "no-op, `local`, default store", words, default_store=True)


def warm_environment(setting: Setting) -> list[Row]:
    """Run a project whose Python environment has been built before."""
    words = ("run", str(setting.projects.environment), "--env-manager", "uv")
    return starts(setting, "no-op, warm Python environment", words)


def cold_environment(setting: Setting) -> list[Row]:
    """Run a project whose Python environment is yet to be built."""
    words = ("run", str(setting.projects.dependency), "--env-manager", "uv")

    def forget(name: str) -> None:
        shutil.rmtree(setting.environments(name), ignore_errors=True)

    title = "no-op, cold Python environment with one package"
    return starts(setting, title, words, before=forget, repeats=setting.cold_repeats)


def describe(setting: Setting) -> list[Row]:
    """Explain a project; MLflow has nothing of the kind, its help on `run` stands in."""
    title = "`describe` (`mlflow run --help`)"
    words = {"mlrun": ("describe", str(setting.projects.noop)), "mlflow": ("run", "--help")}
    return [_walls(setting, title, words)]


def help_text(setting: Setting) -> list[Row]:
    """Print the help."""
    return [_walls(setting, "`--help`", {"mlrun": ("--help",), "mlflow": ("--help",)})]


def peak_memory(setting: Setting) -> list[Row]:
    """Hold a command that sleeps."""
    words = ("run", str(setting.projects.sleeping), "--env-manager", "local")
    takers = {name: taker(memory, setting.command(name, *words)) for name in setting.tools}
    taken = in_turn(takers, setting.repeats)
    of_main = {name: [m.main / 1024 for m in values] for name, values in taken.items()}
    of_all = {name: [m.all / 1024 for m in values] for name, values in taken.items()}
    title = "peak memory while the command runs"
    return [
        Row(title, "MiB", of_main, goal=45),
        Row(f"{title}, all processes of the runner", "MiB", of_all),
    ]


def starts(
    setting: Setting,
    title: str,
    words: tuple[str, ...] | Sides[tuple[str, ...]],
    *,
    default_store: bool = False,
    before: Callable[[str], None] = lambda _: None,
    repeats: int | None = None,
    goal: float | None = None,
    ratio_goal: float | None = None,
) -> list[Row]:
    """Time the way to the command, and the whole run, beyond a bare Python's time.

    Args:
        setting: What all cases share.
        title: What the rows begin with.
        words: The runner's arguments: the same for both, or each one's own. A side without any
            takes no part.
        default_store: Do not say where to record.
        before: Done before each run, outside its time, for the side of this name.
        repeats: How often; as the setting says if None.
        goal: Milliseconds that mlrun's overhead should stay below.
        ratio_goal: How many times MLflow's overhead should be mlrun's.
    """
    given = words if isinstance(words, Mapping) else dict.fromkeys(setting.tools, words)
    takers = {
        name: taker(start, setting.command(name, *own, default_store=default_store))
        for name, own in given.items()
    }
    bare = taker(wall, _bare(setting, "mlrun"))
    takers["python"] = lambda: Start(total := bare(), total)
    taken = in_turn(takers, repeats or setting.repeats, before)
    python = median(s.first for s in taken.pop("python"))
    firsts = milliseconds({name: [s.first - python for s in v] for name, v in taken.items()})
    totals = milliseconds({name: [s.total for s in v] for name, v in taken.items()})
    overhead = f"{title}: overhead before the command"
    return [
        Row(overhead, "ms", firsts, goal=goal, ratio_goal=ratio_goal),
        Row(f"{title}: whole run", "ms", totals),
    ]


def _walls(setting: Setting, title: str, words: Sides[tuple[str, ...]]) -> Row:
    takers = {name: taker(wall, setting.command(name, *words[name])) for name in setting.tools}
    return Row(title, "ms", milliseconds(in_turn(takers, setting.repeats)))


def _bare(setting: Setting, name: str) -> Command:
    python = str(setting.tools[name].python)
    return Command((python, "-c", "pass"), setting.folder, clean_environment())


def milliseconds(seconds: Sides[list[float]]) -> dict[str, list[float]]:
    return {name: [1000 * value for value in values] for name, values in seconds.items()}


def taker(measure: Callable[[Command], T], command: Command) -> Callable[[], T]:
    return lambda: measure(command)


def in_turn(
    takers: Sides[Callable[[], T]],
    repeats: int,
    before: Callable[[str], None] = lambda _: None,
) -> dict[str, list[T]]:
    """Take A B A B ...; the first of each warms up and is dropped."""
    taken: dict[str, list[T]] = {name: [] for name in takers}
    for _ in range(repeats + 1):
        for name, take in takers.items():
            before(name)
            taken[name].append(take())
    return {name: values[1:] for name, values in taken.items()}
