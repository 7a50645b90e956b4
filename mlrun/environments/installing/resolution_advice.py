"""What to say when packages cannot be chosen: old projects, and indexes that know no dates."""

from __future__ import annotations

from mlrun.environments.written_at import blamed
from mlrun.errors import EnvironmentBuildError

_WITHOUT_DATES = ("missing an upload date", "does not provide upload-time metadata")
_UNREACHED = (
    *("NewConnectionError", "error sending request", "Network connectivity", "dns error"),
    *("could not reach ", "needs the network", "found no space left"),
)
_UNKNOWN = ("was not found in the package registry", "was not found in the provided")
_OF_EACH_OTHER = (" depends on ", " depend on ")
_UNSOLVED = (
    *("ResolutionImpossible", "No matching distribution found"),
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
    location = error.location and blamed(error.location, said)
    if as_of is not None and any(text in said for text in _WITHOUT_DATES):
        return EnvironmentBuildError(
            f"packages as of {as_of} cannot be told: a package index gives no upload times\n{said}",
            location=location,
            hint="use an index that gives them, or leave out --as-of",
        )
    if as_of is None and _is_unsolved(said):
        advice = "an old project may need the packages of its day: --as-of DATE (or commit)"
        hint = f"{advice}; {hint}"
    return EnvironmentBuildError(said, location=location, hint=hint or None)


def _is_unsolved(said: str) -> bool:
    """Return whether other packages, of an earlier day, might be had together."""
    said = " ".join(said.split())  # uv breaks its sentences into lines anywhere
    if any(text in said for text in (*_UNREACHED, *_UNKNOWN)):
        return False
    # An earlier day has fewer packages, not more: what is asked for itself and is not there today
    # was not there then. What the packages ask for of each other was another matter.
    of_each_other = any(text in said for text in _OF_EACH_OTHER)
    return of_each_other or any(text in said for text in _UNSOLVED)
