"""Containers that projects ask for: image, mounts, options."""
