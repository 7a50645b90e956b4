"""Measurements of mlrun beside `mlflow run`, taken in one go on one machine."""
