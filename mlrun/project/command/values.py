"""What can be put at a placeholder of a command."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class LeftOut(Enum):
    """What goes where there is no value."""

    ARGUMENT = "argument"
    """The argument that the placeholder stands in: a flag that is off."""
    OPTION = "option"
    """The argument, and the option in front of it if it is one (`--limit {limit}`)."""


class Variable(NamedTuple):
    """A variable of the command's environment, whose text must not stand in the command.

    Attributes:
        name: Of the variable.
    """

    name: str


CommandValue = str | LeftOut | Variable
"""A text, which the command gets exactly; or one of the two others."""
