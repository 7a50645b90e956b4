"""conda environments, made without conda."""
