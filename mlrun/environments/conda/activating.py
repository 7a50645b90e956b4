"""Finds out what activating a conda environment does, once, when it is built.

Packages may bring scripts (`etc/conda/activate.d/*.sh`) and variables (`etc/conda/env_vars.d`);
an environment may have variables of its own (`conda-meta/state`). The scripts are run twice, with
nothing of the user's: the second time each variable that they set the first time already has a
value, a mark. Where the mark comes back, the script puts something around the user's own value,
or leaves that alone; so it is known what the script would do for any value.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlrun.environments.conda.activation import MARK, Activation, prefix_variables
from mlrun.environments.layout import programs_folder

_PATIENCE = 120.0
"""Seconds that all scripts have together."""
_PLAIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INHERITED = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TERM")
# What a shell or conda itself sets; no script's doing.
_NOT_RECORDED = re.compile(r"_|PWD|OLDPWD|SHLVL|CONDA_(SHLVL|BACKUP_\w+)|BASH_FUNC_.*")
_TAKES_AWAY = re.compile(r"\bunset\s+(?:-v\s+)?([A-Za-z_]\w*)")
_IS_REMOVED_BY_CONDA = "***unset***"
_RUN = 'for script in "$@"; do . "$script"; done >&2; printf "\\0"; exec env -0'


def write_state(prefix: Path, variables: Mapping[str, str]) -> None:
    """Keep an environment's own variables where conda itself keeps them."""
    if variables:
        text = json.dumps({"version": 1, "env_vars": dict(variables)}, indent=1)
        (prefix / "conda-meta" / "state").write_text(text, encoding="utf-8")


def record_activation(prefix: Path, environ: Mapping[str, str]) -> tuple[Activation, str]:
    """Find out what activating an environment does.

    Args:
        prefix: The environment.
        environ: The user's variables; of these only the home folder, the language and the like
            are seen by scripts.

    Returns:
        What it does, and what the scripts printed.
    """
    fixed = _stated_variables(prefix)
    scripts = sorted(_files(prefix / "etc" / "conda" / "activate.d", ".sh"))
    if not scripts or os.name == "nt":
        return Activation(dict(fixed)), ""
    base = {name: environ[name] for name in _INHERITED if name in environ}
    path = os.pathsep.join([str(programs_folder(prefix)), _PLAIN_PATH])
    base |= {**prefix_variables(prefix), **fixed, "PATH": path}
    first, said = _run(scripts, prefix, base)
    if first is None:
        return Activation(dict(fixed)), said
    values = {**fixed, **_changes(base, first)}
    removed = {name for script in scripts for name in _removed_by(script)}
    marked = {name: MARK for name in {*values, *removed} if name not in (*fixed, *base)}
    second, further = _run(scripts, prefix, {**base, **marked})
    around = {} if second is None else _templates(marked, values, second)
    return Activation(values, around, _put_before(path, first["PATH"])), said + further


def _stated_variables(prefix: Path) -> dict[str, str]:
    """Return what files say; those of the environment itself are stronger than its packages'."""
    values: dict[str, str] = {}
    for file in sorted(_files(prefix / "etc" / "conda" / "env_vars.d", ".json")):
        values |= _texts(_json(file))
    values |= _texts(_json(prefix / "conda-meta" / "state").get("env_vars"))
    return {name: text for name, text in values.items() if text != _IS_REMOVED_BY_CONDA}


def _run(
    scripts: list[Path], prefix: Path, variables: Mapping[str, str]
) -> tuple[dict[str, str] | None, str]:
    """Run scripts in one shell; return its variables (None where it ended early) and its words."""
    try:
        answer = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", _RUN, "bash", *map(str, scripts)],
            cwd=prefix,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"{error}\n"
    said = answer.stderr.decode("utf-8", "replace")
    _, mark, block = answer.stdout.partition(b"\0")
    if not mark or answer.returncode:
        return None, said
    pairs = (entry.partition(b"=") for entry in block.split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}, said


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    names = {name for name in {*before, *after} if not _NOT_RECORDED.fullmatch(name)}
    changed = (name for name in names - {"PATH"} if before.get(name) != after.get(name))
    return {name: after.get(name) for name in sorted(changed)}


def _templates(
    marked: Mapping[str, str], values: Mapping[str, str | None], after: Mapping[str, str]
) -> dict[str, str | None]:
    result = {}
    for name in sorted(marked):
        value = after.get(name)
        if value != values.get(name, MARK):
            result[name] = value
    return result


def _put_before(before: str, after: str) -> tuple[str, ...]:
    head, found, _ = after.partition(before)
    return tuple(filter(None, head.split(os.pathsep))) if found else ()


def _removed_by(script: Path) -> list[str]:
    try:
        return _TAKES_AWAY.findall(script.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []


def _files(folder: Path, suffix: str) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.name.endswith(suffix)]
    except OSError:
        return []


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): str(text) for name, text in entries if text is not None}
