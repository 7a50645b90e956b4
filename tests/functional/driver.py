"""Runs one command through the local backend, as the command line does, in this process.

Its only argument is a JSON object: the fields of a `LaunchRequest`, and the file `ending` that
the ending is written to.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path

from mlrun.backends.base import LaunchRequest
from mlrun.backends.local import LocalBackend


def say(line: str) -> None:
    sys.stderr.write(f"mlrun: {line}\n")
    sys.stderr.flush()


def main() -> None:
    words = json.loads(sys.argv[1])
    ending_file = Path(words.pop("ending"))
    request = LaunchRequest(
        argv=tuple(words.pop("argv")),
        cwd=Path(words.pop("cwd")),
        env=dict(os.environ),
        log=Path(words.pop("log")),
        **words,
    )
    handle = LocalBackend().launch(request, say)
    ending = handle.wait()
    ending_file.write_text(json.dumps(dataclasses.asdict(ending)))


if __name__ == "__main__":
    main()
