"""Digests: those of names are what `hashlib` says, without importing it."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from mlrun.sources.digests import digest_of, digest_of_name


@given(st.text())
def test_a_name_has_the_digest_of_its_bytes(name: str) -> None:
    assert digest_of_name(name) == hashlib.sha256(name.encode()).hexdigest()


def test_a_name_of_any_bytes_has_one() -> None:
    assert digest_of_name("\udcff") != digest_of_name("\udcfe")


def test_a_name_does_not_load_openssl() -> None:
    code = (
        "import sys; from mlrun.sources.digests import digest_of_name; digest_of_name('a')\n"
        "print('_hashlib' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False\n"


def test_a_file_is_read_from_its_start() -> None:
    file = io.BytesIO(b"content" * 300_000)
    file.seek(7)
    assert digest_of(file) == hashlib.sha256(file.getvalue()).hexdigest()
