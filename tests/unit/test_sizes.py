"""Sizes in words, and from words."""

from __future__ import annotations

import pytest

from mlrun.sizes import parse_size, size_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536 << 10, "1.5 MiB"),
        (250 << 20, "250 MiB"),
        (20 << 30, "20.0 GiB"),
        (5 << 50, "5120 TiB"),
    ],
)
def test_in_words(size: int, words: str) -> None:
    assert size_in_words(size) == words


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1500", 1500),
        ("500M", 500 << 20),
        ("2g", 2 << 30),
        ("2 GiB", 2 << 30),
        (" 7kb ", 7 << 10),
        ("1T", 1 << 40),
        ("12b", 12),
    ],
)
def test_from_words(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "1.5G", "-1", "1 2", "1X", "1MM", "٣", "all"])
def test_no_size(text: str) -> None:
    assert parse_size(text) is None
