"""The paths of other machines: which can be brought here."""

from __future__ import annotations

SCHEMES = frozenset(
    {
        *("http", "https", "s3", "gs", "gcs", "abfs", "abfss", "az", "adl"),
        *("runs", "models", "mlflow-artifacts"),
    }
)
"""What a remote path begins with, in lower case, where mlrun brings it to this machine."""


def scheme_of(uri: str) -> str:
    """Return what a URI begins with, in lower case."""
    return uri.partition(":")[0].lower()


def refusal_of(uri: str) -> tuple[str, str] | None:
    """Return why a remote path cannot be brought here and what to do, None where it can be.

    Args:
        uri: A text of which `mlrun.project.parameters.values.is_remote` says yes.
    """
    scheme = scheme_of(uri)
    if scheme in SCHEMES:
        return None
    if scheme == "file":
        return "a file of another machine", "name a folder of this machine (file:///...)"
    from mlrun.near_miss import near_miss

    near = near_miss(scheme, SCHEMES, 0.8)  # dbfs is not abfs
    if near is not None:
        return f"in a store that mlrun does not know ({scheme}:)", f"did you mean {near}:?"
    known = ", ".join(sorted(SCHEMES))
    return (
        f"in a store that mlrun cannot read ({scheme}:)",
        f"download it first; or declare the parameter as `uri`, which is passed as it is "
        f"(known: {known})",
    )


def shown_address(uri: str) -> str:
    """Return a remote path as it may be shown and recorded, without credentials."""
    from mlrun.execution.redact import mask_url

    return mask_url(uri)
