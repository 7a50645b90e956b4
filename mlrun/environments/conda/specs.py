"""What a conda environment file says of one package: conda's many spellings, read as one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlrun.environments.conda.settings import CondaSettings
from mlrun.errors import Location
from mlrun.project.model import CondaSpec


@dataclass(frozen=True, slots=True)
class PackageSpec:
    """Which packages will do.

    Attributes:
        name: In lower case.
        version: Comparisons, joined by `,` (and) and `|` (or, weaker); None for any.
        build: The build string, in which `*` stands for anything; None for any.
        channel: As written, None for any.
        subdir: The platform that it must be of, None for any.
        options: Other conditions, by conda's name (`build_number`, `sha256`, `url`).
    """

    name: str
    version: str | None = None
    build: str | None = None
    channel: str | None = None
    subdir: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MatchText:
    """A requirement as rattler's `MatchSpec` takes it.

    Attributes:
        text: For `MatchSpec(text)`.
        location: Where it is asked for.
        written: As it is written there.
    """

    text: str
    location: Location
    written: str


def parse_spec(text: str, location: Location | None = None) -> PackageSpec:
    """Read one requirement.

    Raises:
        ProjectError: It cannot be understood.
    """
    raise NotImplementedError


def match_texts(spec: CondaSpec, settings: CondaSettings) -> tuple[MatchText, ...]:
    """Return all requirements as rattler's `MatchSpec` takes them; channels are addresses there.

    Raises:
        ProjectError: One cannot be understood.
    """
    raise NotImplementedError
