"""Points in a square, always the same ones for a seed."""

import random
from collections.abc import Iterator


def throw(count: int, seed: int) -> Iterator[tuple[float, float]]:
    """Yield points in the unit square."""
    generator = random.Random(seed)
    for _ in range(count):
        yield generator.random(), generator.random()


def is_hit(dart: tuple[float, float]) -> bool:
    """Return whether a point lies in the quarter of the circle."""
    return dart[0] ** 2 + dart[1] ** 2 <= 1
