"""A Python that uv cannot give, from conda's channels.

It is kept apart from environments, as uv keeps the Pythons that it fetched: environments that
were made with it need it, and are built anew where it was removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlrun.environments.base import Report
from mlrun.environments.layout import python_of
from mlrun.environments.python.interpreters import Candidate, Interpreter, ask
from mlrun.environments.python.version import PythonRequest
from mlrun.environments.store.store import BuildPlace, EnvironmentStore, Facts, StoredEnvironment
from mlrun.errors import EnvironmentBuildError, Location, ProjectError
from mlrun.folders import cache_folder
from mlrun.project.model import CondaRequirement, CondaSpec

_UNCONFIGURED = ("defaults",)
_ANYBODYS = ("conda-forge",)
"""Where Python is taken from if the user has named no channel: its use is bound to no terms."""

_HELD: list[StoredEnvironment] = []
"""What this process uses: held to its end."""


def python_from_channels(
    request: PythonRequest, environ: Mapping[str, str], report: Report
) -> Interpreter | None:
    """Return a Python of the user's conda channels, kept for later; None where none is reachable.

    Args:
        request: What it must be.
        environ: The user's environment variables.
        report: Takes a line when it is fetched.
    """
    from mlrun.environments.errand import Errand, current_errand, on_errand

    try:
        # The limit on the size of the store is for environments.
        with on_errand(Errand(progress=current_errand().progress)):
            stored = _obtain(request, environ, report)
    except (EnvironmentBuildError, ProjectError) as error:
        report(f"conda's channels give no Python {request}: {error.message}")
        return None
    found = ask(Candidate(python_of(stored.folder)))
    if found is None or not request.accepts(found.version):
        stored.lease.release()
        return None
    _HELD.append(stored)
    return found


def _obtain(
    request: PythonRequest, environ: Mapping[str, str], report: Report
) -> StoredEnvironment:
    from mlrun.environments.conda.building import CondaBuild
    from mlrun.environments.conda.channels import channels_of
    from mlrun.environments.conda.environment import CondaEnvironment
    from mlrun.environments.conda.settings import read_conda_settings
    from mlrun.environments.installing.pip_settings import PipSettings

    settings = read_conda_settings(environ)
    configured = settings.channels if settings.channels != _UNCONFIGURED else _ANYBODYS
    # pip comes from the index, where it is wanted.
    settings = replace(settings, add_pip=False)
    environment = CondaEnvironment(_specification(request, configured))
    channels = channels_of(environment.spec, settings)
    names = ", ".join(channel.name for channel in channels)

    def build(place: BuildPlace) -> Facts:
        report(f"fetching Python {request} from {names} (log: {place.log})")
        no_pip, in_silence = PipSettings({}), lambda _line: None
        return CondaBuild(environment, settings, channels, no_pip, environ, in_silence).shared(
            place
        )

    key = f"python-{environment.key(settings, channels, PipSettings({}), environ)}"
    store = EnvironmentStore(cache_folder() / "pythons")
    return store.obtain(key, build, _is_usable, report)


def _specification(request: PythonRequest, channels: tuple[str, ...]) -> CondaSpec:
    nowhere = Path("/")
    version = str(request)
    text = f"python {version}" if version[0] in "<>=!~" else f"python={version}"
    return CondaSpec(
        channels=channels,
        defaults=False,
        packages=(CondaRequirement(text, Location(nowhere)),),
        pip=(),
        variables={},
        folder=nowhere,
        file=nowhere,
        location=Location(nowhere),
    )


def _is_usable(folder: Path, facts: Facts) -> bool:
    return "python" in facts and python_of(folder).exists()
