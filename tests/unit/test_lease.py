"""Holds that end with their process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.lease import claim, share

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows needs no lease")

HOLD = """
import sys
from pathlib import Path
from mlrun.lease import share
lease = share(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lease"
    path.touch()
    return path


def test_many_share_and_none_claims(file: Path) -> None:
    one, two = share(file), share(file)
    assert one is not None
    assert two is not None
    assert claim(file) is None
    one.release()
    one.release()
    assert claim(file) is None
    two.release()
    alone = claim(file)
    assert alone is not None
    assert claim(file) is None
    alone.release()


def test_there_is_nothing_to_share(tmp_path: Path) -> None:
    assert share(tmp_path / "lease") is None


def test_a_hold_ends_with_its_process(file: Path) -> None:
    argv = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert claim(file) is None
        process.kill()
        process.wait()
    lease = claim(file)
    assert lease is not None
    lease.release()


def test_no_claim_on_a_file_that_was_replaced_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may remove the folder, and a third make it anew, between open and lock."""
    file = tmp_path / "lease"
    file.touch()
    real_open = os.open

    def replaced(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = real_open(path, flags, mode)
        file.unlink()
        file.write_text("another's")
        return descriptor

    monkeypatch.setattr(os, "open", replaced)
    assert claim(file) is None
