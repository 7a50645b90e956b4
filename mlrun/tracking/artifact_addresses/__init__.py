"""What addresses of artifacts mean: `runs:/`, `models:/`, `mlflow-artifacts:/`."""
