"""A number of bytes, as an option takes it."""

from __future__ import annotations

import click
import pytest

from mlrun.cli.size import Size


def test_sizes_are_bytes() -> None:
    assert Size().convert("20 GB", None, None) == 20 << 30
    assert Size().convert(1000, None, None) == 1000


@pytest.mark.parametrize("text", ["", "much", "-1", "1.5.2G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no size, such as 500M"):
        Size().convert(text, None, None)
