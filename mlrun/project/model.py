"""What a project file says, as frozen values that know their place in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import NamedTuple

from mlrun.errors import Location, Problem
from mlrun.light_dataclass import dataclass
from mlrun.project.parameters.types import ParameterType


class Flag(NamedTuple):
    """How a truth value stands in a command: as a word of its own, or not at all.

    Attributes:
        on: The word for true: `--shuffle`.
        off: The word for false (`--no-shuffle`), None where the argument is left out.
    """

    on: str
    off: str | None = None


@dataclass(frozen=True)
class Parameter:
    """One declared parameter of an entry point.

    Attributes:
        name: As written; hyphens are allowed.
        type: What its values are checked against.
        default: The text that the command gets when no value is given: the text that
            MLflow would pass (`str()` of the YAML value: `false` is "False", `1e-05` for
            0.00001, a list in Python's form). None where the file gives no default, or null.
        location: Of the name.
        default_location: Of the default value, where there is one; with a `default` of None
            it is where the file says null.
        description: The file's own words about it, shown by `describe`.
        optional: Whether it may stay without a value: then its argument is left out of the
            command, together with the option in front of it.
        flag: How a `bool` stands in the command, None for its text.
        secret: Whether its value is named by a variable or a file, and is shown nowhere.
        exists: Whether a `path` must be there; False for what the command will write.
        choices: The texts that it may be; empty for any.
        minimum: The smallest number that it may be, as written; None for any.
        maximum: The largest.
        pattern: A regular expression of Python's that the whole text matches; None for any.

    For a `list`, choices, numbers and pattern hold for each item.
    """

    name: str
    type: ParameterType
    default: str | None
    location: Location
    default_location: Location | None = None
    description: str | None = None
    optional: bool = False
    flag: Flag | None = None
    secret: bool = False
    exists: bool = True
    choices: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class EntryPoint:
    """One thing that a project can run.

    Attributes:
        name: As written, or the file's name where the entry point is a script.
        parameters: By name, in the file's order.
        command: The template, as YAML gave it (not yet joined, not yet substituted); empty
            where `problem` says why there is none.
        location: Of the command's value, or of the name where there is no command.
        description: The file's own words about it; other tools' key, shown by `describe`.
        problem: Why it cannot run, None where it can. Other entry points of the project are
            not concerned, so it is `find_entry_point` that raises it.
        environments: What it asks for in place of the project's environments; empty where it
            names none of its own.
    """

    name: str
    parameters: Mapping[str, Parameter]
    command: str
    location: Location
    description: str | None = None
    problem: Problem | None = None
    environments: tuple[Environment, ...] = ()


@dataclass(frozen=True)
class PythonEnvFile:
    """A Python environment file that the project names; its content is not read here.

    `mlrun.project.environments.python_env_file.read_python_env` reads it when it is wanted.

    Attributes:
        file: The file, which need not be there.
        location: Where the project file names it; the file itself where it is found by its
            usual name.
    """

    file: Path
    location: Location


@dataclass(frozen=True)
class PythonEnv:
    """A Python environment, from `python_env.yaml` or an inline mapping.

    Attributes:
        python: The version asked for (`3.8.15`, `3.11`, `>=3.9,<3.12`), or None.
        build_dependencies: Requirements installed first.
        dependencies: Requirements, and pip options such as `-r requirements.txt`.
        folder: What relative paths in the two lists are relative to.
        file: The file that says so; None for an inline mapping.
        location: Of the environment in its file.
        lints: What was understood, but is suspicious.
        variables: Variables to set for whatever runs in it.
    """

    python: str | None
    build_dependencies: tuple[str, ...]
    dependencies: tuple[str, ...]
    folder: Path
    file: Path | None
    location: Location
    lints: tuple[Problem, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CondaEnv:
    """A conda environment file that the project names; its content is not read here."""

    file: Path
    location: Location


@dataclass(frozen=True)
class CondaRequirement:
    """One conda package that is asked for.

    Attributes:
        text: As written (`numpy=1.21`, `conda-forge::pkg`, `python=3.8.13=h12debd9_0`).
        location: Where.
    """

    text: str
    location: Location


@dataclass(frozen=True)
class CondaSpec:
    """What a conda environment file says; `name` and `prefix` have no meaning here.

    Attributes:
        channels: As written, the first one first; without `nodefaults`.
        defaults: Whether the user's default channels may be used too (no `nodefaults`).
        packages: The conda packages.
        pip: Lines of the nested `pip:` list: requirements, and options such as `-r FILE`.
        variables: Variables to set.
        folder: What relative paths are relative to.
        file: The file.
        location: Of the file's mapping.
        lints: What was understood, but is suspicious.
    """

    channels: tuple[str, ...]
    defaults: bool
    packages: tuple[CondaRequirement, ...]
    pip: tuple[str, ...]
    variables: Mapping[str, str]
    folder: Path
    file: Path
    location: Location
    lints: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class UvLockEnv:
    """A project with a `uv.lock` beside its `pyproject.toml`; neither is read here."""

    folder: Path
    location: Location


@dataclass(frozen=True)
class RenvEnv:
    """The R packages of a `renv.lock`, which R itself restores.

    Attributes:
        file: The lock.
        location: Where the project names it; the file itself where it is found by its name.
        required: Whether the command that is to run is R's, so that nothing works without it.
    """

    file: Path
    location: Location
    required: bool = False


@dataclass(frozen=True)
class DockerEnv:
    """A container that the project asks for (MLflow's `docker_env`).

    Attributes:
        image: As written.
        volumes: `HOST:CONTAINER[:OPTIONS]`, as written.
        environment: Names to copy from the user's environment (value None) or names with
            the value to set.
        location: Of the `docker_env` key's value.
    """

    image: str
    volumes: tuple[str, ...]
    environment: tuple[tuple[str, str | None], ...]
    location: Location


Environment = PythonEnvFile | PythonEnv | CondaEnv | UvLockEnv | RenvEnv | DockerEnv


@dataclass(frozen=True)
class Project:
    """A loaded project.

    Attributes:
        name: As the file says, or None.
        folder: Absolute path of the project's folder.
        file: The project file, or None for a folder without one.
        entry_points: By name, in the file's order.
        environments: What the file asks for: normally one, or none. Several where a file
            names, say, both Docker and conda: then in the order in which MLflow looks at
            them (Docker, Python, conda), and whoever runs it has to choose.
        lints: What loads, but is suspicious.
    """

    name: str | None
    folder: Path
    file: Path | None
    entry_points: Mapping[str, EntryPoint]
    environments: tuple[Environment, ...] = ()
    lints: tuple[Problem, ...] = field(default=())
