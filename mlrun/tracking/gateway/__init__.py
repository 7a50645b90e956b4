"""What the command's MLflow client talks to: MLflow's REST API on this machine's loopback."""
