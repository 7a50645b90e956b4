"""Digests of files."""

from __future__ import annotations

import hashlib
import io

from mlrun.sources.digests import digest_of


def test_a_file_is_read_from_its_start() -> None:
    file = io.BytesIO(b"content" * 300_000)
    file.seek(7)
    assert digest_of(file) == hashlib.sha256(file.getvalue()).hexdigest()
