"""A real conda channel in a folder, with a real Python in it, made once for all tests.

`python -m tests.conda_channel FOLDER` makes one.

The packages are small archives that the standard library writes, of conda's first format
(https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html). The Python is
one that is installed here, packed anew: patchelf makes its program find its library beside it
wherever the two lie.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from filelock import FileLock

from tests.components import missing

PLATFORM = "linux-64"
DATED = 1_600_000_000_000
"""Milliseconds: when packages were made, unless said otherwise (September 2020)."""

_LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|test|tests|idlelib|turtledemo|tkinter|pydoc_data)(/|$)"
    r"|\.a$|^share/|config-3\.\d+-|^lib/python3\.\d+/site-packages/(?!README)|^include/"
)
_PROGRAMS = re.compile(r"bin/python(3(\.\d+)?)?")


@dataclass(frozen=True)
class Link:
    """A symbolic link in a package."""

    target: str


@dataclass(frozen=True)
class Package:
    """One conda package.

    Attributes:
        name: In lower case.
        version: Its version.
        files: Path in the prefix to content, to a file to copy, or to a link.
        build: The build string.
        depends: Requirements.
        noarch: `python`, `generic`, or None for one of this platform.
        dated: Milliseconds since the epoch; None for a package without a date.
        placeholder: A path in the files that stands for the prefix.
    """

    name: str
    version: str
    files: Mapping[str, str | bytes | Path | Link] = field(default_factory=dict)
    build: str = "0"
    depends: Sequence[str] = ()
    noarch: str | None = "generic"
    dated: int | None = DATED
    placeholder: str | None = None

    @property
    def subdir(self) -> str:
        return PLATFORM if self.noarch is None else "noarch"

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}-{self.build}.tar.bz2"


def write_channel(folder: Path, packages: Sequence[Package]) -> Path:
    """Write a channel with these packages, besides those that are in it; return its folder."""
    for subdir in (PLATFORM, "noarch"):
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        file = folder / subdir / "repodata.json"
        known = json.loads(file.read_text())["packages"] if file.exists() else {}
        for package in packages:
            if package.subdir == subdir:
                known[package.file_name] = _write_package(folder, package)
        content = {"info": {"subdir": subdir}, "packages": known, "packages.conda": {}}
        content["repodata_version"] = 1
        file.write_text(json.dumps(content))
        file.with_suffix(".json.bz2").write_bytes(bz2.compress(file.read_bytes()))
    return folder


def _write_package(folder: Path, package: Package) -> dict[str, object]:
    index: dict[str, object] = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": 0,
        "depends": list(package.depends),
        "subdir": package.subdir,
    }
    if package.noarch:
        index["noarch"] = package.noarch
    if package.dated is not None:
        index["timestamp"] = package.dated
    file = folder / package.subdir / package.file_name
    with tarfile.open(file, "w:bz2", compresslevel=1) as archive:
        paths = [_put(archive, path, package) for path in sorted(package.files)]
        about = {"info/index.json": index, "info/paths.json": {"paths": paths, "paths_version": 1}}
        if package.noarch == "python":
            about["info/link.json"] = {"noarch": {"type": "python"}, "package_metadata_version": 1}
        for name, value in about.items():
            _add(archive, name, json.dumps(value).encode())
        names = "".join(f"{path}\n" for path in sorted(package.files))
        _add(archive, "info/files", names.encode())
    content = file.read_bytes()
    hashes = {
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return {**index, **hashes, "size": len(content)}


def _put(archive: tarfile.TarFile, path: str, package: Package) -> dict[str, object]:
    content = package.files[path]
    if isinstance(content, Link):
        info = tarfile.TarInfo(path)
        info.type, info.linkname = tarfile.SYMTYPE, content.target
        archive.addfile(info)
        digest = hashlib.sha256(b"").hexdigest()
        return {"_path": path, "path_type": "softlink", "sha256": digest, "size_in_bytes": 0}
    mode = 0o755 if path.startswith("bin/") else 0o644
    if isinstance(content, Path):
        mode = content.stat().st_mode & 0o777
        content = content.read_bytes()
    data = content.encode() if isinstance(content, str) else content
    _add(archive, path, data, mode)
    entry: dict[str, object] = {"_path": path, "path_type": "hardlink"}
    entry |= {"sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}
    holder = package.placeholder
    if holder and holder.encode() in data and b"\0" not in data:
        entry |= {"prefix_placeholder": holder, "file_mode": "text"}
    return entry


def _add(archive: tarfile.TarFile, path: str, data: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    archive.addfile(info, io.BytesIO(data))


def module_package(name: str, version: str, code: str, depends: Sequence[str] = ()) -> Package:
    """Return a package for any Python, with one module of its name (`-` becomes `_`)."""
    module = name.replace("-", "_")
    info = f"site-packages/{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"site-packages/{module}/__init__.py": code,
        f"{info}/METADATA": metadata,
        f"{info}/INSTALLER": "conda\n",
        f"{info}/RECORD": f"{module}/__init__.py,,\n{info[14:]}/METADATA,,\n{info[14:]}/RECORD,,\n",
    }
    return Package(name, version, files, "py_0", ("python >=3.6", *depends), noarch="python")


def python_package(prefix: Path, work: Path) -> Package:
    """Return a package with an installed Python, as far as programs need it.

    Args:
        prefix: Where it is installed, `.../3.10.13`.
        work: A folder for its patched program.
    """
    version = prefix.name
    short = ".".join(version.split(".")[:2])
    files: dict[str, str | bytes | Path | Link] = {}
    for root, folders, names in os.walk(prefix):
        for name in (*names, *(f for f in folders if Path(root, f).is_symlink())):
            path = Path(root, name)
            place = path.relative_to(prefix).as_posix()
            if _LEFT_OUT.search(place) or (
                place.startswith("bin/") and not _PROGRAMS.fullmatch(place)
            ):
                continue
            files[place] = Link(str(path.readlink())) if path.is_symlink() else path
    program = work / f"python{short}"
    shutil.copy2(prefix / "bin" / program.name, program)
    _patch(program)
    files |= {f"bin/python{short}": program, "bin/python3": Link(program.name)}
    files["bin/python"] = Link(program.name)
    build = f"0_cp{short.replace('.', '')}"
    return Package("python", version, files, build, noarch=None, placeholder=str(prefix))


def _patch(program: Path) -> None:
    patchelf = Path(sys.executable).with_name("patchelf")
    tool = str(patchelf) if patchelf.exists() else shutil.which("patchelf")
    if tool is None:
        missing("conda", "patchelf is not installed")
    assert tool is not None
    subprocess.run([tool, "--set-rpath", "$ORIGIN/../lib", str(program)], check=True)


def pythons() -> dict[str, Path]:
    """Return the Pythons that can be packed, by `X.Y`: those of pyenv, each with its own prefix."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted((root / "versions").glob("3.*.*"), key=lambda path: path.name)
    return {".".join(p.name.split(".")[:2]): p for p in found if (p / "bin/python3").exists()}


ACTIVATION = """
export GREETER_HOME="$CONDA_PREFIX/share/greeter"
export GREETER_PATH="$GREETER_HOME${GREETER_PATH:+:$GREETER_PATH}"
export GREETER_MODE="${GREETER_MODE:-polite}"
unset GREETER_OLD
"""

PACKAGES = (
    module_package("greeting", "1.0", "def greet(who): return f'hello, {who}'\n"),
    module_package("greeting", "1.1", "def greet(who): return f'good day, {who}'\n"),
    Package(
        "greeter",
        "2.1",
        {
            "bin/greeter": '#!/bin/sh\necho "$GREETER_HOME" "$GREETER_MODE"\n',
            "share/greeter/words.txt": "hello\n",
            "etc/conda/activate.d/greeter.sh": ACTIVATION,
            "etc/conda/env_vars.d/greeter.json": '{"GREETER_LANGUAGE": "en"}',
        },
    ),
    Package("greeter", "1.9", {"share/greeter/words.txt": "hi\n"}, dated=1_500_000_000_000),
    Package("picky", "1.0", {"share/picky": "1\n"}, depends=("greeter <2",)),
    Package("undated", "1.0", {"share/undated": "1\n"}, dated=None),
    Package("needs-cuda", "1.0", {"share/needs-cuda": "1\n"}, depends=("__cuda >=12",)),
)


def make_channel(folder: Path, work: Path) -> Path:
    """Write a channel with the packages above and Pythons: of today, and as old as can be.

    Ends the calling test where no Python is there that can be packed.
    """
    installed = pythons()
    kinds = (("3.10", "3.11", "3.9"), ("3.6", "3.7", "3.8"))
    chosen = [version for kind in kinds for version in [v for v in kind if v in installed][:1]]
    if sys.platform != "linux" or not chosen:
        missing("conda", "no Python of pyenv's that could be packed")
    packages = [python_package(installed[version], work) for version in chosen]
    return write_channel(folder, [*PACKAGES, *packages])


@pytest.fixture(scope="session")
def channel_with_pythons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel as `make_channel` makes it."""
    shared = _of_the_session(tmp_path_factory)
    folder = shared / "conda-channel"
    with FileLock(shared / "conda-channel.lock"):
        if not (folder / "complete").exists():
            make_channel(folder, tmp_path_factory.mktemp("packing"))
            (folder / "complete").touch()
    return folder


@pytest.fixture(scope="session")
def conda_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for fetched packages that tests share: unpacking Python takes its time."""
    return _of_the_session(tmp_path_factory) / "conda-packages"


@pytest.fixture
def conda_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conda_packages: Path) -> Path:
    """Return an empty home folder: no settings for conda, and packages that all tests share."""
    for name in list(os.environ):
        if name.startswith(("CONDA", "MAMBA")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(conda_packages))
    return home


def _of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all of pytest's processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as scratch:
        try:
            make_channel(Path(sys.argv[1]), Path(scratch))
        except pytest.skip.Exception as skipped:
            sys.exit(str(skipped))
