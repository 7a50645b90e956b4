"""Fit a polynomial to a noisy sine, and record with MLflow how well it fits."""

import argparse

import mlflow
import numpy as np


def main() -> None:
    """Fit, measure on points that were not fitted, and log the error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--degree", type=int, required=True)
    parser.add_argument("--noise", type=float, required=True)
    given = parser.parse_args()

    generator = np.random.default_rng(seed=1)
    x = np.linspace(0, 2 * np.pi, 200)
    y = np.sin(x) + generator.normal(0, given.noise, x.size)
    fitted = np.polynomial.Polynomial.fit(x[::2], y[::2], given.degree)
    rmse = float(np.sqrt(np.mean((fitted(x[1::2]) - y[1::2]) ** 2)))

    with mlflow.start_run():
        mlflow.log_metric("rmse", rmse)
        mlflow.log_dict({"coefficients": fitted.convert().coef.tolist()}, "polynomial.json")
    print(f"rmse {rmse:.3f}")


if __name__ == "__main__":
    main()
