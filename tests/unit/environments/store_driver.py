"""Obtains an environment from a store, in a process of its own.

`python store_driver.py STORE KEY NOTES [hang|held]`: each build adds a line to NOTES; one that
hangs never ends, one that is held waits for a file `go` beside NOTES. Prints `DONE folder`, and
what is reported.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mlrun.environments.store import BuildPlace, EnvironmentStore, Facts


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(store: str, key: str, notes: str, *options: str) -> None:
    def build(place: BuildPlace) -> Facts:
        place.environment.mkdir()
        with open(notes, "a") as stream:
            stream.write(f"{os.getpid()}\n")
        if "hang" in options:
            time.sleep(600)
        end = time.monotonic() + (60 if "held" in options else 0)
        while time.monotonic() < end and not Path(notes).with_name("go").exists():
            time.sleep(0.01)
        (place.environment / "whole").touch()
        return {"by": os.getpid()}

    environments = EnvironmentStore(Path(store))
    found = environments.obtain(key, build, lambda folder, _: (folder / "whole").exists(), say)
    say(f"DONE {found.folder}")
    found.lease.release()


if __name__ == "__main__":
    main(*sys.argv[1:])
