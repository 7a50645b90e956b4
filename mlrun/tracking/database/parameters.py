"""The parameters of a run, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping

from mlrun.tracking.database.session import Session


def recorded_parameters(session: Session, run_id: str) -> dict[str, str]:
    """Return the parameters that a run has."""
    rows = session.rows('SELECT "key", value FROM params WHERE run_uuid = ?', (run_id,))
    return dict(map(tuple, rows))


def write_parameters(session: Session, run_id: str, parameters: Mapping[str, str]) -> None:
    """Add parameters that the run does not have."""
    session.insert(
        "params", [{"key": k, "value": v, "run_uuid": run_id} for k, v in parameters.items()]
    )
