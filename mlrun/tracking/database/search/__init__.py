"""Searches: MLflow's filters, order and paging, over a local database."""
