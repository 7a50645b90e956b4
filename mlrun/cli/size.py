"""A number of bytes, as an option takes it."""

from __future__ import annotations

import click

from mlrun.sizes import parse_size


class Size(click.ParamType):  # type: ignore[type-arg]
    """Bytes, as `500M` or `20 GB`; converts text to an int."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the bytes, or fail with a message that says what is taken."""
        size = parse_size(str(value))
        if size is None:
            self.fail(f"'{value}' is no size, such as 500M or 20G", param, ctx)
        return size
