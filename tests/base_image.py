"""A small image with a shell and Python, made from this machine's own files.

Where no registry can be reached there is nothing to pull; so tests bring their image along. It has
what `python:3-slim` has and projects use: sh, bash, coreutils, Python with pip, certificates.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.components import missing

_PROGRAMS = (
    *(
        "sh",
        "bash",
        "env",
        "cat",
        "ls",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "rmdir",
        "touch",
        "id",
        "whoami",
    ),
    *("echo", "printf", "sleep", "true", "false", "head", "tail", "cut", "sort", "uniq", "wc"),
    *("tr", "tee", "chmod", "chown", "ln", "date", "uname", "pwd", "grep", "sed", "find", "xargs"),
    *("tar", "gzip", "kill", "stat", "mktemp", "dirname", "basename", "readlink", "realpath"),
    *("test", "[", "seq", "timeout", "nohup", "hostname", "getent", "df", "stty", "tty", "setsid"),
)
# Packages with compiled code bring all libraries but those of the compiler and the C library.
_LIBRARIES = (
    *("libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libz.so.1"),
    *("librt.so.1", "libpthread.so.0", "libdl.so.2", "libutil.so.1"),
)
_LEFT_OUT = (
    *("test", "tests", "idlelib", "turtledemo", "tkinter", "lib2to3", "ensurepip", "pydoc_data"),
    *("site-packages", "dist-packages", "EXTERNALLY-MANAGED"),
)
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "usr/local/bin/pip": '#!/bin/sh\nexec python3 -m pip "$@"\n',
}
_FOLDERS = {
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    **dict.fromkeys(("root", "home", "run", "proc", "sys", "dev"), 0o755),
}
_LINKS = {
    "bin": "usr/bin",
    "sbin": "usr/bin",
    "usr/sbin": "bin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
}
SETTINGS = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    f"ENV SSL_CERT_FILE={_CERTIFICATES} PIP_CERT={_CERTIFICATES} LANG=C.UTF-8",
    'CMD ["python3"]',
)
"""What the image says of itself, as lines of a Dockerfile."""

_ASK_PYTHON = """
import json, os, sys, sysconfig
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2],
    "full": sys.version,
    "prefix": sys.base_prefix,
    "program": os.path.realpath(sys.executable),
    "library": sysconfig.get_path("stdlib"),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this machine, as it goes into an image.

    Attributes:
        version: `3.11`.
        full: All that it says of itself, for telling builds apart.
        program: Its file.
        library: The folder of its standard library.
        prefix: Where it goes to.
    """

    version: str
    full: str
    program: Path
    library: Path
    prefix: str


def interpreter(python: str = sys.executable) -> Interpreter:
    """Return what is to be known of a Python (an environment's is the one that it was made of)."""
    done = subprocess.run([python, "-Ic", _ASK_PYTHON], check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    # Debian's looks for itself in /usr; others are at home wherever they lie.
    prefix = "/usr" if said["prefix"] == "/usr" else "/usr/local"
    return Interpreter(
        said["version"], said["full"], Path(said["program"]), Path(said["library"]), prefix
    )


def image_name(python: Interpreter) -> str:
    """Return the image's name: another one when anything of what goes into it has changed."""
    parts = [Path(__file__).read_text(), python.full]
    for path in (python.program, Path(shutil.which("bash") or "/"), Path(_own_certificates())):
        status = path.stat()
        parts.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return f"mlrun-test-python:{python.version}-{digest}"


def write_image(python: Interpreter, target: IO[bytes]) -> None:
    """Write the image's one layer, as a tar archive."""
    if shutil.which("ldd") is None:
        missing("docker", "no ldd, which says what libraries the programs of an image need")
    with tarfile.open(fileobj=target, mode="w", dereference=True) as archive:
        layer = _Layer(archive)
        for name, mode in _FOLDERS.items():
            layer.folder(name, mode)
        for name, link in _LINKS.items():
            layer.link(name, link)
        for name, text in _FILES.items():
            layer.text(name, text)
        _add_programs(layer, python)
        _add_python(layer, python)
        layer.file(_own_certificates(), _CERTIFICATES)


class _Layer:
    """The archive that is written: each name once, the folders above it first."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._names: set[str] = set()

    def folder(self, name: str, mode: int = 0o755) -> None:
        if name and name not in self._names:
            self.folder(_above(name))
            self._add(self._member(name, mode, tarfile.DIRTYPE))

    def link(self, name: str, target: str) -> None:
        self.folder(_above(name))
        member = self._member(name, 0o777, tarfile.SYMTYPE)
        member.linkname = target
        self._add(member)

    def text(self, name: str, text: str | bytes) -> None:
        content = text.encode() if isinstance(text, str) else text
        self.folder(_above(name))
        member = self._member(name, 0o755)
        member.size = len(content)
        self._add(member, io.BytesIO(content))

    def file(self, source: str | Path, target: str) -> None:
        """Add a file of this machine; `target` is absolute."""
        name = _merged(target).lstrip("/")
        if name in self._names:
            return
        self.folder(_above(name))
        with open(source, "rb") as content:
            member = self._member(name, 0o755)
            status = os.fstat(content.fileno())
            # Python takes its bytecode for stale where the source's time is another one.
            member.size, member.mtime = status.st_size, int(status.st_mtime)
            self._add(member, content)

    def _member(self, name: str, mode: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
        member = tarfile.TarInfo(name)
        member.mode, member.type = mode, kind
        return member

    def _add(self, member: tarfile.TarInfo, content: IO[bytes] | None = None) -> None:
        self._names.add(member.name)
        self._archive.addfile(member, content)


def _add_programs(layer: _Layer, python: Interpreter) -> None:
    programs = {name: found for name in _PROGRAMS if (found := shutil.which(name))}
    for name, place in programs.items():
        layer.file(place, f"/usr/bin/{name}")
    compiled = [*programs.values(), str(python.program), *map(str, _extensions(python.library))]
    for path in _libraries(compiled):
        # What lies beside the interpreter goes where every program looks.
        usual = path.startswith(("/lib", "/usr/lib"))
        layer.file(path, path if usual else f"/usr/lib/{Path(path).name}")


def _add_python(layer: _Layer, python: Interpreter) -> None:
    program = f"python{python.version}"
    layer.file(python.program, f"{python.prefix}/bin/{program}")
    for name in ("python3", "python"):
        layer.link(f"{python.prefix}/bin/{name}".lstrip("/"), program)
    library = f"{python.prefix}/lib/{program}"
    for path in _standard_library(python.library):
        layer.file(path, f"{library}/{path.relative_to(python.library)}")
    layer.folder(f"{library}/site-packages".lstrip("/"))
    # Beside the standard library, where Python finds it whatever its site folders are called.
    if (pip := _pip_wheel(python.version)) is None:
        return
    with zipfile.ZipFile(pip) as wheel:
        for name in wheel.namelist():
            layer.text(f"{library}/{name}".lstrip("/"), wheel.read(name))


def _standard_library(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        # Folders named config-... hold what embeds Python in other programs: half of it all.
        if entry.name in _LEFT_OUT or entry.name.startswith("config-"):
            continue
        if entry.is_dir():
            yield from _standard_library(entry)
        elif entry.is_file() and not entry.name.endswith((".a", ".opt-1.pyc", ".opt-2.pyc")):
            yield entry


def _extensions(library: Path) -> list[Path]:
    return [path for path in _standard_library(library) if path.suffix == ".so"]


def _libraries(programs: Iterable[str]) -> list[str]:
    """Return the shared libraries that programs need, the loader of programs included."""
    done = subprocess.run(
        ["ldd", *programs], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    words = (word for line in done.stdout.splitlines() for word in line.split()[:3])
    found = {word for word in words if word.startswith("/") and ".so" in word and ":" not in word}
    libc = next(path for path in found if Path(path).name.startswith("libc.so"))
    beside = [Path(libc).with_name(name) for name in _LIBRARIES]
    # Older ones of the C library load these by name.
    beside += Path(libc).parent.glob("libnss_[fd][in]*.so.2")
    return sorted(found | {str(path) for path in beside if path.exists()})


def _pip_wheel(version: str) -> Path | None:
    """Return the pip that virtualenv brings along; it has none for the oldest of Pythons."""
    from virtualenv.seed.wheels.embed import get_embed_wheel

    wheel: Any = get_embed_wheel("pip", version)
    return None if wheel is None else Path(wheel.path)


def _own_certificates() -> str:
    known = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, _CERTIFICATES)
    found = next((path for path in known if path and Path(path).is_file()), None)
    if found is None:
        missing("docker", "no file with this machine's certificates")
        raise AssertionError
    return found


def _above(name: str) -> str:
    return name.rpartition("/")[0]


def _merged(path: str) -> str:
    """Return where a path leads in the image, whose /bin and /lib are links as Debian's are."""
    return f"/usr{path}" if path.startswith(("/bin/", "/sbin/", "/lib/", "/lib64/")) else path
