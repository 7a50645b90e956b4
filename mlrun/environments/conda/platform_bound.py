"""Environment files that were exported on another system, told by the packages that they name.

`conda env export` writes down every package with its build string. A build string ends in a hash
of what the build depended on; that of a package that is only Python depends on the version of
Python and the system alone, and so is the same for thousands of packages. These hashes, and
packages that exist for one system only, tell where a file was made.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from mlrun.environments.conda.specs import PackageSpec, parse_spec
from mlrun.errors import MlrunError, Problem, ProjectError
from mlrun.project.model import CondaRequirement, CondaSpec

_HASHES = {
    "linux-64": "06a4308 578d9bd f3d152e ff52083 38be061 7900ff3 89c1867",
    "osx-64": "ecd8cb5 50d1736 6e9494a 2ec42d9 6eed73b b401068 f985489",
    "osx-arm64": "ca03da5 10201cd 2804cbe be9552e 267d04e 81bd7bf",
    "win-64": "aa95532 aa244fe cbf5309 5588dad 1ea47a8 2e8e312 03978a9",
}
"""By platform: hashes in builds of Python packages (`py38hecd8cb5_0`), of both large channels."""

_PLATFORM_OF = {digest: name for name, digests in _HASHES.items() for digest in digests.split()}
_HASHED = re.compile(r"(?:py\d*|r\d+)?h[0-9a-f]{7}_\w+")
# Not `pyh...`: such a package is for all platforms, whatever it was built on.
_PYTHON_BUILD = re.compile(r"py\d+h(?P<digest>[0-9a-f]{7})_\w+")

_ONLY_ON = {
    "osx": re.compile(
        r"appnope|libcxx|libcxxabi|python\.app|pyobjc-.*|cctools|ld64|tapi|macfsevents|.*_osx-\w+"
    ),
    "win": re.compile(
        r"vc|vc14_runtime|ucrt|vs20\d\d_.*|m2w64-.*|m2-.*|msys2-.*|pywin32|pywinpty|winpty"
        r"|win_inet_pton|wincertstore|console_shortcut|menuinst|icc_rt|.*_win-64"
    ),
    "linux": re.compile(
        r"_libgcc_mutex|ld_impl_linux-\w+|libgcc-ng|libstdcxx-ng|libgfortran-ng|.*_linux-\w+"
    ),
}
"""By system: packages that an export of it has and that of another has not."""

_SYSTEMS = {"osx": "macOS", "win": "Windows", "linux": "Linux"}
_PROCESSORS = {"64": "x86-64", "arm64": "ARM", "aarch64": "ARM"}
_FEW_BUILDS = 5
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PlatformBound:
    """Why a file can be had on one platform only.

    Attributes:
        made_on: Where it was made, in words (`macOS`, `Windows`), None where that is not told.
        packages: What is bound to that platform.
        is_certain: Whether no solver can succeed: an exact build of another platform is asked
            for.
    """

    made_on: str | None
    packages: tuple[CondaRequirement, ...]
    is_certain: bool

    def problem(self) -> Problem:
        """Return what is wrong, where, and what to do."""
        names = [one.text for one in self.packages[:_MOST_SHOWN]]
        more = len(self.packages) - len(names)
        shown = ", ".join([*names, f"and {more} more"] if more else names)
        where = f"of {self.made_on}" if self.made_on else "of one machine"
        return Problem(
            f"the file is an export {where}, and asks for packages as they are there: {shown}",
            self.packages[0].location,
            "where it was made, write it anew by `conda env export --from-history`; or take out"
            " the build strings (what follows the second `=`) and the packages that belong to that"
            " system",
        )


def platform_bound(spec: CondaSpec, platform: str | None = None) -> PlatformBound | None:
    """Return what binds a file to another platform than this one, None where nothing tells.

    Args:
        spec: The file.
        platform: The platform that it is needed for (`linux-64`); None for this machine's.

    Raises:
        ProjectError: One of its requirements cannot be understood.
    """
    own = platform or this_platform()
    parsed = [(one, parse_spec(one.text, one.location)) for one in spec.packages]
    foreign = [
        (one, made) for one, p in parsed if (made := _platform_of_build(p)) not in (None, own)
    ]
    if foreign:
        made_on = _in_words([made for _, made in foreign if made], own)
        return PlatformBound(made_on, tuple(one for one, _ in foreign), True)
    only = [(one, system) for one, p in parsed if (system := _only_on(p.name, own))]
    if only:
        made_on = _SYSTEMS[_most_frequent([system for _, system in only])]
        return PlatformBound(made_on, tuple(one for one, _ in only), False)
    exact = tuple(one for one, p in parsed if _is_hashed(p) and _platform_of_build(p) is None)
    return PlatformBound(None, exact, False) if len(exact) >= _FEW_BUILDS else None


def refuse_foreign_builds(spec: CondaSpec, platform: str | None = None) -> None:
    """Refuse a file of which it is certain, before anything is fetched, that nothing can build it.

    Args:
        spec: The file.
        platform: As for `platform_bound`.

    Raises:
        ProjectError: It asks for exact builds of another platform.
    """
    found = platform_bound(spec, platform)
    if found is not None and found.is_certain:
        problem = found.problem()
        raise ProjectError(problem.message, location=problem.location, hint=problem.hint)


def explain(error: MlrunError, spec: CondaSpec, platform: str | None = None) -> MlrunError:
    """Return the error of a solver, with what may be the cause where the file is an export.

    Args:
        error: What the solver said; it gets one more problem.
        spec: The file.
        platform: As for `platform_bound`.
    """
    found = platform_bound(spec, platform)
    if found is not None:
        more = (found.problem(),)
        error.problems = more + error.problems if found.made_on else error.problems + more
    return error


def this_platform() -> str:
    """Return conda's name of this machine's platform."""
    import platform

    system = {"darwin": "osx", "win32": "win"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    names = {"x86_64": "64", "amd64": "64", "i686": "32"}
    if machine in ("arm64", "aarch64"):
        return f"{system}-{'aarch64' if system == 'linux' else 'arm64'}"
    return f"{system}-{names.get(machine, machine)}"


def _platform_of_build(spec: PackageSpec) -> str | None:
    found = _PYTHON_BUILD.fullmatch(spec.build or "")
    return _PLATFORM_OF.get(found["digest"]) if found else None


def _is_hashed(spec: PackageSpec) -> bool:
    return bool(_HASHED.fullmatch(spec.build or ""))


def _only_on(name: str, own: str) -> str | None:
    for system, pattern in _ONLY_ON.items():
        if not own.startswith(f"{system}-") and pattern.fullmatch(name):
            return system
    return None


def _in_words(platforms: list[str], own: str) -> str:
    """Return the platform that is meant most often; the processor where the system is the same."""
    system, _, processor = _most_frequent(platforms).partition("-")
    words = _SYSTEMS[system]
    same = own.startswith(f"{system}-")
    return f"{words} on {_PROCESSORS.get(processor, processor)}" if same else words


def _most_frequent(texts: list[str]) -> str:
    return max(dict.fromkeys(texts), key=texts.count)
