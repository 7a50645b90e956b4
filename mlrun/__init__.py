"""mlrun runs MLproject files: at once, in the environment they ask for, tracked in MLflow.

    import mlrun

    submitted = mlrun.run(".", parameters={"alpha": 0.5})
    print(submitted.run_id, submitted.get_status())

Nothing is imported before it is used (PEP 562).
"""

from __future__ import annotations

from mlrun._version import __version__

TYPE_CHECKING = False  # spares the import of typing; type checkers go by the name
if TYPE_CHECKING:
    from typing import Any

    from mlrun.api import SubmittedRun as SubmittedRun
    from mlrun.api import run as run
    from mlrun.errors import MlrunError as MlrunError
    from mlrun.errors import RunFailedError as RunFailedError
    from mlrun.plan import Plan as Plan

_HOMES = {
    "run": "mlrun.api",
    "SubmittedRun": "mlrun.api",
    "MlrunError": "mlrun.errors",
    "RunFailedError": "mlrun.errors",
    "Plan": "mlrun.plan",
}

__all__ = ["MlrunError", "Plan", "RunFailedError", "SubmittedRun", "__version__", "run"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mlrun' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
