"""Processes: groups, signals, terminals, logs."""
