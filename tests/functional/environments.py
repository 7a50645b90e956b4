"""Projects whose environments are built from wheels of the test's own, without any index."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.functional.commands import MLRUN, Place
from tests.unit.environments.wheels import make_wheel

PROJECT = """\
python_env: python_env.yaml
entry_points:
  main:
    command: python -c 'import small; print("small", small.VERSION)'
"""

_BACKEND = """\
import os, time
from pathlib import Path

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with open({notes!r}, 'a') as notes:
        notes.write('built\\n')
    while not Path({go!r}).exists():
        time.sleep(0.02)
    import sys
    sys.path.insert(0, {root!r})
    from tests.unit.environments.wheels import make_wheel
    return make_wheel(Path(wheel_directory), 'slow').name
"""


@dataclass(frozen=True)
class Wheelhouse:
    """A folder of packages that stands for an index.

    Attributes:
        folder: Where they are.
        place: Where the user stands.
    """

    folder: Path
    place: Place

    @property
    def store(self) -> Path:
        """Where environments are kept."""
        return Path(os.environ["MLRUN_CACHE_DIR"]) / "environments"

    @property
    def notes(self) -> Path:
        """A file that gets a line for each build of the package `slow`."""
        return self.folder / "notes"

    def keep_to_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep the user's settings for pip and uv out, and every index."""
        for name in list(os.environ):
            if name.startswith(("PIP_", "UV_")) and name != "UV_CACHE_DIR":
                monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        monkeypatch.setenv("PIP_FIND_LINKS", str(self.folder))

    def project(self, *requirements: str, name: str = "project") -> Path:
        """Write a project that asks for these."""
        folder = self.place.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "MLproject").write_text(PROJECT)
        (folder / "python_env.yaml").write_text(json.dumps({"dependencies": requirements}))
        return folder

    def add_slow_package(self) -> None:
        """Offer a package whose build waits until `go` is called."""
        text = _BACKEND.format(
            notes=str(self.notes),
            go=str(self.folder / "go"),
            root=str(Path(__file__).parents[2]),
        )
        system = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        project = "[project]\nname = 'slow'\nversion = '1.0'\n"
        self.add_sdist("slow", {"pyproject.toml": system + project, "backend.py": text})

    def add_sdist(self, name: str, files: dict[str, str]) -> None:
        """Offer a source distribution."""
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        with tarfile.open(self.folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
            for path, text in {**files, "PKG-INFO": about}.items():
                member = tarfile.TarInfo(f"{name}-1.0/{path}")
                member.size = len(text.encode())
                archive.addfile(member, BytesIO(text.encode()))

    def go(self) -> None:
        """Let the slow package be built."""
        (self.folder / "go").touch()

    def wait_for_builds(self, number: int, process: subprocess.Popen[str]) -> None:
        """Wait until the build of the slow package has begun so often."""
        while not self.notes.exists() or len(self.notes.read_text().splitlines()) < number:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)

    def begin(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start mlrun, and do not wait."""
        return subprocess.Popen(
            [*MLRUN, *map(str, words)],
            cwd=self.place.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def env(self, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `mlrun env`."""
        return self.place.mlrun("env", *words, env=variables)

    def document(self, *words: str | Path) -> dict[str, Any]:
        """Run `mlrun env` and return the document that it prints."""
        answer = self.env(*words, "--output", "json")
        assert answer.returncode == 0, answer.stderr
        found = json.loads(answer.stdout)
        assert isinstance(found, dict)
        return found


def make_wheelhouse(place: Place) -> Wheelhouse:
    """Make one that offers the package `small`."""
    folder = place.folder / "wheels"
    make_wheel(folder, "small")
    return Wheelhouse(folder, place)
