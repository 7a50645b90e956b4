"""The address of a repository's remote, told by a `git` process that does something else.

Its trace names the settings that it has read (Trace2, `GIT_TRACE2_CONFIG_PARAMS`), so that the
address costs no process of its own, and includes and conditions are git's to understand.
"""

from __future__ import annotations

import json
import re

from mlrun.execution.redact import mask_url

TELLING = {
    "GIT_TRACE2_EVENT": "2",
    "GIT_TRACE2_EVENT_BRIEF": "1",
    "GIT_TRACE2_CONFIG_PARAMS": "remote.*.url",
}
"""Variables of a process whose standard error is to tell the remotes."""


def remote_url(trace: str) -> str | None:
    """Return the URL of a remote (`origin` first), without credentials; None without remotes.

    Args:
        trace: What a process with the variables of `TELLING` wrote to standard error.
    """
    urls: dict[str, str] = {}
    for line in trace.splitlines():
        if '"def_param"' not in line:
            continue
        try:
            event = json.loads(line)
        except ValueError:
            continue
        urls.setdefault(event.get("param", ""), event.get("value", ""))
    chosen = urls.get("remote.origin.url") or next(filter(None, urls.values()), None)
    return without_credentials(chosen) if chosen else None


def without_trace(text: str) -> str:
    """Return what such a process wrote to standard error besides its trace."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('{"event":'))


def without_credentials(url: str) -> str:
    """Return a Git URL without user, password and tokens, so that it can be recorded and cloned.

    An SSH URL keeps its user, which is part of the address and no secret.
    """
    scheme, separator, rest = mask_url(url).partition("://")
    if not separator:
        return scheme
    host, slash, path = rest.partition("/")
    place = host.rpartition("@")[2]
    if place != host and scheme.endswith("ssh"):
        login = re.split("[:@]", url.partition("://")[2], maxsplit=1)[0]
        place = f"{login}@{place}" if login else place
    return f"{scheme}://{place}{slash}{path}"
