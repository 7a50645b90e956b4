"""Looking at what was recorded: MLflow's own interface over the target in force."""
