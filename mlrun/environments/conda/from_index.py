"""A conda specification as a Python one: what of it can be had from the Python index."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mlrun.environments.conda.index_versions import python_version, specifier
from mlrun.environments.conda.package_names import (
    ABSENT,
    ABSENT_PATTERNS,
    BINARY_BUILD,
    CARRIED,
    CARRIED_PATTERN,
    INSTALLERS,
    RENAMED,
)
from mlrun.environments.conda.specs import PackageSpec, parse_spec
from mlrun.errors import Location, Problem, ProjectError
from mlrun.project.model import CondaRequirement, CondaSpec, PythonEnv

_HINT = (
    "--env-manager conda builds the environment as it is; or name what replaces them on the"
    " Python index below `- pip:`"
)
_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*(?:===?(?!.*\*)|@)")
_ANY_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_DROPPED = ("build_number",)


def as_python_env(spec: CondaSpec) -> PythonEnv:
    """Translate Python, the pip part, and those conda packages that the index has too.

    What conda gives to every Python (pip, setuptools, wheel) is installed first, as there.
    Libraries that wheels bring themselves are left out, and so are build strings, each with a
    lint that names them. Channels have no meaning on the index.

    Raises:
        ProjectError: Packages, or forms of them, that cannot be translated: all of them, at once.
    """
    translation = _Translation(_pinned_by_pip(spec.pip))
    for one in spec.packages:
        translation.add(one)
    translation.raise_problems()
    return PythonEnv(
        python=translation.python,
        build_dependencies=tuple(translation.installers.values()),
        dependencies=(*translation.requirements, *spec.pip),
        folder=spec.folder,
        file=spec.file,
        location=spec.location,
        lints=(*spec.lints, *translation.lints()),
        variables=spec.variables,
    )


@dataclass
class _Noted:
    """Packages that one lint is about."""

    names: list[str] = field(default_factory=list)
    location: Location | None = None

    def add(self, name: str, location: Location) -> None:
        self.names.append(name)
        self.location = self.location or location

    def lint(self, message: str, hint: str | None = None) -> list[Problem]:
        names = ", ".join(self.names)
        return [Problem(f"{message}: {names}", self.location, hint)] if self.names else []


class _Translation:
    """Gathers what packages become, and what is wrong with them.

    Args:
        pinned_by_pip: Names on the index of which the pip part asks for one exact version; it
            is installed last, and so has the last word.
    """

    def __init__(self, pinned_by_pip: set[str]) -> None:
        self.python: str | None = None
        self.installers = {name: name for name in INSTALLERS}
        self.requirements: list[str] = []
        self._pinned_by_pip = pinned_by_pip
        self._problems: list[Problem] = []
        self._carried, self._builds = _Noted(), _Noted()
        self._replaced, self._patch = _Noted(), _Noted()

    def add(self, one: CondaRequirement) -> None:
        """Translate one package."""
        try:
            spec = parse_spec(one.text, one.location)
        except ProjectError as error:
            self._problems += error.problems
            return
        reason = _absent(spec)
        if reason:
            self._refuse(one, reason)
        elif _is_carried(spec):
            self._carried.add(spec.name, one.location)
        elif spec.name == "python":
            self._add_python(spec, one)
        else:
            self._add_package(spec, one)

    def lints(self) -> list[Problem]:
        """Return what was left out, one lint a reason."""
        return [
            *self._carried.lint("left out, as packages of the Python index bring such libraries"),
            *self._builds.lint("the Python index has no build strings, so these are left out"),
            *self._replaced.lint("left out, as the `pip` list asks for another version itself"),
            *self._patch.lint("any patch version of Python will do here, in place of exactly"),
        ]

    def raise_problems(self) -> None:
        """Raise one error about all that cannot be translated, if anything cannot."""
        if self._problems:
            error = ProjectError("; ".join(problem.message for problem in self._problems))
            error.problems = tuple(self._problems)
            raise error

    def _add_python(self, spec: PackageSpec, one: CondaRequirement) -> None:
        version = python_version(spec.version)
        if version is None:
            self._refuse(one, "this condition on Python has no form that uv takes")
            return
        if re.fullmatch(r"==\d+\.\d+", spec.version or ""):
            self._patch.add(version, one.location)
        self._note_build(spec, one)
        known = [text for text in (self.python, version) if text]
        plain = [f"=={text}" if len(known) > 1 and text[0].isdigit() else text for text in known]
        self.python = ",".join(plain) or None

    def _add_package(self, spec: PackageSpec, one: CondaRequirement) -> None:
        condition = specifier(spec.version)
        if condition is None:
            self._refuse(one, "this condition on its version cannot be said to the Python index")
            return
        self._note_build(spec, one)
        name = RENAMED.get(spec.name, spec.name)
        if name in self.installers:
            self.installers[name] = f"{name}{condition}"
        elif _normal(name) in self._pinned_by_pip:
            self._replaced.add(one.text, one.location)
        elif f"{name}{condition}" not in self.requirements:
            self.requirements.append(f"{name}{condition}")

    def _note_build(self, spec: PackageSpec, one: CondaRequirement) -> None:
        if spec.build or any(key in spec.options for key in _DROPPED):
            self._builds.add(one.text, one.location)

    def _refuse(self, one: CondaRequirement, reason: str) -> None:
        from mlrun.execution.redact import mask_text

        message = f"{mask_text(one.text)!r} cannot be taken from the Python index: {reason}"
        hint = None if self._problems else _HINT
        self._problems.append(Problem(message, one.location, hint))


def _absent(spec: PackageSpec) -> str | None:
    """Return why a package cannot be on the index, None where it probably is."""
    if set(spec.options) - set(_DROPPED):
        return "it is a certain file of conda's"
    if spec.name in ABSENT:
        return ABSENT[spec.name]
    fitting = (reason for pattern, reason in ABSENT_PATTERNS if pattern.fullmatch(spec.name))
    reason = next(fitting, None)
    if reason is None and not _ANY_NAME.fullmatch(spec.name):
        return None if _is_carried(spec) else "no package there can have this name"
    return reason


def _is_carried(spec: PackageSpec) -> bool:
    """Return whether a package holds nothing but libraries for other packages of conda."""
    if spec.name in CARRIED or CARRIED_PATTERN.fullmatch(spec.name):
        return True
    of_python = spec.name == "python" or spec.name in RENAMED or spec.name in INSTALLERS
    return not of_python and bool(BINARY_BUILD.fullmatch(spec.build or ""))


def _pinned_by_pip(lines: tuple[str, ...]) -> set[str]:
    found = (_PINNED.match(line) for line in lines)
    return {_normal(one["name"]) for one in found if one}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
