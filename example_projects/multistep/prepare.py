"""Write noisy points of a line, three quarters to train.csv and the rest to test.csv."""

import argparse
import csv
import random
from pathlib import Path


def points(count: int, noise: float) -> list[tuple[float, float]]:
    """Draw points of y = 3x + 2, the same ones every time."""
    source = random.Random(42)
    xs = [source.uniform(0, 10) for _ in range(count)]
    return [(x, 3 * x + 2 + source.gauss(0, noise)) for x in xs]


def main() -> None:
    """Make the data and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, required=True)
    parser.add_argument("--noise", type=float, required=True)
    parser.add_argument("--workdir", type=Path, required=True)
    given = parser.parse_args()
    rows = points(given.points, given.noise)
    border = len(rows) * 3 // 4
    given.workdir.mkdir(parents=True, exist_ok=True)
    for name, part in (("train.csv", rows[:border]), ("test.csv", rows[border:])):
        with (given.workdir / name).open("w", newline="") as file:
            csv.writer(file).writerows([("x", "y"), *part])
        print(f"{len(part)} points in {name}")


if __name__ == "__main__":
    main()
