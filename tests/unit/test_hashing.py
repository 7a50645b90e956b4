"""Hashes are what `hashlib` says, and little ones do not import it."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.hashing import hash_of


@given(st.text())
def test_a_text_has_the_hash_of_its_bytes(text: str) -> None:
    assert hash_of(text) == hash_of(text.encode()) == hashlib.sha256(text.encode()).hexdigest()


def test_a_name_of_any_bytes_has_one() -> None:
    assert hash_of("\udcff") != hash_of("\udcfe")


@pytest.mark.parametrize(("size", "is_loaded"), [(1000, "False"), (1_000_000, "True")])
def test_little_does_not_load_openssl(size: int, is_loaded: str) -> None:
    code = (
        f"import sys; from mlrun.hashing import hash_of; print(hash_of(b'a' * {size}))\n"
        "print('_hashlib' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == [hashlib.sha256(b"a" * size).hexdigest(), is_loaded]
