"""Runs one command through the local backend, as the command line does, in this process.

Its only argument is a JSON object: the fields of a `LaunchRequest`, and the file `ending` that
the ending is written to. With `container`, a JSON object too (see `contained`), the command runs
in a container.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

from mlrun.backends.base import LaunchRequest
from mlrun.backends.local import LocalBackend
from mlrun.execution.container.container import Container, ContainerCommand, Mount


def say(line: str) -> None:
    sys.stderr.write(f"mlrun: {line}\n")
    sys.stderr.flush()


def contained(argv: tuple[str, ...], run_id: str, words: dict[str, Any]) -> ContainerCommand:
    """Return the command in its container: `engine`, `image`, and what else is not as usual."""
    mounts = tuple(Mount(*mount) for mount in words.get("mounts", ()))
    container = Container(
        engine=words["engine"],
        image=words["image"],
        image_name=words["image"],
        entrypoint=tuple(words.get("entrypoint", ())),
        mounts=mounts,
        environment={},
        options=words.get("options", {}),
        keeps=words.get("keeps", False),
    )
    variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", **words.get("environment", {})}
    name = words.get("name", f"mlrun-{run_id}")
    return ContainerCommand(container, argv, variables, mounts, name)


def main() -> None:
    words = json.loads(sys.argv[1])
    argv = tuple(words.pop("argv"))
    container = words.pop("container", None)
    secrets = tuple(secret.encode() for secret in words.pop("secrets", ()))
    ending_file = Path(words.pop("ending"))
    request = LaunchRequest(
        argv=argv,
        cwd=Path(words.pop("cwd")),
        env=dict(os.environ),
        log=Path(words.pop("log")),
        container=contained(argv, words["run_id"], container) if container else None,
        secrets=secrets,
        **words,
    )
    handle = LocalBackend().launch(request, say)
    ending = handle.wait()
    ending_file.write_text(json.dumps(dataclasses.asdict(ending)))


if __name__ == "__main__":
    main()
