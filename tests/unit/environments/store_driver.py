"""Obtains an environment from a store, in a process of its own.

`python store_driver.py STORE KEY NOTES [hang|held] [often] [for:PROJECT]`: each build adds a line
to NOTES; one that hangs never ends, one that is held waits for a file `go` beside NOTES. `often`
obtains it many times, and looks each time whether it is whole. Prints `DONE folder`, and what is
reported.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mlrun.environments.errand import Errand, on_errand
from mlrun.environments.store.store import BuildPlace, EnvironmentStore, Facts


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
    projects = [word.removeprefix("for:") for word in options if word.startswith("for:")]
    with on_errand(Errand(project=projects[0] if projects else None)):
        for _ in range(60 if "often" in options else 1):
            found = environments.obtain(key, build, is_whole, say)
            time.sleep(0.001)
            if not is_whole(found.folder, found.facts):
                sys.exit(f"{found.folder} is not whole")
            found.lease.release()
    say(f"DONE {found.folder}")


def is_whole(folder: Path, _facts: Facts) -> bool:
    return (folder / "whole").exists()


if __name__ == "__main__":
    main(*sys.argv[1:])
