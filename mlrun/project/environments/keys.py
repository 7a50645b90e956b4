"""The environments that a project file asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from mlrun.errors import Edit
from mlrun.project.model import (
    CondaEnv,
    DockerEnv,
    Environment,
    PythonEnv,
    PythonEnvFile,
    RenvEnv,
)
from mlrun.project.reading.keys import sort_keys
from mlrun.project.reading.nodes import Document, Entry, describe, is_null, scalar, shown

ENVIRONMENT_KEYS = ("docker_env", "python_env", "conda_env")
"""In the order in which MLflow looks at them."""

RENV_KEY = "renv_env"
"""Other tools' key; it counts where none of MLflow's does."""

_ONE_OF_THEM = "keep one, or choose with --env-manager"


def read_environments(
    document: Document, keys: Mapping[str, Entry], folder: Path
) -> tuple[Environment, ...]:
    """Return what the environment keys ask for. A null key asks for none.

    Raises:
        ProjectError: Their form is wrong. Files that they name are not looked at.
    """
    if not any(key in keys for key in (*ENVIRONMENT_KEYS, RENV_KEY)):
        from mlrun.project.environments.implied import implied_environments

        return implied_environments(folder)
    hint = f"{_ONE_OF_THEM}; MLflow refuses such a file"
    return named_environments(document, keys, folder, hint)


def named_environments(
    document: Document, keys: Mapping[str, Entry], folder: Path, hint: str = _ONE_OF_THEM
) -> tuple[Environment, ...]:
    """Return what the environment keys of a project or of an entry point ask for, and no more.

    Args:
        document: The project file.
        keys: All keys beside which they stand.
        folder: What paths of environment files are relative to.
        hint: What to do about several.

    Raises:
        ProjectError: Their form is wrong. Files that they name are not looked at.
    """
    given = [keys[key] for key in ENVIRONMENT_KEYS if key in keys]
    wanted = [entry for entry in given if _asks(entry)]
    for entry in given:
        if entry not in wanted:
            _remark_null(document, entry)
    if len(wanted) > 1:
        names = ", ".join(f"`{entry.key.value}`" for entry in wanted)
        document.lint(
            wanted[1].key,
            f"more than one environment is named: {names}",
            hint,
            rule="several-environments",
        )
    renv = keys.get(RENV_KEY)
    if document.is_spared and wanted and renv is not None and _asks(renv):
        with document.sparing():
            _path(document, renv, folder)
    if not wanted and renv is not None and _asks(renv):
        return (RenvEnv(_path(document, renv, folder), document.locate(renv.value)),)
    environments = []
    for entry in wanted:
        with document.sparing():
            environments.append(_environment(document, entry, folder))
    return tuple(environments)


def _remark_null(document: Document, entry: Entry) -> None:
    document.remark(
        entry.key,
        f"`{entry.key.value}` without a value asks for no environment at all",
        "name an environment, or remove the key to have the one found whose file has a usual name",
        rule="null-environment",
    )


def _asks(entry: Entry) -> bool:
    return not is_null(entry.value) and scalar(entry.value) != ""


def _environment(document: Document, entry: Entry, folder: Path) -> Environment:
    if entry.key.value == "docker_env":
        return _docker(document, entry.value)
    if entry.key.value == "conda_env":
        file = _path(document, entry, folder)
        return CondaEnv(file, document.locate(entry.value))
    return _python(document, entry, folder)


def _python(document: Document, entry: Entry, folder: Path) -> PythonEnv | PythonEnvFile:
    if isinstance(entry.value, yaml.MappingNode):
        from mlrun.project.environments.python_env_file import python_env_from

        document.remark(
            entry.key,
            "the Python environment stands in the project file itself, where MLflow looks for"
            " the path of a file",
            "put it into a file `python_env.yaml`, and name that",
            rule="inline-python-env",
        )
        return python_env_from(document, entry.value, folder, file=None)
    return PythonEnvFile(_path(document, entry, folder), document.locate(entry.value))


def _path(document: Document, entry: Entry, folder: Path) -> Path:
    text = scalar(entry.value)
    if text is None:
        raise document.error(
            entry.value,
            f"`{entry.key.value}` must be the path of a file, not {describe(entry.value)}",
            "put it into a file of its own, and name that",
            rule="wrong-shape",
        )
    path = folder / text
    if "\\" in text and os.sep != "\\" and not path.exists():
        path = folder / text.replace("\\", "/")
        _remark_windows_path(document, entry)
    return Path(os.path.normpath(path)) if ".." in path.parts else path


def _remark_windows_path(document: Document, entry: Entry) -> None:
    start, end = entry.value.start_mark.index, entry.value.end_mark.index
    written = document.text[start:end]
    is_plain = written in (entry.value.value, f"'{entry.value.value}'")
    document.remark(
        entry.value,
        "a backslash parts folders on Windows only",
        f"write {str(entry.value.value).replace(chr(92), '/')}",
        rule="windows-path",
        edits=(Edit(start, end, written.replace("\\", "/")),) if is_plain else (),
    )


def _docker(document: Document, node: yaml.Node) -> DockerEnv:
    image = scalar(node)
    if image is not None:
        _remark_image_alone(document, node)
        return DockerEnv(image, (), (), document.locate(node))
    shape = "write `docker_env: {image: NAME}`"
    entries = document.entries(node, "`docker_env`", shape)
    keys = sort_keys(document, entries, ("image", "volumes", "environment"), "`docker_env`").found
    image = scalar(keys["image"].value) if "image" in keys else None
    if not image:
        document.refuse(node, "`docker_env` names no `image`", shape, rule="wrong-shape")
    volumes: tuple[str, ...] = ()
    environment: tuple[tuple[str, str | None], ...] = ()
    with document.sparing():
        volumes = _volumes(document, keys.get("volumes"))
    with document.sparing():
        environment = _variables(document, keys.get("environment"))
    return DockerEnv(image or "", volumes, environment, document.locate(node))


def _remark_image_alone(document: Document, node: yaml.Node) -> None:
    start, end = node.start_mark.index, node.end_mark.index
    written = document.text[start:end]
    is_short = node.start_mark.line == node.end_mark.line and not written.startswith(("|", ">"))
    document.remark(
        node,
        "`docker_env` is taken to be the name of the image, where MLflow takes a mapping only",
        "write `docker_env: {image: NAME}`",
        rule="docker-env-text",
        edits=(Edit(start, end, f"{{image: {written}}}"),) if is_short else (),
    )


def _items(document: Document, entry: Entry | None, shape: str) -> list[yaml.Node]:
    if entry is None or is_null(entry.value):
        return []
    if isinstance(entry.value, yaml.SequenceNode):
        return list(entry.value.value)
    if isinstance(entry.value, yaml.ScalarNode):
        _remark_no_list(document, entry, shape)
        return [entry.value]
    message = f"`{entry.key.value}` must be a list, not {describe(entry.value)}"
    raise document.error(entry.value, message, shape, rule="wrong-shape")


def _remark_no_list(document: Document, entry: Entry, shape: str) -> None:
    document.remark(
        entry.value,
        f"`{entry.key.value}` is no list, which is all that MLflow takes",
        shape,
        rule="docker-list",
    )


def _volumes(document: Document, entry: Entry | None) -> tuple[str, ...]:
    shape = 'write `["/host:/container"]`'
    volumes = []
    for item in _items(document, entry, shape):
        text = scalar(item)
        if text is None:
            message = f"a volume must be a text, not {describe(item)}"
            document.refuse(item, message, shape, rule="wrong-shape")
        else:
            _remark_windows_variable(document, item, text)
            volumes.append(text)
    return tuple(volumes)


def _remark_windows_variable(document: Document, node: yaml.Node, text: str) -> None:
    if document.is_spared and (found := re.search(r"%([A-Za-z_]\w*)%", text)):
        meant = "$(pwd)" if found[1].lower() == "cd" else f"${{{found[1]}}}"
        message = f"{found.group()} is a variable on Windows only"
        document.remark(node, message, f"write {meant}", rule="windows-variable")


def _variables(document: Document, entry: Entry | None) -> tuple[tuple[str, str | None], ...]:
    shape = "write `[NAME, [OTHER, value]]`: a name to copy it, a pair to set it"
    if entry is not None and isinstance(entry.value, yaml.MappingNode):
        _remark_no_list(document, entry, shape)
        entries = document.entries(entry.value, "`environment`")
        pairs = [(e, name, document.python_text(e.value)) for name, e in entries.items()]
        for found, name, value in pairs:
            _refuse_odd(document, found.key, name, value, shape)
        return tuple((name, value) for _, name, value in pairs)
    return tuple(_variable(document, item, shape) for item in _items(document, entry, shape))


def _variable(document: Document, item: yaml.Node, shape: str) -> tuple[str, str | None]:
    if isinstance(item, yaml.SequenceNode) and len(item.value) == 2:
        name, value = scalar(item.value[0]), document.python_text(item.value[1])
    else:
        name, sign, rest = (scalar(item) or "").partition("=")
        value = rest if sign else None
    _refuse_odd(document, item, name or "", value, shape)
    return name or "", value


def _refuse_odd(
    document: Document, node: yaml.Node, name: str, value: str | None, shape: str
) -> None:
    """Refuse what cannot be a variable: it would set another one, or none."""
    if not name or "=" in name or "\0" in f"{name}{value}":
        written = f": {shown(name)}" if name else ""
        message = f"{describe(node)} is no variable{written}"
        document.refuse(node, message, shape, rule="wrong-shape")
