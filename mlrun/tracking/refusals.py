"""What every store says when it has to say no, or not quite."""

from __future__ import annotations

from mlrun.errors import Problem, TrackingRefusedError


def missing_experiment(experiment_id: str, uri: str) -> TrackingRefusedError:
    """Return the error for an experiment's id that the store does not have."""
    return TrackingRefusedError(
        f"there is no experiment with the id {experiment_id} in {uri}",
        hint="name it with --experiment-name, which makes a missing one",
    )


def deleted_experiment(name: str, experiment_id: str) -> TrackingRefusedError:
    """Return the error for an experiment in the trash."""
    return TrackingRefusedError(
        f"the experiment {name!r} is deleted",
        hint=f"bring it back with `mlflow experiments restore --experiment-id {experiment_id}`, "
        "or use another",
    )


def missing_run(run_id: str, uri: str) -> TrackingRefusedError:
    """Return the error for a run that the store does not have."""
    return TrackingRefusedError(
        f"there is no run {run_id} in {uri}",
        hint="check --run-id and the tracking URI, or leave out --run-id to start a new run",
    )


def deleted_run(run_id: str) -> TrackingRefusedError:
    """Return the error for a run in the trash."""
    return TrackingRefusedError(
        f"the run {run_id} is deleted",
        hint=f"bring it back with `mlflow runs restore --run-id {run_id}`",
    )


def cannot_change(name: str, recorded: str) -> Problem:
    """Return the warning for a parameter that a continued run has with another value."""
    shown = recorded if len(recorded) <= 80 else f"{recorded[:77]}..."
    return Problem(
        f"the run keeps the parameter {name!r} as {shown!r}: MLflow changes no recorded parameter"
    )


def stays_in(run_id: str, experiment_id: str) -> Problem:
    """Return the warning for a continued run that another experiment was asked for."""
    return Problem(f"the run {run_id} stays in its experiment {experiment_id}")
