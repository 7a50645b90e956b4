"""Who runs this."""

from __future__ import annotations

import os
from collections.abc import Mapping


def user_name(environ: Mapping[str, str]) -> str:
    """Return what `getpass.getuser` does, without its import of the terminal's."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if name := environ.get(variable):
            return name
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "unknown"
