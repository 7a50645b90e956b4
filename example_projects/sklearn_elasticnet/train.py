"""Train an elastic net on scikit-learn's diabetes data and record it with MLflow."""

import argparse
import math

import mlflow
import mlflow.sklearn
import numpy as np
from matplotlib.figure import Figure
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def arguments() -> argparse.Namespace:
    """Read the two parameters of the project."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alpha", default="0.5")
    parser.add_argument("--l1-ratio", default="0.1")
    return parser.parse_args()


def scores(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Measure the predictions by three usual yardsticks."""
    return {
        "rmse": math.sqrt(mean_squared_error(truth, predicted)),
        "mae": mean_absolute_error(truth, predicted),
        "r2": r2_score(truth, predicted),
    }


def plot(truth: np.ndarray, predicted: np.ndarray) -> Figure:
    """Draw predictions against the truth; a perfect model would lie on the line."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.scatter(truth, predicted, s=12)
    axes.axline((truth.mean(), truth.mean()), slope=1, color="grey", linewidth=1)
    axes.set(xlabel="disease progression", ylabel="predicted")
    return figure


def network(alpha: float, l1_ratio: float) -> Pipeline:
    """Build the model; the features differ in unit, so they are scaled first."""
    return make_pipeline(StandardScaler(), ElasticNet(alpha=alpha, l1_ratio=l1_ratio))


def main() -> None:
    """Train, measure, and log parameters, metrics, a plot and the model."""
    given = arguments()
    data, target = load_diabetes(return_X_y=True, scaled=False)
    data, test_data, target, test_target = train_test_split(data, target, random_state=42)
    model = network(float(given.alpha), float(given.l1_ratio)).fit(data, target)
    predicted = model.predict(test_data)
    measured = scores(test_target, predicted)

    with mlflow.start_run():
        # As text, not as numbers: the runner has logged the same text already, and MLflow
        # refuses to change a parameter from "0.50" to "0.5".
        mlflow.log_params({"alpha": given.alpha, "l1_ratio": given.l1_ratio})
        mlflow.log_metrics(measured)
        mlflow.log_figure(plot(test_target, predicted), "predictions.png")
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(test_data, predicted),
            pip_requirements=["scikit-learn", "numpy"],  # looking for them takes a while
        )
    print(f"elastic net, alpha={given.alpha} l1_ratio={given.l1_ratio}")
    print(", ".join(f"{name} {value:.3f}" for name, value in measured.items()))


if __name__ == "__main__":
    main()
