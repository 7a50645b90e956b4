"""Environments of projects with a `uv.lock`."""
