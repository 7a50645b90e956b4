"""Against real services: servers, package indexes, MLflow clients."""
