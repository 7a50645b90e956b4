"""How long ago something was, in words."""

from __future__ import annotations

from time import time

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def age(moment: float) -> str:
    """Return the time since a moment in its biggest unit: `3 hours`.

    Args:
        moment: Seconds since the epoch.
    """
    seconds = max(0, int(time() - moment))
    size, unit = next((u for u in _UNITS if seconds >= u[0]), _UNITS[-1])
    count = seconds // size
    return f"{count} {unit}{'s' * (count != 1)}"
