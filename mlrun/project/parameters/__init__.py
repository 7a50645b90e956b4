"""What an entry point declares, and the values that a run gives."""
