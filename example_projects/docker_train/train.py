"""Fit a line to noisy points by gradient descent, and record each step with MLflow."""

import argparse
import random

import mlflow


def points(count: int) -> list[tuple[float, float]]:
    """Draw points of y = 3x + 2, the same ones every time."""
    source = random.Random(42)
    xs = [source.uniform(-1, 1) for _ in range(count)]
    return [(x, 3 * x + 2 + source.gauss(0, 0.1)) for x in xs]


def loss(data: list[tuple[float, float]], slope: float, intercept: float) -> float:
    """Return the mean squared error of a line."""
    return sum((slope * x + intercept - y) ** 2 for x, y in data) / len(data)


def step(
    data: list[tuple[float, float]], slope: float, intercept: float, rate: float
) -> tuple[float, float]:
    """Go one step down the gradient of the loss."""
    errors = [(x, slope * x + intercept - y) for x, y in data]
    by_slope = 2 * sum(x * error for x, error in errors) / len(data)
    by_intercept = 2 * sum(error for _, error in errors) / len(data)
    return slope - rate * by_slope, intercept - rate * by_intercept


def main() -> None:
    """Train and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rate", type=float, default=0.3)
    given = parser.parse_args()
    data = points(given.points)
    slope = intercept = 0.0
    with mlflow.start_run():
        for number in range(given.steps):
            slope, intercept = step(data, slope, intercept, given.rate)
            mlflow.log_metric("loss", loss(data, slope, intercept), step=number)
        mlflow.log_dict({"slope": slope, "intercept": intercept}, "line.json")
    print(f"y = {slope:.3f}x + {intercept:.3f}")


if __name__ == "__main__":
    main()
