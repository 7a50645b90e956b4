"""In a process of its own: who adopts orphans is a matter of the whole process."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")

CODE = """
import os, subprocess, sys, time
from mlrun.execution.adoption import Adoption
from mlrun.execution.leftovers import read_process

def orphan():
    script = "sleep 0.2 >&- & echo $!"
    words = ["bash", "-c", script]
    return int(subprocess.check_output(words, start_new_session=True))

def parent_of(pid):
    found = read_process(pid)
    return found.parent if found else None

own = subprocess.Popen(["true"])
adoption = Adoption(())
assert adoption.active
pid = orphan()
assert parent_of(pid) == os.getpid(), "adopted"
while read_process(pid).state != "Z":
    time.sleep(0.01)
adoption.collect()
assert read_process(pid) is None, "collected"
assert own.wait() == 0, "a child of ours is left to whoever started it"
adoption.end()
assert parent_of(orphan()) != os.getpid(), "adopts no more"
"""


def test_orphans_are_adopted_and_collected() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)
