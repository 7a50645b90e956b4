"""How an mlrun finds the gateway of the run that it is part of."""

from __future__ import annotations

from collections.abc import Mapping

GATEWAY_ADDRESS = "MLRUN_GATEWAY_ADDRESS"
"""Where the gateway of the enclosing run listens."""

GATEWAY_TARGET = "MLRUN_GATEWAY_TARGET"
"""What that gateway stands before, as `resolve_target` gives it."""


def target_behind(address: str, environ: Mapping[str, str]) -> str | None:
    """Return what the gateway at an address records to, None if no gateway of ours is there."""
    if not address or address.rstrip("/") != environ.get(GATEWAY_ADDRESS):
        return None
    return environ.get(GATEWAY_TARGET) or None


def gateway_to(target: str, environ: Mapping[str, str]) -> str | None:
    """Return the address of the enclosing run's gateway, if it records to this target."""
    if not target or target != environ.get(GATEWAY_TARGET):
        return None
    return environ.get(GATEWAY_ADDRESS) or None
