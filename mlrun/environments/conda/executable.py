"""An installed conda, mamba or micromamba, where the user wants that to make environments.

MLflow's variables hold: `MLFLOW_CONDA_CREATE_ENV_CMD` names the program that makes environments,
`MLFLOW_CONDA_HOME` the folder of an installation, in whose `bin` it lies; without that it may also
lie beside conda itself, whose place an activated conda leaves in `CONDA_EXE`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlrun.errors import EnvironmentBuildError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.environments.installing.installers import Building
    from mlrun.project.model import CondaSpec

COMMAND = "MLFLOW_CONDA_CREATE_ENV_CMD"
HOME = "MLFLOW_CONDA_HOME"


def find_executable(given: str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the program to make environments with, None where the user wants none.

    Args:
        given: What `--conda-exe` says: a path, or a name to look for.
        environ: The user's environment variables.

    Raises:
        EnvironmentBuildError: It is not there.
    """
    name, home = given or environ.get(COMMAND), environ.get(HOME)
    if not name and not home:
        return None
    name = name or "conda"
    if given is None and home and os.sep not in name:
        places = [Path(home).expanduser() / folder / name for folder in ("bin", "condabin")]
        found = next((place for place in places if os.access(place, os.X_OK)), None)
        shown = str(places[0])
    else:
        from shutil import which

        there = which(os.path.expanduser(name), path=environ.get("PATH"))  # noqa: PTH111
        if there is None and given is None and environ.get("CONDA_EXE"):
            there = which(name, path=os.path.dirname(environ["CONDA_EXE"]))  # noqa: PTH120
        found, shown = (Path(there) if there else None), name
    if found is None:
        asked = "--conda-exe" if given else (COMMAND if environ.get(COMMAND) else HOME)
        raise EnvironmentBuildError(
            f"the program that {asked} names is not there: {shown}",
            hint="without it, mlrun makes conda environments itself and needs no conda",
        )
    return found.absolute()


def create_with(
    program: Path, spec: CondaSpec, prefix: Path, needed: tuple[str, ...], build: Building
) -> None:
    """Let a program make a prefix with the conda part of a specification.

    Args:
        program: conda, mamba or micromamba.
        spec: Its pip part is left out: it is installed afterwards, as in all environments.
        prefix: The folder to make.
        needed: Further packages.
        build: The build that it belongs to.

    Raises:
        EnvironmentBuildError: It failed; the message ends with what it said last.
    """
    file = _conda_part(spec, needed, build.work)
    if program.name.startswith("micromamba"):
        words = ["create", "--yes", "--prefix", str(prefix), "--file", str(file)]
    else:
        words = ["env", "create", "--quiet", "--prefix", str(prefix), "--file", str(file)]
    variables = {"CONDA_ALWAYS_YES": "true", "MAMBA_NO_BANNER": "1"}
    build.run([str(program), *words], variables)
    if not (prefix / "conda-meta").is_dir():
        raise build.log.failure(f"{program.name} made no environment", build.location)


def _conda_part(spec: CondaSpec, needed: tuple[str, ...], work: Path) -> Path:
    """Write an environment file with the conda part; only the user can read it."""
    import yaml

    channels = [*spec.channels, *([] if spec.defaults else ["nodefaults"])]
    packages = [*(one.text for one in spec.packages), *needed]
    content = {"name": "mlrun", "channels": channels, "dependencies": packages}
    file = work / "environment.yml"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        yaml.safe_dump(content, stream, allow_unicode=True)
    return file
