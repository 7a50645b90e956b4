"""What is kept of fetched projects, and taking it away."""
