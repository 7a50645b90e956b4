"""A backend's options, as `--backend-config` takes them: a JSON object, or a file with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mlrun.errors import UsageError


def read_backend_config(given: str | Mapping[str, object], cwd: Path) -> Mapping[str, object]:
    """Return the options that were given.

    Args:
        given: The options; JSON text; or the path of a file whose name ends in `.json`, as in
            MLflow.
        cwd: What a relative path is relative to.

    Raises:
        UsageError: The file cannot be read, or what it holds is no JSON object.
    """
    if not isinstance(given, str):
        return given
    is_file = given.endswith(".json")
    name = f"the file {given}" if is_file else "the text"
    try:
        text = (cwd / given).read_text(encoding="utf-8") if is_file else given
        options = json.loads(text)
    except OSError as error:
        raise UsageError(f"--backend-config: {name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--backend-config: {name} is not JSON: {error}",
            hint="give a JSON object, or the name of a file that ends in .json",
        ) from None
    if not isinstance(options, dict):
        raise UsageError(f"--backend-config: {name} must be a JSON object")
    return options
