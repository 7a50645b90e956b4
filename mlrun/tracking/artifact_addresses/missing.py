"""What is said of an address that leads nowhere, and of what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlrun.errors import TrackingRefusedError
from mlrun.near_miss import near_miss
from mlrun.tracking.artifact_addresses.address import VersionAddress, looks_complete
from mlrun.tracking.artifact_addresses.catalog import Catalog, Registered

_NAMED = 8
_LONGEST = 60


def no_such_path(shown: str, name: str, there: Sequence[str]) -> tuple[str, str | None]:
    """Return message and hint for a path of which the last part is not there.

    Args:
        shown: The address.
        name: The part.
        there: The names of what is in its folder.
    """
    if not there:
        return f"there are no artifacts at {shown}", None
    return f"there is nothing at {shown}", f"{_meant(name, there)}there are: {_some(there)}"


def missing_path(shown: str, name: str, there: Sequence[str]) -> TrackingRefusedError:
    """Return the same as an error."""
    message, hint = no_such_path(shown, name, there)
    return TrackingRefusedError(message, hint=hint)


def missing_run(run_id: str, catalog: Catalog) -> TrackingRefusedError:
    """Return the error for a run that the store does not have."""
    hint = "is it a run of another tracking store? Its URI is set by MLFLOW_TRACKING_URI"
    if not looks_complete(run_id):
        hint = (
            f"MLflow's ids of runs have 32 digits from 0 to f, and this has {len(run_id)} letters"
        )
    return TrackingRefusedError(f"there is no run {run_id} in {catalog.uri}", hint=hint)


def missing_logged_model(model_id: str, catalog: Catalog) -> TrackingRefusedError:
    """Return the error for a logged model that the store does not have."""
    return TrackingRefusedError(
        f"there is no logged model {model_id} in {catalog.uri}",
        hint="logged models, whose ids begin with m-, came with MLflow 3; for a registered one "
        "give its version: models:/NAME/VERSION",
    )


def missing_model(name: str, catalog: Catalog) -> TrackingRefusedError:
    """Return the error for a registered model that the store does not have."""
    there = catalog.model_names()
    hint = f"{_meant(name, there)}there are: {_some(there)}" if there else "no model is registered"
    return TrackingRefusedError(
        f"there is no registered model {name!r} in {catalog.uri}", hint=hint
    )


def missing_version(
    address: VersionAddress, model: Registered, catalog: Catalog
) -> TrackingRefusedError:
    """Return the error for a version, stage or alias that a registered model does not have."""
    where = f"the model {model.name!r} in {catalog.uri}"
    if address.alias is not None:
        said = _meant(address.alias, model.aliases)
        there = f"its aliases: {_some(model.aliases)}" if model.aliases else "it has no alias"
        return TrackingRefusedError(f"{where} has no alias {address.alias!r}", hint=said + there)
    numbers = catalog.version_numbers(model.name)
    versions = f"its versions: {_some(numbers)}" if numbers else "it has no version"
    if address.number is not None:
        return TrackingRefusedError(f"{where} has no version {address.number}", hint=versions)
    if not model.stages:
        return TrackingRefusedError(f"{where} has no version", hint="log one, or name another")
    stages = [stage for stage in model.stages if stage != "None"]
    said = _meant(str(address.stage), [*stages, "latest"])
    in_stages = f"; its stages: {_some(stages)}" if stages else ""
    by_alias = f"; its aliases: {_some(f'@{a}' for a in model.aliases)}" if model.aliases else ""
    return TrackingRefusedError(
        f"{where} has no version in the stage {address.stage!r}",
        hint=f"{said}{versions}{in_stages}{by_alias}",
    )


def _meant(name: str, there: Iterable[str]) -> str:
    near = near_miss(name, there)
    return f"did you mean {near}? " if near else ""


def _some(names: Iterable[str]) -> str:
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..." for name in names]
    more = f", and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(shown[:_NAMED]) + more
