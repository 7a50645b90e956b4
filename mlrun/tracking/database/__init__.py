"""A local database of MLflow's: its schema, its transactions, and MLflow's operations on it."""
