"""Which backends there are: mlrun's own by a table, others by their entry points.

A package adds one by the entry point group `mlrun.backends`: the name is what the user writes
after `--backend`, the object is a class, or a function, that makes a `Backend` when called
without arguments. Entry points are looked up only for names that are not mlrun's own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from mlrun.backends.base import Backend
from mlrun.errors import LaunchError, NotSupportedError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "mlrun.backends"

_BUILT_IN = {"local": ("mlrun.backends.local", "LocalBackend")}
_NOT_YET = ("databricks", "kubernetes", "slurm", "ray")


def backend_named(name: str) -> Backend:
    """Return the backend of this name.

    Raises:
        NotSupportedError: There is none, or mlrun does not have it yet.
        LaunchError: A package offers it, and is broken.
    """
    if name in _BUILT_IN:
        module, attribute = _BUILT_IN[name]
        return cast("Backend", getattr(import_module(module), attribute)())
    plugins = _plugins()
    if name in plugins:
        return _load(plugins[name])
    if name in _NOT_YET:
        raise NotSupportedError(
            f"the backend '{name}' is not supported yet", hint="run here: --backend local"
        )
    raise NotSupportedError(f"there is no backend '{name}'", hint=_hint(name, [*plugins]))


def _plugins() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Backend:
    source = f" of the package {point.dist.name}" if point.dist is not None else ""
    where = f"the backend '{point.name}' ({point.value}){source}"
    try:
        backend = point.load()()
    except Exception as error:  # whatever a plugin does wrong is reported with its name
        message = f"{where} could not be loaded: {type(error).__name__}: {error}"
        raise LaunchError(message, hint="repair or uninstall that package") from error
    if not callable(getattr(backend, "launch", None)):
        raise LaunchError(f"{where} is no backend: it has no method 'launch'")
    return cast("Backend", backend)


def _hint(name: str, plugins: list[str]) -> str:
    from difflib import get_close_matches

    known = [*_BUILT_IN, *plugins]
    close = get_close_matches(name, [*known, *_NOT_YET], n=1)
    return f"did you mean '{close[0]}'?" if close else f"there is: {', '.join(sorted(known))}"
