"""The scripts of a folder, and what each takes."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mlrun.errors import Location, Problem
from mlrun.scaffold.absl_reader import read_absl
from mlrun.scaffold.argparse_reader import read_argparse
from mlrun.scaffold.argv_reader import read_argv
from mlrun.scaffold.click_reader import read_click
from mlrun.scaffold.dataclass_reader import read_dataclasses
from mlrun.scaffold.folder_files import MOST, files_in, is_script_name
from mlrun.scaffold.found import Reading, Script
from mlrun.scaffold.plain_scripts import read_r, read_shell
from mlrun.scaffold.python_modules import Module, read_module
from mlrun.scaffold.signature_reader import read_fire, read_typer

Reader = Callable[[ast.Module, Path], Reading | None]

_READERS: Mapping[Reader, bytes] = {
    read_click: b"click",
    read_typer: b"typer",
    read_argparse: b"add_argument",
    read_absl: b"DEFINE_",
    read_dataclasses: b"HfArgumentParser",
    read_fire: b"Fire(",
    read_argv: b"argv",
}
"""In the order in which they are asked, each with what stands in every file that it is for."""

_LENDABLE: tuple[Reader, ...] = (read_argparse, read_absl)
_NOT_READ = ("hydra", "docopt", "jsonargparse", "tyro", "simple_parsing")
_MOST_BYTES = 1 << 20
_SHELLS = ("bash", "zsh", "ksh", "dash")


@dataclass(frozen=True, slots=True)
class Scripts:
    """What was found in a folder.

    Attributes:
        scripts: Those that can be run, by path.
        modules: All its Python files that can be read.
        notes: What could not be understood.
    """

    scripts: tuple[Script, ...]
    modules: tuple[Module, ...]
    notes: tuple[Problem, ...]


def find_scripts(folder: Path) -> Scripts:
    """Find the scripts of a folder, and read what each takes. Nothing is run or imported.

    Args:
        folder: Absolute path.
    """
    paths = files_in(folder)
    read = [read_module(folder, path) for path in paths if path.suffix == ".py"]
    modules = tuple(one for one in read if isinstance(one, Module))
    notes = [one for one in read if isinstance(one, Problem)]
    found = [
        *_python_scripts(folder, modules),
        *(_plain_script(folder, path) for path in paths if _is_plain_script(path)),
    ]
    if len(paths) == MOST:
        notes.append(Problem(f"only the first {MOST} files were read", Location(folder)))
    for script in found:
        notes.extend(script.reading.notes if script.reading is not None else ())
    notes.extend(_not_read(folder, found, modules))
    return Scripts(tuple(sorted(found, key=lambda s: s.path)), modules, tuple(notes))


def _is_plain_script(path: PurePosixPath) -> bool:
    return path.suffix != ".py" and is_script_name(path)


def _python_scripts(folder: Path, modules: tuple[Module, ...]) -> list[Script]:
    by_name = {name: module for module in modules for name in _names(module)}
    imported = {id(found) for module in modules for found in _imported(module, by_name)}
    scripts = []
    for module in modules:
        is_alone = module.is_active and id(module) not in imported
        is_run = module.is_guarded or is_alone or module.path.name == "__main__.py"
        if not is_run or not is_script_name(module.path):
            continue
        reading = _reading(folder, module, _READERS)
        reading = reading or _lent(folder, _imported(module, by_name))
        start = _start(folder, module)
        scripts.append(Script(module.path, start, reading))
    return scripts


def _reading(folder: Path, module: Module, readers: Iterable[Reader]) -> Reading | None:
    file = folder / module.path
    likely = [reader for reader in readers if _READERS[reader] in module.source]
    found = (reader(module.tree, file) for reader in likely)
    return next((reading for reading in found if reading is not None), None)


def _lent(folder: Path, modules: Iterable[Module]) -> Reading | None:
    """Return what a module reads that is there for a script's arguments: `options.py`."""
    for module in modules:
        reading = None if module.is_guarded else _reading(folder, module, _LENDABLE)
        if reading is not None:
            return replace(reading, parser=f"{reading.parser} in {module.path}")
    return None


def _names(module: Module) -> list[str]:
    """Return the names that a module may be imported by: from any folder above it."""
    parts = module.path.with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return [".".join(parts[first:]) for first in range(len(parts))]


def _imported(module: Module, by_name: dict[str, Module]) -> list[Module]:
    package = module.path.parent.parts
    found = []
    for name in module.imports:
        plain = name.lstrip(".")
        level = len(name) - len(plain)
        if level:
            above = package[: len(package) - level + 1]
            plain = ".".join((*above, *([plain] if plain else [])))
        if plain in by_name and by_name[plain] is not module:
            found.append(by_name[plain])
    return found


def _start(folder: Path, module: Module) -> tuple[str, ...]:
    """Return the words that start a Python script, as a module where it needs its package."""
    path = module.path
    parents = []
    for parent in path.parents:
        if not (folder / parent / "__init__.py").is_file() or parent == PurePosixPath():
            break
        parents.append(parent)
    if path.name == "__main__.py" and path.parent != PurePosixPath() and not parents:
        return ("python", str(path.parent))
    top = parents[-1] if parents else None
    needs_package = top is not None and any(
        name.startswith(".") or name.split(".")[0] == top.name for name in module.imports
    )
    if top is None or not (needs_package or path.name == "__main__.py"):
        return ("python", _named(path))
    dotted = ".".join(path.relative_to(top.parent).with_suffix("").parts)
    start = ("python", "-m", dotted.removesuffix(".__main__"))
    return start if top.parent == PurePosixPath() else (f"PYTHONPATH={top.parent}", *start)


def _named(path: PurePosixPath) -> str:
    """Return a script's path as a word that is no option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def _plain_script(folder: Path, path: PurePosixPath) -> Script:
    try:
        text = (folder / path).read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
    except OSError:
        text = ""
    if path.suffix == ".sh":
        return Script(path, (_shell(text), _named(path)), read_shell(text, folder / path))
    return Script(path, ("Rscript", _named(path)), read_r(text, folder / path))


def _shell(text: str) -> str:
    first = text.partition("\n")[0]
    words = first[2:].split() if first.startswith("#!") else []
    names = [os.path.basename(word) for word in words]  # noqa: PTH119 - a word, not a file
    return next((name for name in names if name in (*_SHELLS, "sh")), "bash")


def _not_read(folder: Path, found: list[Script], modules: tuple[Module, ...]) -> list[Problem]:
    by_path = {module.path: module for module in modules}
    notes = []
    for script in found:
        module = by_path.get(script.path)
        if module is None or script.reading is not None:
            continue
        for name in _NOT_READ:
            if name in module.imports:
                message = f"arguments that {name} parses are not read"
                hint = "declare them as parameters of its entry point"
                notes.append(Problem(message, Location(folder / script.path), hint))
    return notes
