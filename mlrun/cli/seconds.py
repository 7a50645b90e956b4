"""A number of seconds, as an option takes it."""

from __future__ import annotations

import click

from mlrun.request import LONGEST_TIME


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """Seconds from 0 to a year; converts text to a float."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or fail with a message that says what is taken."""
        try:
            number = float(str(value))
        except ValueError:
            number = -1.0
        if not 0 <= number <= LONGEST_TIME:
            self.fail(f"'{value}' is no number of seconds from 0 to {LONGEST_TIME}", param, ctx)
        return number
