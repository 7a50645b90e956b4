"""The two installers of Python environments: uv, and virtualenv with pip.

Both make a virtual environment, install lists of requirements into it, and take packages out
again. Neither gets a secret on its command line: addresses that may hold one stand in a file
that only the user can read, or in variables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.environments.installing.uv_settings import uv_flags, uv_variables
from mlrun.environments.layout import python_of
from mlrun.environments.lock.exactly import has_file, pylock_text, requirement
from mlrun.environments.lock.model import LockedPackage
from mlrun.environments.python.interpreters import Interpreter
from mlrun.environments.python.requirements import RequirementList
from mlrun.errors import EnvironmentBuildError, Location

_OLDEST_OF_VIRTUALENV = (3, 9)
"""virtualenv no longer brings pip for older ones; their own `venv` does."""

_PIP_WITH_DATES = 26

# Variables that would point an installer at another environment than the one it is given.
_MISLEADING = (
    *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"),
    *("UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT", "UV_WORKING_DIR", "PIP_TARGET"),
    *("PIP_PREFIX", "PIP_USER", "PIP_PYTHON", "PIP_REQUIRE_VIRTUALENV"),
)
# No installer may stop and ask; and git must not refresh a user's index while it is only asked.
_UNATTENDED = {"PIP_NO_INPUT": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


@dataclass(frozen=True, slots=True)
class Building:
    """What every step of a build needs.

    Attributes:
        log: Runs the programs.
        work: A private folder for files that steps need.
        folder: What relative paths in the specification are relative to.
        location: Where the specification is written.
        settings: What the user configured for pip.
        environ: The user's environment variables.
        as_of: The date that packages are chosen for, RFC 3339; None for today.
    """

    log: BuildLog
    work: Path
    folder: Path
    location: Location
    settings: PipSettings
    environ: Mapping[str, str]
    as_of: str | None = None

    def run(self, argv: list[str], variables: Mapping[str, str]) -> None:
        """Run one program, with variables added to the user's own."""
        self.log.run(argv, cwd=self.folder, env=self.variables(variables), location=self.location)

    def attempt(self, argv: list[str], variables: Mapping[str, str]) -> bool:
        """Run one program, and return whether it did its work."""
        return self.log.attempt(argv, cwd=self.folder, env=self.variables(variables)) == 0

    def variables(self, added: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment for an installer."""
        kept = {k: v for k, v in self.environ.items() if k not in _MISLEADING}
        return {**kept, **_UNATTENDED, **added}


@dataclass(frozen=True, slots=True)
class Installation:
    """What to install in one go.

    Attributes:
        requirements: Lines, constraints, links; its local projects are not looked at.
        extra: Further requirements, as arguments.
        dependencies: Whether to install what the requirements require, too.
        is_last: Whether nothing that this installs will be replaced.
        compiled: Whether to compile all of it at once.
    """

    requirements: RequirementList = field(default_factory=RequirementList)
    extra: tuple[str, ...] = ()
    dependencies: bool = True
    is_last: bool = False
    compiled: bool = False


class Installer(Protocol):
    """One way to make and fill a virtual environment."""

    def create(
        self, environment: Path, python: Interpreter, build: Building, *, bare: bool
    ) -> None:
        """Make a virtual environment; a bare one needs no pip."""

    def install(self, environment: Path, what: Installation, build: Building) -> None:
        """Install into it."""

    def install_exactly(
        self, environment: Path, packages: Sequence[LockedPackage], build: Building
    ) -> None:
        """Install these files, and nothing that they require."""

    def uninstall(self, environment: Path, names: list[str], build: Building) -> None:
        """Take packages out of it."""


class UvInstaller:
    """uv for everything.

    Args:
        uv: The program.
    """

    def __init__(self, uv: Path) -> None:
        self._uv = str(uv)

    def create(
        self, environment: Path, python: Interpreter, build: Building, *, bare: bool
    ) -> None:
        """Make a virtual environment, if possible with pip.

        A command in it that calls pip must not meet the user's own, which would install into
        another place. But pip may be out of reach (no network, a small index), and most
        projects do without.
        """
        argv = [self._uv, "venv", "--no-project", "--python", str(python.path), str(environment)]
        variables = _uv_variables(build)
        seed = ["--seed", *(["--no-index"] if build.settings.is_on("no-index") else [])]
        if bare or not build.attempt([*argv, *seed], variables):
            build.run([*argv, *([] if bare else ["--allow-existing"])], variables)

    def install(self, environment: Path, what: Installation, build: Building) -> None:
        """Install into it; as pip does, from the best of all indexes."""
        argv = [self._uv, "pip", "install", "--no-progress", *self._in(environment)]
        argv += uv_flags(build.settings)
        if "--pre" in what.requirements.lines:
            argv += ["--prerelease", "allow"]
        if any(line.startswith("--extra-index-url") for line in what.requirements.lines):
            argv += ["--index-strategy", "unsafe-best-match"]
        without_later = what.is_last and build.environ.get("PYTHONDONTWRITEBYTECODE")
        if (what.compiled or without_later) and _can_compile(environment):
            # No run would ever keep what it compiled. Otherwise the first run does it, for what
            # it imports only.
            argv.append("--compile-bytecode")
        build.run([*argv, *_arguments(what, build.work)], _uv_variables(build))

    def install_exactly(
        self, environment: Path, packages: Sequence[LockedPackage], build: Building
    ) -> None:
        """Install these files; none is looked for, so indexes only give their logins."""
        argv = [self._uv, "pip", "install", "--no-progress", "--no-deps", *self._in(environment)]
        if build.environ.get("PYTHONDONTWRITEBYTECODE") and _can_compile(environment):
            argv.append("--compile-bytecode")
        files = [package for package in packages if has_file(package)]
        others = [requirement(package) for package in packages if not has_file(package)]
        variables = _uv_variables(build)
        if files:
            file = private_file(build.work, [pylock_text(files)], "pylock.{}.toml")
            build.run([*argv, "--requirement", str(file)], variables)
        if others:
            file = private_file(build.work, others)
            build.run([*argv, *uv_flags(build.settings), "--requirement", str(file)], variables)

    def uninstall(self, environment: Path, names: list[str], build: Building) -> None:
        """Take packages out of it."""
        build.run([self._uv, "pip", "uninstall", *self._in(environment), *names], {})

    def _in(self, environment: Path) -> list[str]:
        return ["--python", str(python_of(environment))]


class PipInstaller:
    """virtualenv, and the pip that it puts into the environment."""

    def create(
        self, environment: Path, python: Interpreter, build: Building, *, bare: bool
    ) -> None:
        """Make a virtual environment."""
        if bare:
            argv = [str(python.path), "-m", "venv", "--without-pip"]
        elif python.version < _OLDEST_OF_VIRTUALENV:
            argv = [str(python.path), "-m", "venv"]
        else:
            argv = [sys.executable, "-m", "virtualenv", "--python", str(python.path)]
        build.run([*argv, str(environment)], {})

    def install(self, environment: Path, what: Installation, build: Building) -> None:
        """Install into it with its own pip, which reads the user's settings itself.

        Only what an activated environment says is handed on: pip looks for that in its own.
        """
        argv = [*_pip(environment), "install", "--no-input", "--disable-pip-version-check"]
        variables = _pip_variables(build.settings)
        if build.as_of is not None:
            _check_pip_knows_dates(environment, build)
            variables["PIP_UPLOADED_PRIOR_TO"] = build.as_of
        build.run([*argv, *_arguments(what, build.work)], variables)

    def install_exactly(
        self, environment: Path, packages: Sequence[LockedPackage], build: Building
    ) -> None:
        """Install these files with the environment's pip, which may be one of them."""
        argv = [*_pip(environment), "install", "--no-input", "--disable-pip-version-check"]
        argv += ["--no-deps", "--force-reinstall"]
        files = [requirement(package) for package in packages if has_file(package)]
        others = [requirement(package) for package in packages if not has_file(package)]
        variables = _pip_variables(build.settings)
        if build.as_of is not None:
            variables["PIP_UPLOADED_PRIOR_TO"] = build.as_of
        for lines, options in ((files, ["--require-hashes"]), (others, [])):
            if lines:
                file = private_file(build.work, lines)
                build.run([*argv, *options, "--requirement", str(file)], variables)

    def uninstall(self, environment: Path, names: list[str], build: Building) -> None:
        """Take packages out of it."""
        build.run([*_pip(environment), "uninstall", "--yes", *names], {})


def _can_compile(environment: Path) -> bool:
    """Return whether uv can compile for an environment's Python: for 3.7 and newer."""
    return not (environment / "lib" / "python3.6").exists()


def _uv_variables(build: Building) -> dict[str, str]:
    variables = uv_variables(build.settings, build.environ)
    if build.as_of is not None:
        variables["UV_EXCLUDE_NEWER"] = build.as_of
    return variables


def _check_pip_knows_dates(environment: Path, build: Building) -> None:
    """Refuse a pip that would silently take what is newest.

    Raises:
        EnvironmentBuildError: It is too old.
    """
    found = environment.glob("[lL]ib/**/site-packages/pip-*.dist-info")
    versions = [folder.name.split("-")[1].split(".")[0] for folder in found]
    if not any(version.isdigit() and int(version) >= _PIP_WITH_DATES for version in versions):
        raise EnvironmentBuildError(
            "the environment's pip cannot choose packages by their date (pip 26 can)",
            location=build.location,
            hint="use --env-manager uv, which can",
        )


def _pip(environment: Path) -> list[str]:
    return [str(python_of(environment)), "-m", "pip"]


def _pip_variables(settings: PipSettings) -> dict[str, str]:
    names = ("index-url", "extra-index-url", "find-links", "trusted-host", "no-index", "cert")
    given = ((name, settings.text(name)) for name in names)
    return {f"PIP_{name.replace('-', '_').upper()}": value for name, value in given if value}


def _arguments(what: Installation, work: Path) -> list[str]:
    """Return the options and arguments that both installers understand."""
    requirements = what.requirements
    lines = [line for line in requirements.lines if not line.startswith("--use-feature")]
    for option, places in (
        ("--constraint", requirements.constraints),
        ("--find-links", requirements.links),
    ):
        lines += [f"{option} {place}" for place in places if "://" in place]
    arguments = [] if what.dependencies else ["--no-deps"]
    for option, places in (
        ("--constraint", requirements.constraints),
        ("--find-links", requirements.links),
    ):
        for place in places:
            arguments += [] if "://" in place else [option, place]
    if lines:
        arguments += ["--requirement", str(private_file(work, lines))]
    return [*arguments, *what.extra]


def private_file(work: Path, lines: list[str], name: str = "requirements-{}.txt") -> Path:
    """Write requirements to a file that only the user can read: they may hold logins.

    Args:
        work: The folder.
        lines: Its lines.
        name: Its name, with braces for a number.
    """
    file = work / name.format(len(os.listdir(work)))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    return file


def installer_for(manager: str, uv: Path | None, location: Location) -> Installer:
    """Return the installer of a name.

    Raises:
        EnvironmentBuildError: It is uv, which is not there.
    """
    if manager == "virtualenv":
        return PipInstaller()
    if uv is None:
        raise EnvironmentBuildError(
            "uv makes this environment, and there is no uv",
            location=location,
            hint="install it (`pip install uv`), or use --env-manager virtualenv",
        )
    return UvInstaller(uv)
