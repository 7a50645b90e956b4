"""The proxies that the user's docker settings give to each container.

Source: https://docs.docker.com/engine/cli/proxy/
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

_NAMES = {
    "httpProxy": "HTTP_PROXY",
    "httpsProxy": "HTTPS_PROXY",
    "noProxy": "NO_PROXY",
    "ftpProxy": "FTP_PROXY",
    "allProxy": "ALL_PROXY",
}


def proxy_variables(environ: Mapping[str, str], engine: str) -> dict[str, str]:
    """Return the variables that docker's own command line would set, in both letter cases.

    Args:
        environ: The user's variables; `DOCKER_CONFIG` moves the settings.
        engine: The engine's address: there may be settings for it alone.
    """
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - HOME need not be set
    folder = environ.get("DOCKER_CONFIG") or f"{home}/.docker"
    try:
        with open(f"{folder}/config.json", encoding="utf-8") as file:
            proxies = json.load(file).get("proxies") or {}
        chosen = proxies.get(engine) or proxies.get("default") or {}
        given = {name: chosen[key] for key, name in _NAMES.items() if chosen.get(key)}
    except (OSError, ValueError, AttributeError):
        return {}
    return {n: str(v) for name, v in given.items() for n in (name, name.lower())}
