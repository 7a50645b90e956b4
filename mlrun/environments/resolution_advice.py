"""What to say when packages cannot be chosen: old projects, and indexes that know no dates."""

from __future__ import annotations

from mlrun.errors import EnvironmentBuildError

_WITHOUT_DATES = ("missing an upload date", "does not provide upload-time metadata")
_UNREACHED = (
    *("NewConnectionError", "error sending request", "Network connectivity", "dns error"),
    *("could not reach ", "needs the network", "found no space left"),
)
_UNKNOWN = ("was not found in the package registry", "was not found in the provided")
_UNSOLVED = (
    *("No solution found", "ResolutionImpossible", "No matching distribution found"),
    *("Failed to build", "Failed to download and build", "subprocess-exited-with-error"),
    *("metadata-generation-failed", "failed-wheel-build"),
)


def advised(error: EnvironmentBuildError, *, as_of: str | None) -> EnvironmentBuildError:
    """Return the error of a failed installation with what may help.

    Args:
        error: Its message ends with the installer's last lines.
        as_of: The date that packages were chosen for, None for today.
    """
    said, hint = error.message, error.hint or ""
    if as_of is not None and any(text in said for text in _WITHOUT_DATES):
        return EnvironmentBuildError(
            f"packages as of {as_of} cannot be told: a package index gives no upload times\n{said}",
            location=error.location,
            hint="use an index that gives them, or leave out --as-of",
        )
    if as_of is None and _is_unsolved(said):
        advice = "an old project may need the packages of its day: --as-of DATE (or commit)"
        return EnvironmentBuildError(said, location=error.location, hint=f"{advice}; {hint}")
    return error


def _is_unsolved(said: str) -> bool:
    return any(text in said for text in _UNSOLVED) and not any(
        text in said for text in (*_UNREACHED, *_UNKNOWN)
    )
