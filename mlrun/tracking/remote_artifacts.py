"""What `runs:/`, `models:/` and `mlflow-artifacts:/` mean, as a tracking store says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlrun.inputs.base import RemoteData


def resolve_artifacts(
    uri: str,
    target: str,
    environ: Mapping[str, str],
    *,
    asked: str | None = None,
    offline: bool = False,
) -> RemoteData | Path | str:
    """Return what an address of the tracking store's means.

    Each call asks anew: a stage, an alias or `latest` may stand for another version by now.

    Args:
        uri: `runs:/ID/PATH`, `models:/NAME/VERSION`, `models:/NAME@ALIAS`, `models:/m-ID`,
            `mlflow-artifacts:/PATH`; each may go on with a path below it.
        target: The tracking store, as `mlrun.tracking.target.resolve_target` gives it.
        environ: The user's environment, with credentials.
        asked: What the user gave as the tracking URI: its credentials are used, as by
            `mlrun.tracking.target.open_store`.
        offline: Ask no server: what it has is then only known by its address, under which it
            may be in the cache.

    Returns:
        Something that the server passes on; a place on this machine, which is there; or an
        address elsewhere (`s3://...`).

    Raises:
        TrackingError: The store has no such thing, did not answer, or refused.
        NotSupportedError: The registry (`MLFLOW_REGISTRY_URI`) or the authentication is of a
            kind that mlrun does not speak.
        UsageError: A variable or a file with credentials that cannot be understood.
    """
    from mlrun.tracking.artifact_addresses.resolving import Resolver

    resolver = Resolver(target, environ, asked)
    return resolver.resolve_offline(uri) if offline else resolver.resolve(uri)
